"""Installs the interceptor of VCR.py when urllib3 is used, directly or through requests.

Its import proves nothing, since botocore imports urllib3 too; a request to one of our URLs does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from urllib3 import connectionpool

Http: Any = connectionpool.HTTPConnectionPool
Https: Any = connectionpool.HTTPSConnectionPool


@contextlib.contextmanager
def watched(is_ours: Callable[[str], bool], open_now: Callable[[], None]) -> Iterator[None]:
    """Call `open_now` before a request to one of our URLs is sent, within the context."""
    urlopen = Http.urlopen

    def _urlopen(self: Any, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        # A pool with its own connection class is botocore's, or the live target's.
        if type(self) in (Http, Https) or "ConnectionCls" not in vars(type(self)):
            at = f"{self.scheme}://{self.host}:{self.port}" if url.startswith("/") else ""
            if is_ours(f"{at}{url}"):
                open_now()
        return urlopen(self, method, url, *arguments, **named)

    Http.urlopen = _urlopen
    try:
        yield
    finally:
        Http.urlopen = urlopen
