"""A client that costs next to nothing: many connections in one thread, requests made beforehand.

What it measures is the server. An SDK, or a thread for each connection, would cost more than the
service does.
"""

from __future__ import annotations

import itertools
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_END = b"\r\n\r\n"

SILENCE = 10.0
"""Seconds without any answer after which the server counts as gone."""


def post(host: str, path: str, body: bytes, *more: str) -> bytes:
    """The bytes of a POST with a JSON body."""
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *more,
    ]
    return "\r\n".join(head).encode() + _END + body


@dataclass(slots=True)
class Tally:
    """What came of it.

    Args:
        statuses: how often each status was answered.
        acknowledged: the numbers of the requests that were answered 200.
        seconds: from the first request to the last answer.
    """

    statuses: dict[int, int] = field(default_factory=dict)
    acknowledged: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def a_second(self) -> float:
        """Answers a second."""
        return sum(self.statuses.values()) / self.seconds


class _Connection:
    """One request after the other; sends the next when the last is answered."""

    __slots__ = ("closes", "number", "received", "socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.number = 0
        self.closes = False

    def status(self) -> int | None:
        """The status of the answer, once it is whole."""
        head, end, body = self.received.partition(_END)
        if not end:
            return None
        names = head.lower()
        at = names.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at > 0 else 0
        if len(body) < length:
            return None
        self.received = body[length:]
        self.closes = b"connection: close" in names
        return int(head[9:12])


def hammer(
    address: tuple[str, int],
    request: Callable[[int], bytes],
    *,
    connections: int,
    seconds: float,
    count: int = 10**9,
) -> Tally:
    """Send requests 0, 1, 2... as fast as they are answered.

    Args:
        address: host and port.
        request: the bytes of the request with this number.
        connections: how many requests are under way at a time.
        seconds: after which no more is sent.
        count: how many are sent at most.

    Returns:
        The tally so far if the server goes away.
    """
    tally = Tally()
    numbers = iter(range(count))
    with selectors.DefaultSelector() as waiting:

        def send(number: int, one: _Connection | None = None) -> None:
            """One request, on a connection that is open or on a new one."""
            if one is None:
                one = _Connection(address)
                waiting.register(one.socket, selectors.EVENT_READ, one)
            one.number = number
            one.socket.sendall(request(number))

        began = time.perf_counter()
        try:
            for number in itertools.islice(numbers, connections):
                send(number)
            while waiting.get_map() and (ready := waiting.select(SILENCE)):
                for key, _ in ready:
                    one = key.data
                    data = one.socket.recv(65536)
                    if not data:
                        raise ConnectionResetError
                    one.received += data
                    if (status := one.status()) is None:
                        continue
                    tally.statuses[status] = tally.statuses.get(status, 0) + 1
                    if status == 200:
                        tally.acknowledged.append(one.number)
                    following = None
                    if time.perf_counter() - began < seconds:
                        following = next(numbers, None)
                    if following is None or one.closes:
                        waiting.unregister(one.socket)
                        one.socket.close()
                    if following is not None:
                        send(following, None if one.closes else one)
        except OSError:
            pass  # the server is gone: what it acknowledged is what counts
        tally.seconds = time.perf_counter() - began
        for left in list(waiting.get_map().values()):
            left.data.socket.close()
    return tally
