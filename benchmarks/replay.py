"""Replay: the cost of a call by a real botocore client, by the number of recorded exchanges."""

from __future__ import annotations

import contextlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import traffic
from benchmarks.measure import Round, Table, medians, seconds, times
from personalize_contract.cassette import loader
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import Miss
from personalize_contract.interceptors import botocore as interceptor
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.session import Session
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.targets.base import Recorded

ROUNDS = 25
BLOCK = 40
"""Number of calls in a round, unless they take longer than `SLOW`."""

SLOW = 1.0
BEARABLE = 300.0
"""Seconds for replaying a whole cassette above which its row shows the total."""

Opened = Callable[[int], AbstractContextManager[Any]]
"""Installs a subject's patches for a round, given the number of calls made before."""


class _Calls:
    """Makes the calls of a cassette, one block in each round, and starts over at the end.

    They are shuffled, since a linear search finds the first ones early.
    """

    def __init__(self, count: int, client: Any, opened: Opened) -> None:
        self._order = random.Random(count).sample(range(count), count)  # noqa: S311 - no secret
        self._client, self._opened = client, opened
        self._next = 0

    def __call__(self) -> float:
        """Run a round; return the seconds per call, without loading and patching."""
        block = [traffic.call(n) for n in self._order[self._next : self._next + BLOCK]]
        with self._opened(self._next):
            calls_made, began = 0, time.process_time()
            for call in block:
                self._client.put_items(**call)
                calls_made += 1
                if (elapsed := time.process_time() - began) > SLOW:
                    break
        self._next += calls_made
        if self._next == len(self._order):
            self._next = 0
        return elapsed / calls_made


class _Replayed:
    """Replays a cassette of this package as in a marked test."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._session = Session(None, Mark())

    def __call__(self, number: int) -> AbstractContextManager[None]:
        if number == 0:
            replay = Replay(self._path, loader.load(self._path), Redactor(), Matching())
            target = Recorded(replay, lambda _, request: Miss(f"nothing answers {request}"))
            self._session = Session(target, Mark())
        return interceptor.patched(self._session, DUMMY_IDENTITY)


def _cost(folder: Path, count: int) -> dict[str, float]:
    """Return the seconds per call of each subject that supports the cassette."""
    own_cassette = traffic.own_cassette(folder / "own.yaml", count)
    vcr_cassette = traffic.vcr_cassette(folder / "vcr.yaml", count)
    subjects: dict[str, Round] = {
        "floor": _Calls(count, traffic.floor(), lambda _: contextlib.nullcontext()),
        "replayed": _Calls(count, traffic.client(), _Replayed(own_cassette)),
        "VCR.py": _Calls(count, traffic.client(), lambda _: traffic.vcr_open(vcr_cassette, "none")),
    }
    if traffic.HAS_CASSETTER:
        cassetter_cassette = traffic.cassetter_cassette(folder / "cassetter.yaml", count)
        if traffic.cassetter_reads(cassetter_cassette):
            opened = partial(traffic.cassetter_open, cassetter_cassette, "none")
            subjects["cassetter"] = _Calls(count, traffic.client(), lambda _: opened())
    return medians(subjects, ROUNDS)


def _times(cost: dict[str, float], name: str, count: int) -> str:
    if name not in cost:
        return "refused" if traffic.HAS_CASSETTER else "not installed"
    shown = times(cost[name], cost["floor"])
    whole = cost[name] * count
    return shown if whole < BEARABLE else f"{shown} (all: {whole / 60:,.0f} min)"


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """Yield the table of replay."""
    table = Table(
        "Replay",
        "Processor time of one call of 10 items by a botocore client, matched on its body. The "
        "floor is botocore itself, answered at once by a `before-send` handler.",
        ("exchanges", "floor", "personalize-contract", "VCR.py", "cassetter"),
    )
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            cost = _cost(Path(folder), count)
        table.rows.append(
            (
                f"{count:,}",
                seconds(cost["floor"]),
                *(_times(cost, name, count) for name in ("replayed", "VCR.py", "cassetter")),
            )
        )
    yield table
