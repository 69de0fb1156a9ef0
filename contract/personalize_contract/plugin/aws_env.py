"""The AWS environment of a marked test: a region, and dummy credentials."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from personalize_contract.interceptors.identity import Identity
from personalize_contract.model.datasets import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY
from personalize_contract.targets import aws_variables

_REGION = ("AWS_DEFAULT_REGION", "AWS_REGION")

_DUMMY: dict[str, str | None] = {
    "AWS_ACCESS_KEY_ID": DUMMY_ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": DUMMY_SECRET_KEY,
    "AWS_SESSION_TOKEN": None,
    "AWS_SECURITY_TOKEN": None,
    "AWS_PROFILE": None,
    "AWS_DEFAULT_PROFILE": None,
}
"""The variables that SDKs read credentials from, with their values during a test."""


@contextlib.contextmanager
def patched(identity: Identity) -> Iterator[None]:
    """Set a region and dummy credentials in the environment, within the context.

    botocore's interceptor doesn't need this; other code that reads the environment does.

    Args:
        identity: the default credentials and region of the test's clients.
    """
    values: dict[str, str | None] = dict.fromkeys(aws_variables.empty())
    values |= {name: os.environ.get(name, "").strip() or identity.region for name in _REGION}
    values |= _DUMMY if identity.unsigned else {}
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
