"""Installs the interceptor of VCR.py when urllib3 is used, for itself or by requests.

urllib3 is always loaded, since botocore needs it: what tells is a request to one of our URLs.
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
    """While this lasts, `open_now` is called before a request to one of our URLs is sent."""
    urlopen = Http.urlopen

    def _urlopen(self: Any, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        # A pool with connections of its own is botocore's, or asks a live target for us.
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
