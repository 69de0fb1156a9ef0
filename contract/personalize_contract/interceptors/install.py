"""Installs the interceptors of the client libraries that a test uses.

| client               | interceptor                                                  |
| -------------------- | ------------------------------------------------------------ |
| botocore, boto3      | `botocore`; requests to a Stubber are checked by `stubber`   |
| aiobotocore          | `aiobotocore`                                                |
| requests             | `responses` with an in-process service, `vcr` with other targets |
| urllib3, httpx, aiohttp | `vcr`; they reach an in-process service by its URL         |

The interceptor of a library is installed when the library is loaded or used, so a test of boto3
pays for no other.
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
    """Intercept the clients of botocore and aiobotocore within the context.

    Args:
        handler: the handler of intercepted requests.
        identity: the clients' default credentials and region; None to leave their own.
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
    """Intercept the requests of other HTTP clients to Personalize within the context.

    Args:
        handler: the handler of intercepted requests.
        is_ours: the predicate of URLs that are Personalize's, as these clients know no operations.
        in_process: whether an in-process service answers.
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
    """Check the requests that `responses` answers, within the context.

    Args:
        handler: the handler that checks them.
        is_ours: the predicate of URLs that are Personalize's.
    """

    def responses() -> AbstractContextManager[None]:
        from personalize_contract.interceptors.responses import checked

        return checked(handler, is_ours)

    with Loading() as loading:
        loading.when(("responses",), responses)
        yield
