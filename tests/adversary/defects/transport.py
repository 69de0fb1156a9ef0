"""Correct answers sent incorrectly."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

from adversary.defects.mutant import ANY, Mutant, Mutants
from adversary.listening import Choice, Wire, reset, whole
from adversary.service import Operation, right


def cut(by: int) -> Wire:
    def send(connection: socket.socket, data: bytes) -> bool:
        connection.sendall(data[:-by])
        return False

    return send


def bytes_after(more: bytes) -> Wire:
    def send(connection: socket.socket, data: bytes) -> bool:
        connection.sendall(data + more)
        return True

    return send


def changed(old: bytes, new: bytes) -> Wire:
    def send(connection: socket.socket, data: bytes) -> bool:
        connection.sendall(data.replace(old, new, 1))
        return False

    return send


def silent(connection: socket.socket, data: bytes) -> bool:
    """Accept the request, and send nothing until the client gives up."""
    connection.settimeout(15)
    connection.recv(1)
    return False


def drip(connection: socket.socket, data: bytes) -> bool:
    """Send a byte from time to time, without end."""
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)
    return True


def endless(connection: socket.socket, data: bytes) -> bool:
    """Send an endless body."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def once(wire: Wire, status: int) -> Choice:
    """Return a wire for the answers of one status."""
    return lambda sent, answer: wire if answer.status == status else whole


def mutants(of: Operation) -> Mutants:
    """Yield the correct service on each of these wires."""
    for words, clause, wire in _broken():
        yield Mutant(f"wire: {words}", clause, right(of), wire)


def _broken() -> Iterator[tuple[str, str, Choice]]:
    """Yield the name, the clause that must be named, and the wire."""
    for status, clause in (
        (200, "response.success.status"),
        (400, ANY),
        (404, "error.not-found.status"),
        (409, "error.in-use.status"),
    ):
        yield f"{status} is a reset", clause, once(reset, status)
        yield f"{status} is cut in its headers", clause, once(cut(30), status)
        if status != 200:
            yield f"{status} is cut in its body", clause, once(cut(3), status)
    yield (
        "a success promises a body that never comes",
        "response.success.status",
        once(changed(b"Content-Length: 0", b"Content-Length: 2"), 200),
    )
    yield (
        "a success without a length ends with a reset",
        "response.success.status",
        once(_reset_at_the_end, 200),
    )
    yield (
        "a length that is no number",
        "response.success.status",
        once(changed(b"Content-Length: 0", b"Content-Length: none"), 200),
    )
    yield (
        "a success has a body that its length says nothing of",
        "response.success.status",
        once(bytes_after(b"{}"), 200),
    )
    yield (
        "a rejection has more behind it",
        ANY,
        once(bytes_after(b"{}"), 400),
    )
    yield (
        "a success that closes breaks off before its headers end",
        "response.success.status",
        once(_closing_too_early, 200),
    )
    yield "a 404 that never comes", "error.not-found.status", once(silent, 404)
    yield "a 404 that drips", "error.not-found.status", once(drip, 404)
    yield "a success that doesn't end", "response.success.empty-body", once(endless, 200)
    yield "each seventh is a reset", ANY, lambda sent, answer: whole if sent.number % 7 else reset


def _closing_too_early(connection: socket.socket, data: bytes) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n")
    return False


def _reset_at_the_end(connection: socket.socket, data: bytes) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    return reset(connection, data)
