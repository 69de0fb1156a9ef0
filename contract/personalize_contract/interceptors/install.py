"""Doors: how a user's traffic gets to the target, one module for each kind of client.

| client               | its door                                                     |
| -------------------- | ------------------------------------------------------------ |
| botocore, boto3      | `botocore`; what a Stubber answers is checked by `stubber`   |
| aiobotocore          | `aiobotocore`                                                |
| requests             | `responses` with a service in this process, `vcr` with other targets |
| urllib3, httpx, aiohttp | `vcr`; a service in this process they reach by its URL     |

The door of a client library opens when the library is loaded, or when it is used: a test of
boto3 pays for no other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from personalize_contract.interceptors import botocore, stubber, urllib3
from personalize_contract.interceptors.handler import Way
from personalize_contract.interceptors.on_import import Loading


@contextlib.contextmanager
def of_sdks(way: Way, *, unsigned: bool) -> Iterator[None]:
    """While this lasts, what botocore's and aiobotocore's clients send comes this way.

    Args:
        way: where it comes.
        unsigned: sign with dummy credentials, so that a client made without any works too.
    """

    def aiobotocore() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.aiobotocore import patched

        return patched(way, unsigned=unsigned)

    with (
        botocore.patched(way.answer, unsigned=unsigned),
        stubber.checked(way.check),
        Loading() as loading,
    ):
        loading.when(("aiobotocore",), aiobotocore)
        yield


@contextlib.contextmanager
def of_http(way: Way, is_ours: Callable[[str], bool], *, in_process: bool) -> Iterator[None]:
    """While this lasts, what other HTTP clients send to Personalize comes this way.

    Args:
        way: where it comes.
        is_ours: whether a URL is one of ours: these clients know no operations.
        in_process: a service in this process answers.
    """

    def responses() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.responses import patched

        return patched(way.answer if in_process else None, is_ours)

    def vcr() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.vcr import patched

        return patched(way.answer, is_ours)

    with Loading() as loading:
        if in_process:
            loading.when(("requests",), responses)
            yield
        else:
            loading.when(("responses",), responses)
            open_now = loading.when(("vcr", "httpx", "httpx2", "aiohttp"), vcr)
            with urllib3.watched(is_ours, open_now):
                yield


@contextlib.contextmanager
def of_mocks(way: Way, is_ours: Callable[[str], bool]) -> Iterator[None]:
    """While this lasts, what `responses` answers for requests is checked.

    Args:
        way: whose check it goes to.
        is_ours: whether a URL is one of ours.
    """

    def responses() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.responses import checked

        return checked(way.check, is_ours)

    with Loading() as loading:
        loading.when(("responses",), responses)
        yield
