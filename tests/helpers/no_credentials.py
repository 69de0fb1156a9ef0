"""An environment without credentials for any SDK."""

import os

import pytest


def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove credentials, profiles and the metadata service from the environment."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
