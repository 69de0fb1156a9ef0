"""The fixture `shop`: what tests of the plugin run pytest in."""

from __future__ import annotations

import functools
from collections.abc import Iterator

# pytester forgets what a run in this process imports, but not the patches on it: all that a run
# patches has to be here before.
import boto3  # noqa: F401
import httpcore  # noqa: F401 - httpx keeps its classes, and another run imports others
import pytest
import responses  # noqa: F401
from botocore.loaders import create_loader

import personalize_contract.plugin.marked  # noqa: F401
from helpers.nobody import nobody
from helpers.shop import Shop


@pytest.fixture(scope="session")
def models_are_read_once() -> Iterator[None]:
    """Each session of botocore reads megabytes of its data again, longer than a run takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", functools.cache(create_loader))
        yield


@pytest.fixture
def shop(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, models_are_read_once: None
) -> Shop:
    """A repo of a user who has no credentials at all."""
    nobody(monkeypatch)
    monkeypatch.setenv("COLUMNS", "200")
    # The other plugins installed here cost each run more than the run itself.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin")
    return Shop(pytester)
