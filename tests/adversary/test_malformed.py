"""Every malformed request of the table gets the documented answer, and promptly."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from adversary.malformed import (
    BODIES,
    GOOD,
    LEGAL,
    MESSAGES,
    Case,
    post,
    received,
    status_and_code,
    wrong,
)
from helpers.command import ACTIVE
from personalize_contract.service.core import respond
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store

CASES = BODIES | MESSAGES


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    dummies = Store()
    dummies.add_dummies()
    yield dummies
    dummies.close()


@pytest.fixture(scope="module")
def port(store: Store) -> Iterator[int]:
    with HttpServer(lambda request: respond(request, store)) as server:
        yield int(server.url.rpartition(":")[2])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_malformed_request_is_answered(port: int, case: Case) -> None:
    began = time.monotonic()
    back = received(port, case.sent)
    duration = time.monotonic() - began

    assert wrong(case, back) is None
    # A bound against hanging, not a measurement.
    assert duration < 10
    assert status_and_code(received(port, post(GOOD))) == "200"


@pytest.mark.parametrize("sent", LEGAL.values(), ids=LEGAL)
def test_an_odd_but_valid_request_is_accepted(port: int, sent: bytes) -> None:
    assert status_and_code(received(port, sent)) == "200"


def test_nothing_of_a_rejected_request_is_stored(port: int, store: Store) -> None:
    before = store.items(ACTIVE)
    for case in CASES.values():
        received(port, case.sent.replace(b"tea-1", b"refused"))

    assert set(store.items(ACTIVE)) == set(before) | {"tea-1"}


def test_a_smuggled_request_is_not_answered(port: int) -> None:
    hidden = post(GOOD.replace("tea-1", "smuggled"))
    sent = post(b"0\r\n\r\n" + hidden, "Transfer-Encoding: chunked")

    back = received(port, sent)

    assert back.count(b"HTTP/1.1 ") == 1


def test_an_expectation_gets_100_continue(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as connection:
        whole = post(GOOD, "Expect: 100-continue")
        head = whole[: whole.index(b"\r\n\r\n") + 4]
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue\r\n")
        connection.sendall(whole[len(head) :])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
