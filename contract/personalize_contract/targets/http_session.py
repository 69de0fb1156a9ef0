"""A session of requests that reaches the live target even while a test mocks its HTTP clients.

`responses`, moto and VCR.py patch the classes of requests and urllib3. This session uses its own
classes, so that a live response is neither mocked nor recorded twice. It also rejects incomplete
responses: http.client accepts truncated headers, and drops data that follows a response.
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
    """Reads a socket, with a limit on the time for the whole response.

    The socket's own time-out is for each read: a service that sends a byte now and then would never
    exceed it.
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
    """Remembers the last line read."""

    last = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(size)
        return self.last


class _Answer(HTTPResponse):
    """A response with complete headers, and without data after its end."""

    fp: Any

    def __init__(self, socket: Any, *arguments: Any, **named: Any) -> None:
        super().__init__(socket, *arguments, **named)
        self._wire = _TimedSocket(self.fp.detach(), socket.gettimeout())
        self.fp = _Lines(self._wire)

    def _read_status(self) -> Any:
        status_line = super()._read_status()  # type: ignore[misc]  # it skips only 100
        while status_line[1] in (102, 103):
            parse_headers(self.fp)
            status_line = super()._read_status()  # type: ignore[misc]
        return status_line

    def begin(self) -> None:
        lines = self.fp
        super().begin()
        if not lines.last:
            raise HTTPException("its headers are truncated")

    def _close_conn(self) -> None:
        more = b""
        if self.length == 0:
            self._wire.over = True
            more = self.fp.peek(1)
        super()._close_conn()  # type: ignore[misc]  # the only hook at the end of a response
        if more:
            raise HTTPException("data follows its end")


# While a cassette of VCR.py is open, its stand-in has the real class in this attribute.
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
    """The adapter of requests, on connections that no mock replaces."""

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
    """Return a session of requests that no mock intercepts, to be used for one request."""
    real = Session()
    for scheme in ("http://", "https://"):
        real.mount(scheme, _Adapter())
    return real
