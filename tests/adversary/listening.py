"""Serves on a socket byte by byte, since an HTTP library would correct defects."""

from __future__ import annotations

import contextlib
import itertools
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from io import BufferedIOBase

from adversary.service import Answer, Sent, Service

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 409: "Conflict"}

Wire = Callable[[socket.socket, bytes], bool]
"""Sends the bytes of an answer, and returns whether the connection stays open."""

Choice = Callable[[Sent, Answer], Wire]
"""Chooses how each answer is sent."""


def whole(connection: socket.socket, data: bytes) -> bool:
    """Send the data correctly."""
    connection.sendall(data)
    return True


def plainly(sent: Sent, answer: Answer) -> Wire:
    """Select the correct way for every answer."""
    return whole


def reset(connection: socket.socket, data: bytes) -> bool:
    """Reset the connection without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def text(answer: Answer) -> bytes:
    """Return the bytes of an answer."""
    head = [f"HTTP/{answer.version} {answer.status} {REASONS.get(answer.status, 'Other')}"]
    head += [f"{name}: {value}" for name, value in answer.headers]
    names = {name.lower() for name, _ in answer.headers}
    body = answer.body
    if answer.chunked:
        head.append("Transfer-Encoding: chunked")
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    elif answer.status != 204 and "content-length" not in names:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def _read(file: BufferedIOBase) -> tuple[str, str, dict[str, str], bytes] | None:
    line = file.readline()
    if not line.strip():
        return None
    method, _, rest = line.decode("latin-1").partition(" ")
    headers = {}
    while (line := file.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    body = file.read(int(headers.get("content-length", "0")))
    return method, rest.partition(" ")[0], headers, body


@contextlib.contextmanager
def served(service: Service, wire: Choice = plainly) -> Iterator[str]:
    """Serve over HTTP on loopback; yields the URL.

    Args:
        service: the service.
        wire: the selection of the way in which each answer is sent.
    """
    numbers = itertools.count(1)

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                while read := _read(self.rfile):
                    sent = Sent(next(numbers), *read)
                    answer = service.answer(sent)
                    closes = ("connection", "close") in [
                        (name.lower(), value.lower()) for name, value in answer.headers
                    ]
                    if not wire(sent, answer)(self.connection, text(answer)) or closes:
                        return

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        request_queue_size = 128
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
