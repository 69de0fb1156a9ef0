from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.no_credentials import no_credentials
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.service import Service, serve
from personalize_contract.plugin.session import Session


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove credentials, profiles and the metadata service, for most tests."""
    no_credentials(monkeypatch)
    # botocore looks for credentials before it signs; useless ones suffice here.
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")


@pytest.fixture
def service() -> Iterator[Service]:
    reference = serve(Session(None, Mark()))
    yield reference
    reference.close()
