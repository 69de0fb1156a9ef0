"""The interceptor of requests, urllib3, httpx and aiohttp: VCR.py, and no cassette of its.

VCR.py asks the innermost open cassette about each request. Here an empty one that keeps nothing
is opened below those of the test's own, and every cassette, whoever opened it and when, asks us
first. A cassette of another library's traffic keeps its file and never sees our requests.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import vcr.patch
from urllib3 import connectionpool
from vcr.cassette import Cassette

from personalize_contract import clock
from personalize_contract.interceptors import aws_hosts
from personalize_contract.interceptors.handler import Handler
from personalize_contract.model.exchange import Request, Response, headers
from personalize_contract.model.interruption import Interrupted


class _Empty(Cassette):  # type: ignore[misc]  # VCR.py has no types
    """Plays nothing and keeps nothing: what is not ours goes on to the network."""

    def _load(self) -> None:
        pass

    def _save(self, force: bool = False) -> None:
        pass

    def append(self, request: Any, response: Any) -> None:
        pass

    def filter_request(self, request: Any) -> None:
        """Nothing is to be kept of any request."""


def _body(given: Any) -> bytes:
    if given is None:
        return b""
    if isinstance(given, str):
        return given.encode()
    if isinstance(given, bytes | bytearray):
        return bytes(given)
    if hasattr(given, "read"):
        return bytes(given.read())
    # aiohttp hands on what stood after `json=` before it is a text.
    if isinstance(given, dict | list):
        return json.dumps(given).encode()
    return b"".join(given)


def _request_of(given: Any) -> Request:
    """The message, as VCR.py took it from the client."""
    pairs = (
        (name, one)
        for name, value in given.headers.items()
        for one in (value if isinstance(value, list | tuple) else [value])
    )
    sent = dict(headers(pairs))
    if isinstance(given.body, dict | list):
        sent.setdefault("content-type", "application/json")
    return Request(given.method, given.uri, sent, _body(given.body))


def _played(response: Response) -> dict[str, Any]:
    """The answer, as VCR.py gives it to the client."""
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": {name: [value] for name, value in response.headers.items()},
        "body": {"string": response.body},
    }


def _resets(all_of_them: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """What VCR.py has to undo while it makes a connection, and not more.

    It undoes all that it has patched, for a moment and for every thread, and a request of another
    thread then passes by it. Only classes that call each other by their names need that.
    """
    for patcher in all_of_them():
        if patcher.getter() in (http.client, sys.modules.get("httplib2")):
            yield patcher


def _deliver_or_raise(interruption: Interrupted, stub: FrameType) -> Response:
    """Return the late response to an interrupted request, or raise what its client would raise.

    Args:
        interruption: the fault that lies on its way.
        stub: the frame of VCR.py's stub, one for each client library, that asks for the response.
    """
    if interruption.late:
        clock.sleep(interruption.seconds)
        return interruption.late.response
    how = "timeout" if interruption.times_out else interruption.how
    name = stub.f_globals["__name__"].rpartition(".")[2]
    if name == "httpx_stubs":
        httpx = stub.f_locals["httpx"]
        names = {"timeout": "ReadTimeout", "reset": "ReadError", "truncate": "RemoteProtocolError"}
        raise getattr(httpx, names[how])(str(interruption)) from interruption
    if name == "aiohttp_stubs":
        import aiohttp

        if how == "timeout":
            raise aiohttp.SocketTimeoutError(str(interruption)) from interruption
        lost = aiohttp.ClientOSError if how == "reset" else aiohttp.ClientPayloadError
        raise lost(str(interruption)) from interruption
    if how == "timeout":
        raise TimeoutError(str(interruption)) from interruption
    if how == "reset":
        raise ConnectionResetError(str(interruption)) from interruption
    raise http.client.IncompleteRead(b"") from interruption


_left_open: list[tuple[Any, contextlib.ExitStack]] = []
"""Cassettes that could not be closed in their turn: another one lies on top of them."""


def _close() -> None:
    """Close what nothing lies on top of any more."""
    while _left_open and _on_top() is _left_open[-1][0]:
        _left_open.pop()[1].close()


def _on_top() -> Any:
    """The cassette that VCR.py asks now, if one is open."""
    return getattr(connectionpool.HTTPConnectionPool.ConnectionCls, "cassette", None)


@contextlib.contextmanager
def patched(handler: Handler, is_ours: Callable[[str], bool]) -> Iterator[None]:
    """Intercept our requests while this lasts, also where cassettes of others are open.

    Args:
        handler: of our requests.
        is_ours: whether a URL is one of ours.
    """
    can_play, play = Cassette.can_play_response_for, Cassette.play_response
    append = Cassette.append
    resets = vcr.patch.reset_patchers

    def can_play_response_for(self: Any, request: Any) -> Any:
        return is_ours(request.uri) or can_play(self, request)

    def play_response(self: Any, request: Any) -> Any:
        __tracebackhide__ = True
        if not is_ours(request.uri):
            return play(self, request)
        checked = handler.check(_request_of(request))
        try:
            response = handler.forward(checked)
        except Interrupted as interruption:
            response = _deliver_or_raise(interruption, sys._getframe(1))
        assert response is not None
        return _played(response)

    def append_unless_ours(self: Any, request: Any, response: Any) -> None:
        # Whatever is sent to the service is signed, also where it is no operation's request.
        if not aws_hosts.is_of_aws(urlsplit(request.uri).hostname or ""):
            append(self, request, response)

    with contextlib.ExitStack() as stack:
        for name, method in (
            ("can_play_response_for", can_play),
            ("play_response", play),
            ("append", append),
        ):
            stack.callback(setattr, Cassette, name, method)
        Cassette.append = append_unless_ours
        Cassette.can_play_response_for = can_play_response_for
        Cassette.play_response = play_response
        stack.callback(setattr, vcr.patch, "reset_patchers", resets)
        vcr.patch.reset_patchers = lambda: _resets(resets)
        if _on_top() is None:
            opened = contextlib.ExitStack()
            # botocore has an interceptor of its own; the others are no clients of ours.
            skipped = ("httplib", "boto3", "httplib2", "tornado")
            cassette = opened.enter_context(_Empty.use(path="none", skip_patchers=skipped))
            _left_open.append((cassette, opened))
        stack.callback(_close)
        yield
