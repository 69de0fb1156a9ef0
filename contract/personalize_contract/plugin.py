"""The pytest plugin."""

from __future__ import annotations

import pytest

from personalize_contract import options


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)
