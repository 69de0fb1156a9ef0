"""AWS environment variables that are set but empty, which only botocore distinguishes from unset.

A pull request from a fork has empty secrets, and its workflow passes them on. botocore takes an
empty `AWS_PROFILE` for the name of a profile, and rejects an empty number.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Further variables that botocore and requests read."""


def empty() -> list[str]:
    """Return the names of the AWS variables that are empty."""
    return [
        name
        for name in os.environ
        if name.startswith(("AWS_", *_BUNDLES)) and not os.environ[name].strip()
    ]


@contextlib.contextmanager
def without_empty() -> Iterator[None]:
    """Unset the empty variables within the context. Also works as a decorator."""
    before = {name: os.environ.pop(name) for name in empty()}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.setdefault(name, value)
