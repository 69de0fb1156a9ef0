"""`personalize_service`: what one put costs a test, in this process and over HTTP."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import botocore.session

from benchmarks import traffic
from benchmarks.http import moto, moto_server
from benchmarks.measure import Round, Table, medians, seconds, times
from personalize_contract.datasets import REGION
from personalize_contract.doors import of_sdks
from personalize_contract.mark import Mark
from personalize_contract.service.embedded import Service
from personalize_contract.session import Session

ROUNDS = 30
BLOCK = 40


def _puts(client: Any, clock: Callable[[], float] = time.perf_counter) -> Round:
    """A round of puts, each unlike the ones before; to make them up is not counted."""
    numbers = itertools.count()

    def turn() -> float:
        block = [traffic.call(next(numbers)) for _ in range(BLOCK)]
        began = clock()
        for call in block:
            client.put_items(**call)
        return (clock() - began) / BLOCK

    return turn


def _in_process() -> Iterator[Table]:
    service = Service()
    session = Session(service, Mark())
    # Nothing waits here, and a busy machine makes the time of the clock say little.
    puts = _puts(traffic.client(), time.process_time)

    def ours() -> float:
        with of_sdks(session, unsigned=True):
            return puts()

    floor = _puts(traffic.floor(), time.process_time)
    cost = medians({"floor": floor, "ours": ours}, ROUNDS)
    service.close()
    table = Table(
        "A put into the service, in process",
        "One call of 10 items by a botocore client: checked, answered and kept. The floor is "
        "botocore itself, answered at once by a `before-send` handler.",
        ("", "a call", "of the floor"),
    )
    table.rows.append(("floor", seconds(cost["floor"]), "1.00 x"))
    ours_to_floor = times(cost["ours"], cost["floor"])
    table.rows.append(("personalize_service", seconds(cost["ours"]), ours_to_floor))
    yield table


def _over_http() -> Iterator[Table]:
    service = Service()
    session = Session(service, Mark())
    service.front = session.respond
    subjects = {"personalize_service.url, PutItems of 10": _puts(traffic.client(service.url))}
    with contextlib.ExitStack() as stack:
        command = moto_server()
        address = stack.enter_context(moto(command)) if command else None
        if address:
            control: Any = botocore.session.Session().create_client(
                "personalize",
                REGION,
                endpoint_url=f"http://{address[0]}:{address[1]}",
                aws_access_key_id="key-of-the-benchmark",
                aws_secret_access_key="secret-of-the-benchmark",
            )

            def theirs() -> float:
                began = time.perf_counter()
                for _ in range(BLOCK):
                    control.list_schemas()
                return (time.perf_counter() - began) / BLOCK

            subjects["moto_server, ListSchemas"] = theirs
        cost = medians(subjects, ROUNDS)
    service.close()
    table = Table(
        "A put into the service, over HTTP",
        "One call by a botocore client over loopback. moto has no PutItems, so its cheapest call "
        "of the control plane stands for it.",
        ("", "a call", "of moto_server"),
    )
    floor = cost.get("moto_server, ListSchemas")
    for name, taken in cost.items():
        ratio = times(taken, floor) if floor else "not installed"
        table.rows.append((name, seconds(taken), ratio))
    yield table


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """The tables of both ways; there is nothing here that a size would change."""
    yield from _in_process()
    yield from _over_http()
