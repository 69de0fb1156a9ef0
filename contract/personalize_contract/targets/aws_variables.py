"""Variables of AWS that are set and empty: to every program but botocore, they are not given.

A pull request of a fork has empty secrets, and a workflow hands them on. botocore takes an empty
`AWS_PROFILE` for the name of a profile, and an empty number for a broken one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What botocore and requests read beside them."""


def empty() -> list[str]:
    """Return the names of the variables of AWS that have no value."""
    return [
        name
        for name in os.environ
        if name.startswith(("AWS_", *_BUNDLES)) and not os.environ[name].strip()
    ]


@contextlib.contextmanager
def without_empty() -> Iterator[None]:
    """Take the variables without a value away, while this lasts. Also a decorator."""
    before = {name: os.environ.pop(name) for name in empty()}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.setdefault(name, value)
