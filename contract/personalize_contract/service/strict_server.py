"""A waitress server that is strict about HTTP/1.1, and bounds the time of a request.

waitress reads each request completely before a worker thread sees it, so a slow sender blocks no
thread. It has no limit on the time of a request, so this module adds one: a request that is
incomplete after `READ_SECONDS` is answered 408. Faults cut a response short or reset its
connection.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError, get_header_lines
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask
from waitress.utilities import BadRequest, Error

from personalize_contract import clock
from personalize_contract.model.interruption import Interrupted

MAX_BODY = 8 * 1024 * 1024
"""Maximum size of a body in bytes. The largest valid one, all escaped emoji, is under 4 MB."""

READ_SECONDS = 10.0
"""Seconds that a client has to send a complete request."""

LINGER_SECONDS = 2.0
"""Seconds for which the rest of a rejected request is read and discarded."""


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
    rejected = False
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
        self.rejected = error is not None
        if self.rejected and error.code >= 500:
            # An unknown transfer coding is the sender's mistake, not a server error.
            self.requests[0].error = BadRequest(error.body)
        super().service()

    def handle_read(self) -> None:
        super().handle_read()
        if self.request is not None and not self.connected:
            self.request = None
            self.server.abandoned()

    def handle_close(self) -> None:
        if self.rejected and not self.lingering_since and self.connected:
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


class StrictServer(TcpWSGIServer):  # type: ignore[misc]
    """Accepts connections, and gives up the requests that take too long."""

    channel_class = _Channel

    abandoned: Callable[[], None] = staticmethod(lambda: None)
    """Callback for a client that disconnects in the middle of a request."""

    def pull_trigger(self) -> None:
        """Wake the polling thread, unless it has closed the sockets while a worker was busy."""
        with contextlib.suppress(OSError):
            super().pull_trigger()

    def maintenance(self, now: float) -> None:
        """End the connections whose time is over; called by waitress each second."""
        super().maintenance(now)
        now = clock.monotonic()
        for channel in list(self.active_channels.values()):
            if channel.request is not None and channel.began < now - READ_SECONDS:
                channel.give_up(_RequestTimeout(f"not complete after {READ_SECONDS:g} seconds"))
            if channel.lingering_since and channel.lingering_since < now - LINGER_SECONDS:
                channel.handle_close()
