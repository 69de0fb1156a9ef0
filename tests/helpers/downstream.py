"""The fixture `shop`: a downstream repo in which tests of the plugin run pytest."""

from __future__ import annotations

import sys

# pytester unloads the modules that a run in this process imports, but doesn't undo patches on them.
# All modules that a run patches have to be imported before.
import boto3  # noqa: F401
import httpcore  # noqa: F401 - httpx keeps references to its classes
import pytest
import responses  # noqa: F401

import personalize_contract.plugin.marked  # noqa: F401
from helpers.no_credentials import no_credentials
from helpers.shop import Shop


@pytest.fixture
def shop(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return the repo of a user without any credentials."""
    no_credentials(monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    # Byte code is found by the second and the size of its source, and tests change files faster.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    # Loading the other installed plugins takes longer than the run itself.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin")
    return Shop(pytester)
