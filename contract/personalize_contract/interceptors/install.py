"""Installs the interceptors of the client libraries that a test uses.

| client               | its interceptor                                              |
| -------------------- | ------------------------------------------------------------ |
| botocore, boto3      | `botocore`; what a Stubber answers is checked by `stubber`   |
| aiobotocore          | `aiobotocore`                                                |
| requests             | `responses` with a service in this process, `vcr` with other targets |
| urllib3, httpx, aiohttp | `vcr`; a service in this process they reach by its URL     |

The interceptor of a library is installed when the library is loaded, or when it is used: a test
of boto3 pays for no other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from personalize_contract.interceptors import botocore, stubber, urllib3
from personalize_contract.interceptors.handler import Handler
from personalize_contract.interceptors.identity import Identity
from personalize_contract.interceptors.on_import import Loading


@contextlib.contextmanager
def of_sdks(handler: Handler, identity: Identity | None) -> Iterator[None]:
    """Intercept botocore's and aiobotocore's clients while this lasts.

    Args:
        handler: of the requests.
        identity: of the clients; None to leave theirs as it is.
    """

    def aiobotocore() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.aiobotocore import patched

        return patched(handler, identity)

    with (
        botocore.patched(handler, identity),
        stubber.checked(handler),
        Loading() as loading,
    ):
        loading.when(("aiobotocore",), aiobotocore)
        yield


@contextlib.contextmanager
def of_http(
    handler: Handler, is_ours: Callable[[str], bool], *, in_process: bool
) -> Iterator[None]:
    """Intercept what other HTTP clients send to Personalize, while this lasts.

    Args:
        handler: of the requests.
        is_ours: whether a URL is one of ours: these clients know no operations.
        in_process: a service in this process answers.
    """

    def responses() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.responses import patched

        return patched(handler if in_process else None, is_ours)

    def vcr() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.vcr import patched

        return patched(handler, is_ours)

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
def of_mocks(handler: Handler, is_ours: Callable[[str], bool]) -> Iterator[None]:
    """Check the requests that `responses` answers, while this lasts.

    Args:
        handler: that checks them.
        is_ours: whether a URL is one of ours.
    """

    def responses() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.responses import checked

        return checked(handler, is_ours)

    with Loading() as loading:
        loading.when(("responses",), responses)
        yield
