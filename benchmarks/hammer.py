"""A cheap client: many connections in one thread, with prepared requests.

It measures the server. An SDK, or a thread for each connection, would cost more than the service.
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
"""Seconds without any response after which the server counts as gone."""


def post(host: str, path: str, body: bytes, *more: str) -> bytes:
    """Return the bytes of a POST request with a JSON body."""
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
    """The result of a run.

    Args:
        statuses: the number of responses of each status.
        acknowledged: the numbers of the requests answered 200.
        seconds: the time from the first request to the last response.
    """

    statuses: dict[int, int] = field(default_factory=dict)
    acknowledged: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def a_second(self) -> float:
        """Responses per second."""
        return sum(self.statuses.values()) / self.seconds


class _Connection:
    """A connection that sends one request after the other."""

    __slots__ = ("closes", "number", "received", "socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.number = 0
        self.closes = False

    def status(self) -> int | None:
        """Return the status of the response once it is complete."""
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
        request: the function from a number to the bytes of that request.
        connections: the number of concurrent requests.
        seconds: the time after which no more requests are sent.
        count: the maximum number of requests.

    Returns:
        The tally so far if the server goes away.
    """
    tally = Tally()
    numbers = iter(range(count))
    with selectors.DefaultSelector() as waiting:

        def send(number: int, connection: _Connection | None = None) -> None:
            """Send one request, on an open connection or on a new one."""
            if connection is None:
                connection = _Connection(address)
                waiting.register(connection.socket, selectors.EVENT_READ, connection)
            connection.number = number
            connection.socket.sendall(request(number))

        began = time.perf_counter()
        try:
            for number in itertools.islice(numbers, connections):
                send(number)
            while waiting.get_map() and (ready := waiting.select(SILENCE)):
                for key, _ in ready:
                    connection = key.data
                    data = connection.socket.recv(65536)
                    if not data:
                        raise ConnectionResetError
                    connection.received += data
                    if (status := connection.status()) is None:
                        continue
                    tally.statuses[status] = tally.statuses.get(status, 0) + 1
                    if status == 200:
                        tally.acknowledged.append(connection.number)
                    following = None
                    if time.perf_counter() - began < seconds:
                        following = next(numbers, None)
                    if following is None or connection.closes:
                        waiting.unregister(connection.socket)
                        connection.socket.close()
                    if following is not None:
                        send(following, None if connection.closes else connection)
        except OSError:
            pass  # the server is gone: only acknowledged requests count
        tally.seconds = time.perf_counter() - began
        for key in list(waiting.get_map().values()):
            key.data.socket.close()
    return tally
