"""The reference service over HTTP/1.1 on a socket, served by waitress.

waitress reads each request completely before a worker thread sees it, so a slow sender blocks no
thread. It has no limit on the time of a request, so this module adds one: a request that is
incomplete after `READ_SECONDS` is answered 408.
"""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, get_header_lines
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask
from waitress.utilities import BadRequest, Error

from personalize_contract import clock
from personalize_contract.errors import UsageError
from personalize_contract.model.exchange import Request, Response, headers
from personalize_contract.model.interruption import Interrupted

MAX_BODY = 8 * 1024 * 1024
"""Maximum size of a body in bytes. The largest valid one, all escaped emoji, is under 4 MB."""

READ_SECONDS = 10.0
"""Seconds that a client has to send a complete request."""

LINGER_SECONDS = 2.0
"""Seconds for which the rest of a rejected request is read and discarded."""

Answer = Callable[[Request], Response]


class _RequestTimeout(Error):  # type: ignore[misc]  # waitress has no types
    code = 408
    reason = "Request Timeout"


_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER value that makes closing reset the connection."""

_CUT_SHORT = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"
"""The beginning of a chunked response that announces more data."""


class _Task(WSGITask):  # type: ignore[misc]
    """One request and its response, unless a fault interrupts it."""

    interrupted: Interrupted | None = None

    def execute(self) -> None:
        try:
            super().execute()
        except Interrupted as interrupted:
            self.interrupted = interrupted

    def finish(self) -> None:
        how = self.interrupted.how if self.interrupted else None
        if how is None:
            super().finish()
        elif how == "reset":
            self.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        elif how == "truncate":
            self.channel.write_soon(_CUT_SHORT)
        if how in ("reset", "truncate"):  # after a timeout, it is the client that closes
            self.close_on_finish = True


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Rejects requests that waitress accepts, but that two servers may interpret differently."""

    def parse_header(self, header_plus: bytes) -> None:
        coding = _transfer_coding(header_plus)
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # from urllib, unexpected by waitress
            raise ParsingError("The request target is not a URI") from error
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("Only HTTP/1.0 and HTTP/1.1 are supported")
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("A request has a length or is chunked, not both (RFC 9112 6.1)")
        if self.chunked:
            if "," in coding:
                raise ParsingError("The only supported transfer coding is chunked, applied once")
                # waitress drops the header, but it may be signed.
            self.headers["TRANSFER_ENCODING"] = coding


def _transfer_coding(header_plus: bytes) -> str:
    """Return the Transfer-Encoding header as sent."""
    name, values = b"transfer-encoding:", []
    for line in get_header_lines(header_plus[header_plus.find(b"\r\n") + 2 :]):
        if line.lower().startswith(name):
            values.append(line[len(name) :].decode("latin-1").strip(" \t"))
    return ", ".join(values)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection with a time limit for its unfinished request."""

    task_class = _Task
    parser_class = _Parser
    request: Any
    began = 0.0
    refused = False
    lingering_since = 0.0
    writing = False

    def received(self, data: bytes) -> bool:
        if self.lingering_since:
            return False
        if self.request is None:
            self.began = clock.monotonic()
        return bool(super().received(data))

    def give_up(self, error: Error) -> None:
        """Answer the unfinished request with an error, and close the connection after it."""
        with self.requests_lock:
            request, self.request = self.request, None
            if request is None or self.requests:
                return
            request.error = error
            request.completed = True
            self.requests.append(request)
        self.server.add_task(self)

    def write_soon(self, data: Any) -> int:
        self.writing = True
        try:
            written = int(super().write_soon(data))
        finally:
            self.writing = False
        # False once the client is gone: nothing is left to write.
        if self.writable():
            self.server.pull_trigger()
        return written

    def writable(self) -> bool:
        # While a worker writes, the polling thread has nothing to do here: it would only spin, and
        # leave the workers little of the interpreter.
        return not self.writing and HTTPChannel.writable(self)

    def service(self) -> None:
        error = self.requests[0].error
        self.refused = error is not None
        if self.refused and error.code >= 500:
            # An unknown transfer coding is the sender's mistake, not a server error.
            self.requests[0].error = BadRequest(error.body)
        super().service()

    def handle_read(self) -> None:
        super().handle_read()
        if self.request is not None and not self.connected:
            self.request = None
            self.server.abandoned()

    def handle_close(self) -> None:
        if self.refused and not self.lingering_since and self.connected:
            # Closing with the rest of a rejected request unread would reset the connection, and
            # could lose the response (RFC 9112, section 9.6).
            self.lingering_since = clock.monotonic()
            self.will_close = False
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                return
        super().handle_close()

    def readable(self) -> bool:
        return self.lingering_since > 0 or HTTPChannel.readable(self)


class _Server(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel

    abandoned: Callable[[], None] = staticmethod(lambda: None)
    """Callback for a client that disconnects in the middle of a request."""

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        now = clock.monotonic()
        for channel in list(self.active_channels.values()):
            if channel.request is not None and channel.began < now - READ_SECONDS:
                channel.give_up(_RequestTimeout(f"not complete after {READ_SECONDS:g} seconds"))
            if channel.lingering_since and channel.lingering_since < now - LINGER_SECONDS:
                channel.handle_close()


_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("trailer", "trailers", "transfer-encoding", "upgrade"),
    }
)
_HOSTLESS = Response(400, "Bad Request", {}, b"The request needs exactly one valid Host header.\n")


def _late(answer: Answer, request: Request) -> Response:
    """Return the response, delayed by a `slow` fault; `_Task` carries out the other faults."""
    try:
        return answer(request)
    except Interrupted as interrupted:
        if interrupted.late is None:
            raise
        clock.sleep(interrupted.seconds)
        return interrupted.late.response


def _application(answer: Answer) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        sent = dict(
            headers(
                (key.removeprefix("HTTP_").replace("_", "-"), value)
                for key, value in environ.items()
                if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
            )
        )
        if "transfer-encoding" in sent:
            sent.pop("content-length", None)  # added by waitress
        host = sent.get("host", "")
        if not _HOST.fullmatch(host) and (host or environ["SERVER_PROTOCOL"] != "HTTP/1.0"):
            response = _HOSTLESS
        else:
            url = f"http://{host or 'localhost'}{_target(environ['REQUEST_URI'])}"
            body = environ["wsgi.input"].read()
            response = _late(answer, Request(environ["REQUEST_METHOD"], url, sent, body))
        received = [pair for pair in response.headers.items() if pair[0] not in _HOP_BY_HOP]
        start_response(f"{response.status} {response.reason}", received)
        return [response.body]

    return application


def _target(uri: str) -> str:
    """Return the path and query of a request target, even an absolute URI (RFC 9112, 3.2.2)."""
    if uri.startswith("/"):
        return uri
    parts = urlsplit(uri)
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))


def _url(server: _Server) -> str:
    host = server.effective_host
    return f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"


class HttpServer:
    """Serves a function on a socket. Use as a context manager, or `run` it in this thread.

    Args:
        answer: the function from request to response; called by several threads at once.
        host: the address to listen on.
        port: the port; 0 for any free one.

    Raises:
        UsageError: it can't listen on that address (in use, or not one of this machine).
    """

    def __init__(self, answer: Answer, host: str = "127.0.0.1", port: int = 0) -> None:
        self._sockets: dict[int, Any] = {}
        # It warns whenever requests queue up, which is normal for a server.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        if not 0 <= port <= 65535:
            # The C library would wrap it modulo 65536.
            raise UsageError(f"can't listen on {host}:{port}: use a port from 0 (any) to 65535")
        try:
            self._server = self._listen(answer, host, port)
        except (OSError, ValueError) as error:
            wasyncore.close_all(self._sockets, ignore_all=True)
            raise UsageError(
                f"can't listen on {host}:{port}: {error}; choose another --port, or 0 for any"
            ) from error
        self._thread: threading.Thread | None = None

    def _listen(self, answer: Answer, host: str, port: int, dispatcher: Any = None) -> _Server:
        return _Server(
            _application(answer),
            map=self._sockets,
            dispatcher=dispatcher,
            adj=Adjustments(
                host=host,
                port=port,
                threads=8,
                ident=None,
                max_request_body_size=MAX_BODY,
                channel_timeout=60,
                cleanup_interval=1,
                connection_limit=1000,
                asyncore_use_poll=True,
                clear_untrusted_proxy_headers=False,  # keep headers as sent
            ),
        )

    def add(self, answer: Answer, abandoned: Callable[[], None]) -> str:
        """Serve another function with the same threads, and return its URL on loopback.

        Args:
            answer: the function from request to response.
            abandoned: callback for a client that disconnects in the middle of a request.
        """
        added = self._listen(answer, "127.0.0.1", 0, self._server.task_dispatcher)
        added.abandoned = abandoned
        added.trigger.close()
        added.trigger = self._server.trigger
        added.trigger.pull_trigger()
        return _url(added)

    def settle(self) -> None:
        """Wait until all events on the connections so far have been processed."""
        for _ in range(2):  # within one round, the trigger may precede a connection
            processed = threading.Event()
            self._server.trigger.pull_trigger(processed.set)
            processed.wait()

    @property
    def threads(self) -> int:
        """The number of serving threads."""
        return len(self._server.task_dispatcher.threads) + (self._thread is not None)

    def disown(self) -> None:
        """Close this process's copies of the sockets, after a fork.

        The connections belong to the parent process, and stay open there.
        """
        for channel in self._sockets.values():
            if isinstance(channel.socket, socket.socket):
                channel.socket.close()

    @property
    def url(self) -> str:
        """The URL that it listens on: `http://127.0.0.1:PORT`."""
        return _url(self._server)

    def run(self) -> None:
        """Serve in this thread until interrupted or closed."""
        try:
            # Not through the server, which swallows KeyboardInterrupt.
            wasyncore.loop(timeout=1, map=self._sockets, use_poll=True)
        finally:
            wasyncore.close_all(self._sockets, ignore_all=True)
            self._server.task_dispatcher.shutdown()

    def close(self) -> None:
        """Stop listening and drop open connections."""
        # Only the polling thread may close the sockets. An error here means that it has already
        # closed them.
        with contextlib.suppress(OSError):
            self._server.trigger.pull_trigger(
                lambda: wasyncore.close_all(self._sockets, ignore_all=True)
            )
        if self._thread:
            self._thread.join(5)

    def __enter__(self) -> HttpServer:
        self._thread = threading.Thread(
            target=self.run, name="personalize-contract-service", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
