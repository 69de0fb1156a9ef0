"""An environment in which an SDK finds no credentials, wherever it looks."""

import os

import pytest


def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, no profile and no metadata service."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
