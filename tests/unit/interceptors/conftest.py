from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.nobody import nobody
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.service import Service, serve
from personalize_contract.plugin.session import Session


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, no profile and no metadata service: what most tests run with."""
    nobody(monkeypatch)
    # botocore looks for credentials before it signs, and here it need not find any of use.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")


@pytest.fixture
def service() -> Iterator[Service]:
    found = serve(Session(None, Mark()))
    yield found
    found.close()
