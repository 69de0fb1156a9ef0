"""How a live target is really asked, whatever a test has put in the place of its clients.

`responses`, moto and VCR.py stand in for requests and urllib3 by the classes that those use. What
is sent here uses classes of its own, so that a live answer is neither one of theirs nor recorded
twice.
"""

from __future__ import annotations

import sys
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_send: Any = getattr(sys.modules.get("responses"), "_real_send", HTTPAdapter.send)


class _Http(HTTPConnectionPool):
    # What stands here while a cassette of VCR.py is open has the real class as this attribute.
    ConnectionCls = getattr(HTTPConnection, "_baseclass", HTTPConnection)


class _Https(HTTPSConnectionPool):
    ConnectionCls = getattr(HTTPSConnection, "_baseclass", HTTPSConnection)


_POOLS = {"http": _Http, "https": _Https}


class _Adapter(HTTPAdapter):
    """requests' own adapter, on connections that nobody stands in for."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, *arguments: Any, **named: Any) -> Any:
        return _send(self, *arguments, **named)


def session() -> Session:
    """A session of requests whose requests go out. Lives for one of them."""
    found = Session()
    for scheme in ("http://", "https://"):
        found.mount(scheme, _Adapter())
    return found
