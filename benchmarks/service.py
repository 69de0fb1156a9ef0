"""`personalize_service`: the cost of a put in a test, in process and over HTTP."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from benchmarks import traffic
from benchmarks.hammer import hammer
from benchmarks.http import Address, list_schemas, moto, moto_server, put
from benchmarks.measure import Round, Table, medians, seconds, times
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.interceptors.install import of_sdks
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.service import serve
from personalize_contract.plugin.session import Session

ROUNDS = 30
BLOCK = 40


def _puts(client: Any, clock: Callable[[], float] = time.perf_counter) -> Round:
    """Return a round of distinct puts; building them is not counted."""
    numbers = itertools.count()

    def turn() -> float:
        block = [traffic.call(next(numbers)) for _ in range(BLOCK)]
        began = clock()
        for call in block:
            client.put_items(**call)
        return (clock() - began) / BLOCK

    return turn


def _in_process() -> Iterator[Table]:
    session = Session(None, Mark())
    service = serve(session)
    # Nothing waits here, and wall-clock time says little on a busy machine.
    puts = _puts(traffic.client(), time.process_time)

    def intercepted() -> float:
        with of_sdks(session, DUMMY_IDENTITY):
            return puts()

    floor = _puts(traffic.floor(), time.process_time)
    cost = medians({"floor": floor, "intercepted": intercepted}, ROUNDS)
    service.close()
    table = Table(
        "A put into the service, in process",
        "One call of 10 items by a botocore client: checked, answered and stored. The floor is "
        "botocore itself, answered at once by a `before-send` handler.",
        ("", "a call", "of the floor"),
    )
    table.rows.append(("floor", seconds(cost["floor"]), "1.00 x"))
    ratio = times(cost["intercepted"], cost["floor"])
    table.rows.append(("personalize_service", seconds(cost["intercepted"]), ratio))
    yield table


def _over_http() -> Iterator[Table]:
    session = Session(None, Mark())
    service = serve(session)

    def one_at_a_time(address: Address, request: Callable[[int], bytes]) -> Round:
        return lambda: 1 / hammer(address, request, connections=1, seconds=1, count=BLOCK).a_second

    url = urlsplit(service.url)
    subjects = {
        "personalize_service.url, PutItems of 10": one_at_a_time(
            (url.hostname or "", url.port or 0), put(10)
        )
    }
    with contextlib.ExitStack() as stack:
        command = moto_server()
        if command and (address := stack.enter_context(moto(command))):
            subjects["moto_server, ListSchemas"] = one_at_a_time(address, list_schemas)
        cost = medians(subjects, ROUNDS)
    service.close()
    table = Table(
        "A put into the service, over HTTP",
        "One request after the other over loopback, with no SDK in between. moto has no PutItems, "
        "so its cheapest call of the control plane stands for it.",
        ("", "a request", "of moto_server"),
    )
    floor = cost.get("moto_server, ListSchemas")
    for name, duration in cost.items():
        ratio = times(duration, floor) if floor else "not installed"
        table.rows.append((name, seconds(duration), ratio))
    yield table


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """Yield the tables of both ways; sizes make no difference."""
    yield from _in_process()
    yield from _over_http()
