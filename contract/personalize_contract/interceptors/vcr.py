"""The interceptor of requests, urllib3, httpx and aiohttp: VCR.py's patches, without its cassettes.

VCR.py consults the innermost open cassette for each request. An empty cassette that stores nothing
is opened below the test's own, and every cassette, whenever it was opened, consults this module
first. A cassette of other traffic keeps its file and never sees our requests.
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
    """Plays and stores nothing: other requests go on to the network."""

    def _load(self) -> None:
        pass

    def _save(self, force: bool = False) -> None:
        pass

    def append(self, request: Any, response: Any) -> None:
        pass

    def filter_request(self, request: Any) -> None:
        """Drop every request."""


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        return bytes(body.read())
    # aiohttp passes the value of `json=` on before it is encoded.
    if isinstance(body, dict | list):
        return json.dumps(body).encode()
    return b"".join(body)


def _request_of(intercepted: Any) -> Request:
    """Return the message that VCR.py took from the client."""
    pairs = (
        (name, value)
        for name, values in intercepted.headers.items()
        for value in (values if isinstance(values, list | tuple) else [values])
    )
    sent = dict(headers(pairs))
    if isinstance(intercepted.body, dict | list):
        sent.setdefault("content-type", "application/json")
    return Request(intercepted.method, intercepted.uri, sent, _body(intercepted.body))


def _played(response: Response) -> dict[str, Any]:
    """Return a response in the form that VCR.py plays to the client."""
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": {name: [value] for name, value in response.headers.items()},
        "body": {"string": response.body},
    }


def _resets(reset_patchers: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Yield only those patchers that VCR.py has to reset while it makes a connection.

    It resets all of them, for a moment and in every thread, which lets the requests of other
    threads bypass it. Only classes that call each other by name need that.
    """
    for patcher in reset_patchers():
        if patcher.getter() in (http.client, sys.modules.get("httplib2")):
            yield patcher


def _deliver_or_raise(interruption: Interrupted, stub: FrameType) -> Response:
    """Return the delayed response to an interrupted request, or raise what its client would raise.

    Args:
        interruption: the interruption.
        stub: the frame of VCR.py's stub (one for each client library) that requests the response.
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
"""Cassettes that could not be closed yet, because another one was opened on top of them."""


def _close() -> None:
    """Close the cassettes that are on top again."""
    while _left_open and _on_top() is _left_open[-1][0]:
        _left_open.pop()[1].close()


def _on_top() -> Any:
    """Return the cassette that VCR.py consults now, if one is open."""
    return getattr(connectionpool.HTTPConnectionPool.ConnectionCls, "cassette", None)


@contextlib.contextmanager
def patched(handler: Handler, is_ours: Callable[[str], bool]) -> Iterator[None]:
    """Intercept our requests within the context, even while other cassettes are open.

    Args:
        handler: the handler of our requests.
        is_ours: the predicate of URLs that are Personalize's.
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
        # Every request to the service carries a signature, so none may be stored.
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
            # botocore has its own interceptor; the other clients are not supported.
            skipped = ("httplib", "boto3", "httplib2", "tornado")
            cassette = opened.enter_context(_Empty.use(path="none", skip_patchers=skipped))
            _left_open.append((cassette, opened))
        stack.callback(_close)
        yield
