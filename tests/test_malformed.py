"""Every malformed request of the table gets the answer that the page supports, and at once."""

import contextlib
import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from personalize_contract.service.core import answer
from personalize_contract.service.http import HttpServer
from personalize_contract.service.store import Store
from support.command import ACTIVE
from support.malformed import BODIES, GOOD, LEGAL, MESSAGES, SECRET, Case, post

CASES = BODIES | MESSAGES


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    found = Store()
    found.add_dummies()
    yield found
    found.close()


@pytest.fixture(scope="module")
def port(store: Store) -> Iterator[int]:
    with HttpServer(lambda request: answer(request, store)) as server:
        yield int(server.url.rpartition(":")[2])


def received(port: int, sent: bytes) -> bytes:
    """All that comes back until the other side closes."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        # It may answer and hang up on the rest.
        with contextlib.suppress(OSError):
            connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def told(back: bytes) -> str:
    """The status and the code of an answer, as the table has them."""
    head, _, body = back.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return told(body)
    codes = [
        line.partition(b":")[2].strip().decode()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"x-amzn-errortype:")
    ]
    return " ".join([head.split(b" ", 2)[1].decode(), *codes])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_malformed_is_answered(port: int, case: Case) -> None:
    began = time.monotonic()
    back = received(port, case.sent)
    taken = time.monotonic() - began

    assert told(back).startswith(case.reference)
    assert told(back).startswith(case.page)
    assert not back.startswith(b"HTTP/1.1 5")
    assert SECRET.encode() not in back
    # A bound against what never ends, and not a measurement.
    assert taken < 10
    assert told(received(port, post(GOOD))) == "200"


@pytest.mark.parametrize("sent", LEGAL.values(), ids=LEGAL)
def test_what_only_looks_odd_is_accepted(port: int, sent: bytes) -> None:
    assert told(received(port, sent)) == "200"


def test_nothing_of_what_was_refused_is_stored(port: int, store: Store) -> None:
    before = store.items(ACTIVE)
    for case in CASES.values():
        received(port, case.sent.replace(b"tea-1", b"refused"))

    assert set(store.items(ACTIVE)) == set(before) | {"tea-1"}


def test_a_smuggled_request_is_not_answered(port: int) -> None:
    hidden = post(GOOD.replace("tea-1", "smuggled"))
    sent = post(b"0\r\n\r\n" + hidden, "Transfer-Encoding: chunked")

    back = received(port, sent)

    assert back.count(b"HTTP/1.1 ") == 1


def test_a_client_that_asks_first_is_told_to_go_on(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        whole = post(GOOD, "Expect: 100-continue")
        head = whole[: whole.index(b"\r\n\r\n") + 4]
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(whole[len(head) :])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
