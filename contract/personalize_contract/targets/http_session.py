"""How a live target is really asked, whatever a test has put in the place of its clients.

`responses`, moto and VCR.py stand in for requests and urllib3 by the classes that those use. What
is sent here uses classes of its own, so that a live answer is neither one of theirs nor recorded
twice. And it takes no answer for whole that isn't: http.client is content with headers that break
off, and drops what comes right behind an answer.
"""

from __future__ import annotations

import io
import sys
from http.client import HTTPException, HTTPResponse, parse_headers
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from personalize_contract import clock

_send: Any = getattr(sys.modules.get("responses"), "_real_send", HTTPAdapter.send)


class _TimedSocket(io.RawIOBase):
    """What a socket gives, until nothing more is wanted of it or its time is over.

    Its time is that of the socket: a service that sends a byte now and then keeps within the
    time of each byte, and is never done.
    """

    def __init__(self, socket: Any, seconds: float) -> None:
        self._socket, self.over = socket, False
        self._until = clock.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        if self.over:
            return None
        if clock.monotonic() > self._until:
            raise TimeoutError
        return self._socket.readinto(buffer)

    def close(self) -> None:
        self._socket.close()
        super().close()


class _Lines(io.BufferedReader):
    """Remembers the line that was read last."""

    last = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(size)
        return self.last


class _Answer(HTTPResponse):
    """An answer that has an end to its headers, and nothing behind its own end."""

    fp: Any

    def __init__(self, socket: Any, *arguments: Any, **named: Any) -> None:
        super().__init__(socket, *arguments, **named)
        self._wire = _TimedSocket(self.fp.detach(), socket.gettimeout())
        self.fp = _Lines(self._wire)

    def _read_status(self) -> Any:
        found = super()._read_status()  # type: ignore[misc]  # which knows no other than 100
        while found[1] in (102, 103):
            parse_headers(self.fp)
            found = super()._read_status()  # type: ignore[misc]
        return found

    def begin(self) -> None:
        lines = self.fp
        super().begin()
        if not lines.last:
            raise HTTPException("its headers break off")

    def _close_conn(self) -> None:
        more = b""
        if self.length == 0:
            self._wire.over = True
            more = self.fp.peek(1)
        super()._close_conn()  # type: ignore[misc]  # the only place where its end is known
        if more:
            raise HTTPException("something comes behind its end")


# What stands here while a cassette of VCR.py is open has the real class as this attribute.
class _HttpConnection(getattr(HTTPConnection, "_baseclass", HTTPConnection)):  # type: ignore[misc]
    response_class = _Answer


class _HttpsConnection(getattr(HTTPSConnection, "_baseclass", HTTPSConnection)):  # type: ignore[misc]
    response_class = _Answer


class _Http(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _Https(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


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
