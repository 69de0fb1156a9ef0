"""The reference service over HTTP/1.1 on a socket, served by waitress.

waitress reads each request whole before a worker thread sees it, so a slow sender holds no
thread. What it leaves open is closed here: a request that isn't complete after `READ_SECONDS`
is answered 408.
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
"""Bytes of the largest body: the largest legal one, all of it escaped emoji, has under 4 MB."""

READ_SECONDS = 10.0
"""Seconds that a client has to send one whole request."""

LINGER_SECONDS = 2.0
"""Seconds for which what still comes of a refused request is read and thrown away."""

Answer = Callable[[Request], Response]


class _RequestTimeout(Error):  # type: ignore[misc]  # waitress has no types
    code = 408
    reason = "Request Timeout"


_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: to close is to reset."""

_CUT_SHORT = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"
"""The beginning of an answer that says how much is still to come."""


class _Task(WSGITask):  # type: ignore[misc]
    """One request and its answer, unless a fault interrupts it."""

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
        if how in ("reset", "truncate"):  # after a timeout the client is the one that closes
            self.close_on_finish = True


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses what waitress lets pass and two servers may understand in two ways."""

    def parse_header(self, header_plus: bytes) -> None:
        coding = _transfer_coding(header_plus)
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # of urllib, which waitress does not expect
            raise ParsingError("The target of the request is no URI") from error
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("Only HTTP/1.0 and HTTP/1.1 are spoken here")
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("A request has a length or is chunked, not both (RFC 9112 6.1)")
        if self.chunked:
            if "," in coding:
                raise ParsingError("A request is chunked once, and not coded otherwise")
            # waitress drops it, and it may be signed.
            self.headers["TRANSFER_ENCODING"] = coding


def _transfer_coding(header_plus: bytes) -> str:
    """The header Transfer-Encoding, as it was sent."""
    name, values = b"transfer-encoding:", []
    for line in get_header_lines(header_plus[header_plus.find(b"\r\n") + 2 :]):
        if line.lower().startswith(name):
            values.append(line[len(name) :].decode("latin-1").strip(" \t"))
    return ", ".join(values)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that remembers when its unfinished request began."""

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
        """Answer an error to the unfinished request; the connection closes after it."""
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
        # Not where the client is gone: nothing is left to be written.
        if self.writable():
            self.server.pull_trigger()
        return written

    def writable(self) -> bool:
        # While a worker writes, there is nothing here to do for the thread that polls: it would
        # only go round and round, and leave the workers the interpreter for moments.
        return not self.writing and HTTPChannel.writable(self)

    def service(self) -> None:
        error = self.requests[0].error
        self.refused = error is not None
        if self.refused and error.code >= 500:
            # A coding of the body that is not known here is the sender's mistake.
            self.requests[0].error = BadRequest(error.body)
        super().service()

    def handle_read(self) -> None:
        super().handle_read()
        if self.request is not None and not self.connected:
            self.request = None
            self.server.abandoned()

    def handle_close(self) -> None:
        if self.refused and not self.lingering_since and self.connected:
            # With the rest of a refused request unread, closing would reset the connection, and
            # the answer might be lost with it (RFC 9112 9.6).
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
    """Called when a client leaves a request that isn't complete."""

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
_HOSTLESS = Response(400, "Bad Request", {}, b"One Host header with a host is needed.\n")


def _late(answer: Answer, request: Request) -> Response:
    """The answer, after a fault of slowness; what other faults do is done to the socket."""
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
            sent.pop("content-length", None)  # which waitress has counted
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
    """Path and query of a request's target, which may be a whole URI (RFC 9112 3.2.2)."""
    if uri.startswith("/"):
        return uri
    parts = urlsplit(uri)
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))


def _url(server: _Server) -> str:
    host = server.effective_host
    return f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"


class HttpServer:
    """Serves an answer function on a socket. Use as a context manager, or `run` in this thread.

    Args:
        answer: from request to response; called by several threads at once.
        host: an address to listen on; loopback unless there is a reason.
        port: 0 for any free one.

    Raises:
        UsageError: the address can't be listened on (in use, not of this machine).
    """

    def __init__(self, answer: Answer, host: str = "127.0.0.1", port: int = 0) -> None:
        self._sockets: dict[int, Any] = {}
        # It warns of each moment of load, which is what a server is for.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        if not 0 <= port <= 65535:
            # The C library would take it modulo 65536.
            raise UsageError(f"can't listen on {host}:{port}: a port is from 0 (any) to 65535")
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
                clear_untrusted_proxy_headers=False,  # a header is as it was sent
            ),
        )

    def add(self, answer: Answer, abandoned: Callable[[], None]) -> str:
        """Serve another answer function by the same threads; returns its URL on loopback.

        Args:
            answer: as of the server.
            abandoned: called when a client leaves a request that isn't complete.
        """
        added = self._listen(answer, "127.0.0.1", 0, self._server.task_dispatcher)
        added.abandoned = abandoned
        added.trigger.close()
        added.trigger = self._server.trigger
        added.trigger.pull_trigger()
        return _url(added)

    def settle(self) -> None:
        """Wait until what has happened on the connections so far is known here."""
        for _ in range(2):  # within one round, the trigger may come before a connection
            known = threading.Event()
            self._server.trigger.pull_trigger(known.set)
            known.wait()

    @property
    def threads(self) -> int:
        """The number of threads that serve."""
        return len(self._server.task_dispatcher.threads) + (self._thread is not None)

    def disown(self) -> None:
        """Close the sockets of this process, which a fork has made a copy of.

        The connections are those of the other process, and stay open there.
        """
        for channel in self._sockets.values():
            if isinstance(channel.socket, socket.socket):
                channel.socket.close()

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`."""
        return _url(self._server)

    def run(self) -> None:
        """Serve in this thread until interrupted or closed."""
        try:
            # Not through the server, which takes an interruption for an ordinary end.
            wasyncore.loop(timeout=1, map=self._sockets, use_poll=True)
        finally:
            wasyncore.close_all(self._sockets, ignore_all=True)
            self._server.task_dispatcher.shutdown()

    def close(self) -> None:
        """Stop listening and drop open connections."""
        # The thread that polls the sockets is the one that may close them. Where something else
        # woke it in the middle of this, it has done so, and there is nobody left to wake.
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
