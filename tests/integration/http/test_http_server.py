"""The service over HTTP on a socket: its responses, byte for byte, to any bytes."""

import contextlib
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from helpers.command import ACTIVE, IN_USE, MISSING
from personalize_contract.errors import UsageError
from personalize_contract.model.exchange import Response
from personalize_contract.service import strict_server
from personalize_contract.service.core import respond
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store

SECRET = "canary-of-the-shop"
BODY = json.dumps({"datasetArn": ACTIVE, "items": [{"itemId": "1", "properties": SECRET}]}).encode()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    store = Store()
    store.add_dummies()
    with HttpServer(lambda request: respond(request, store)) as server:
        yield int(server.url.rpartition(":")[2])
    store.close()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def rest(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def exchanged(port: int, sent: bytes) -> bytes:
    """Send bytes on a new connection, and return all bytes received until it is closed."""
    with closing(connected(port)) as connection:
        connection.sendall(sent)
        return rest(connection)


def post(
    body: bytes = BODY,
    *more: str,
    line: str = "POST /items HTTP/1.1",
    host: str = "Host: localhost",
    length: str | None = None,
) -> bytes:
    head = [
        line,
        host,
        "Content-Type: application/json",
        f"Content-Length: {len(body)}" if length is None else length,
        "Connection: close",
        *more,
    ]
    return "\r\n".join([*filter(None, head), "", ""]).encode("latin-1") + body


def flood(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 65536)


def status(received: bytes) -> int:
    return int(received.split(b" ", 2)[1])


def test_a_success_has_an_empty_body_on_the_wire(port: int) -> None:
    head, separator, body = exchanged(port, post()).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: 0" in head
    assert b"chunked" not in head
    assert b"content-type" not in head.lower()
    assert (separator, body) == (b"\r\n\r\n", b"")


@pytest.mark.parametrize(
    ("arn", "start"),
    [
        (ACTIVE, b"HTTP/1.1 200 OK\r\n"),
        ("shop", b"HTTP/1.1 400 Bad Request\r\n"),
        (MISSING, b"HTTP/1.1 404 Not Found\r\n"),
        (IN_USE, b"HTTP/1.1 409 Conflict\r\n"),
    ],
)
def test_each_documented_status_has_its_status_line(port: int, arn: str, start: bytes) -> None:
    assert exchanged(port, post(BODY.replace(ACTIVE.encode(), arn.encode()))).startswith(start)


MALFORMED = {
    "nonsense": (b"nonsense\r\n\r\n", 400),
    "no method": (b" /items HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    "no host": (post(host=""), 400),
    "an empty host": (post(host="Host:"), 400),
    "half an address as host": (post(host="Host: [::1"), 400),
    "a host with a path": (post(host="Host: localhost/items?"), 400),
    "two hosts": (post(BODY, "Host: other"), 400),
    "half an address as target": (post(line="POST http://[/items HTTP/1.1"), 400),
    "bytes in the target": (post(line="POST /it\xffems HTTP/1.1"), 400),
    "two lengths": (post(BODY, "Content-Length: 3"), 400),
    "a length that is not a number": (post(length="Content-Length: tea"), 400),
    "a negative length": (post(length="Content-Length: -1"), 400),
    "an unsupported coding": (post(length="Transfer-Encoding: gzip"), 400),
    "a header without a name": (post(BODY, ": green"), 400),
    "a line end in a header": (post(BODY, "X-Tea: green\nX: black"), 400),
    "large headers": (post(BODY, f"X-Tea: {'x' * 300_000}"), 431),
    "a large body": (post(b"x" * (strict_server.MAX_BODY + 1)), 413),
    "a body declared as large": (post(length="Content-Length: 99999999999"), 413),
    "large chunks": (
        post(
            b"900000\r\n" + b"x" * 0x900000 + b"\r\n0\r\n\r\n", length="Transfer-Encoding: chunked"
        ),
        413,
    ),
    "malformed chunks": (post(b"tea\r\n\r\n", length="Transfer-Encoding: chunked"), 400),
    "an array in an array in an array": (post(b"[" * 1_000_000), 400),
    "no body": (post(b""), 400),
    "bytes": (post(bytes(range(256))), 400),
    "another method": (post(line="GET /items HTTP/1.1"), 404),
    "an unknown method": (post(line="BREW /items HTTP/1.1"), 404),
    "another path": (post(line="POST / HTTP/1.1"), 404),
    "the server itself": (post(line="OPTIONS * HTTP/1.1"), 404),
    "a long path": (post(line=f"POST /{'x' * 200_000} HTTP/1.1"), 404),
    "a path with a null": (post(line="POST /items%00 HTTP/1.1"), 404),
}


@pytest.mark.parametrize(("sent", "expected"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_gets_a_4xx(port: int, sent: bytes, expected: int) -> None:
    received = exchanged(port, sent)

    assert status(received) == expected
    assert SECRET.encode() not in received


LEGAL = {
    "a whole URI as target": post(line="POST http://localhost/items HTTP/1.1"),
    "a port": post(host="Host: localhost:8080"),
    "an IPv6 address": post(host="Host: [::1]:8080"),
    "HTTP/1.0": post(line="POST /items HTTP/1.0", host=""),
    "chunks": post(
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY), length="Transfer-Encoding: chunked"
    ),
    "names in upper case": post().replace(b"Content-", b"CONTENT-"),
    "a charset": post().replace(b"application/json", b"application/json; charset=utf-8"),
}


@pytest.mark.parametrize("sent", LEGAL.values(), ids=LEGAL)
def test_a_well_formed_request_is_accepted(port: int, sent: bytes) -> None:
    assert status(exchanged(port, sent)) == 200


def test_a_half_closed_connection_is_answered(port: int) -> None:
    with closing(connected(port)) as connection:
        connection.sendall(post().replace(b"Connection: close\r\n", b""))
        connection.shutdown(socket.SHUT_WR)

        assert status(rest(connection)) == 200


def test_an_aborted_request_does_not_affect_others(port: int) -> None:
    with closing(connected(port)) as connection:
        connection.sendall(post()[:-10])
        connection.shutdown(socket.SHUT_WR)
        rest(connection)

    assert status(exchanged(port, post())) == 200


def test_a_connection_is_reused_after_an_error(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    outcomes = []
    for body in (BODY, b"{", BODY):
        connection.request("POST", "/items", body, {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            response.read()
            outcomes.append((response.status, response.will_close))
    connection.close()

    assert outcomes == [(200, False), (400, False), (200, False)]


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    valid, invalid = (post(body).replace(b"Connection: close\r\n", b"") for body in (BODY, b"{"))

    received = exchanged(port, valid + invalid + valid + post(b"["))

    assert [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]] == [200, 400, 200, 400]


def test_a_request_that_arrives_too_slowly_gets_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_server, "READ_SECONDS", 0.1)
    with (
        HttpServer(lambda request: pytest.fail("the request was incomplete")) as server,
        closing(connected(int(server.url.rpartition(":")[2]))) as connection,
    ):
        connection.sendall(post()[:-1])

        assert status(rest(connection)) == 408


def test_an_endless_body_is_cut_off_after_the_413(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_server, "LINGER_SECONDS", 0.1)
    with (
        HttpServer(lambda request: pytest.fail("the request was rejected")) as server,
        closing(connected(int(server.url.rpartition(":")[2]))) as connection,
    ):
        connection.sendall(post(length="Content-Length: 99999999999"))
        assert status(connection.recv(65536)) == 413
        with pytest.raises(ConnectionError):
            flood(connection)


def test_many_idle_connections_do_not_block_others(port: int) -> None:
    idle = [connected(port) for _ in range(60)]
    try:
        for number, connection in enumerate(idle):
            connection.sendall(post()[: number * 3])
        assert status(exchanged(port, post())) == 200
    finally:
        for connection in idle:
            connection.close()


def test_a_port_in_use_is_a_usage_error_with_a_remedy(port: int) -> None:
    with pytest.raises(UsageError, match=rf"127\.0\.0\.1:{port}.*choose another --port, or 0"):
        HttpServer(lambda request: pytest.fail("it can't listen"), port=port)


@pytest.mark.parametrize("host", ["host.invalid", "8.8.8.8"])
def test_an_address_of_another_machine_is_a_usage_error(host: str) -> None:
    with pytest.raises(UsageError, match="can't listen on"):
        HttpServer(lambda request: pytest.fail("it can't listen"), host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0.0.0.0"])  # noqa: S104 - on purpose
def test_clients_can_connect_to_the_url(host: str) -> None:
    store = Store()
    store.add_dummies()
    with HttpServer(lambda request: respond(request, store), host) as server:
        name, _, number = server.url.removeprefix("http://").rpartition(":")
        with closing(socket.create_connection((name, int(number)), timeout=20)) as connection:
            connection.sendall(post())
            assert status(rest(connection)) == 200
    store.close()


def test_closing_drops_open_connections() -> None:
    with HttpServer(lambda request: pytest.fail("nothing was sent")) as server:
        connection = connected(int(server.url.rpartition(":")[2]))

    with contextlib.suppress(ConnectionResetError), closing(connection):
        assert rest(connection) == b""
    with pytest.raises(OSError, match="refused"):
        connected(int(server.url.rpartition(":")[2]))


def test_closing_a_server_during_a_wake_up_is_no_error() -> None:
    server = HttpServer(lambda request: Response(200, "OK", {}, b""))
    trigger = server._server.trigger
    wake = trigger._physical_pull

    def wake_twice() -> None:
        wake()
        assert server._thread
        server._thread.join(10)
        wake()

    trigger._physical_pull = wake_twice
    with server:
        pass

    assert server._thread
    assert not server._thread.is_alive()
