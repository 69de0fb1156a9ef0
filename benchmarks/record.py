"""Record: the cost of a call recorded over loopback HTTP, with its share of saving."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmarks import traffic
from benchmarks.measure import BOUND, Table, medians, seconds, times
from personalize_contract.cassette.recording import Recording
from personalize_contract.interceptors import botocore as interceptor
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.model.datasets import REGION
from personalize_contract.model.provenance import Provenance
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.session import Session
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.targets.base import Recorder
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint, Readdressed
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

BLOCK = 50
LEAST = 20
"""Minimum number of rounds: small recordings are repeated."""


@contextlib.contextmanager
def _serving() -> Iterator[str]:
    """Run the reference service in a separate process; yields its URL."""
    command = [sys.executable, "-m", "personalize_contract", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


class _Plain:
    """The floor: the same calls with nothing in between."""

    def __init__(self, client: Any, count: int) -> None:
        self._client, self._count, self._next = client, count, 0

    def __call__(self) -> float:
        """Run a round; return the seconds per call."""
        last = min(self._next + BLOCK, self._count)
        block = [traffic.call(number) for number in range(self._next, last)]
        began = time.perf_counter()
        for call in block:
            self._client.put_items(**call)
        self._next = 0 if last == self._count else last
        return (time.perf_counter() - began) / len(block)


class _Recorded(_Plain):
    """The same calls, recorded as in a marked test."""

    def __init__(self, client: Any, count: int, url: str, path: Path) -> None:
        super().__init__(client, count)
        # Shared by all tests of a run, as in the plugin.
        endpoint = Endpoint(url, "endpoint", keep_alive=True)
        to = Connection(url, REGION, DUMMY_CREDENTIALS, "endpoint")
        self._live, self._path = Readdressed(endpoint, to), path
        self._recording: Recording | None = None
        self._session = Session(None, Mark())
        self.saves: list[float] = []

    def __call__(self) -> float:
        """Run a round; return the seconds per call, and add the time of saving to `saves`."""
        if not self._recording:
            self._recording = Recording(self._path, Provenance.now("endpoint", REGION, "benchmark"))
            target = Recorder(self._live, self._recording, Redactor())
            self._session = Session(target, Mark())
        with interceptor.patched(self._session, DUMMY_IDENTITY):
            seconds_per_call = super().__call__()
        if not self._next:
            began = time.perf_counter()
            self._recording.save()
            self.saves.append(time.perf_counter() - began)
            self._recording = None
        return seconds_per_call

    def close(self) -> None:
        if self._recording:
            self._recording.discard()


def _whole(client: Any, count: int, opened: AbstractContextManager[Any]) -> tuple[float, int]:
    """Return the seconds per call of a complete recording, and the calls made within `BOUND`."""
    began = time.perf_counter()
    calls_made = 0
    with opened:
        while calls_made < count and time.perf_counter() - began < BOUND:
            client.put_items(**traffic.call(calls_made))
            calls_made += 1
    return (time.perf_counter() - began) / calls_made, calls_made


def _row(url: str, folder: Path, count: int) -> Sequence[str]:
    client = traffic.client(url)
    recorded = _Recorded(client, count, url, folder / "recorded.yaml")
    rounds = max(LEAST, -(-count // BLOCK))
    cost = medians({"floor": _Plain(client, count), "recorded": recorded}, rounds, bound=10 * BOUND)
    recorded.close()
    floor, saving = cost["floor"], statistics.median(recorded.saves) / count
    row = [f"{count:,}", seconds(floor), times(cost["recorded"] + saving, floor), seconds(saving)]
    for name, opened in (("VCR.py", traffic.vcr_open), ("cassetter", traffic.cassetter_open)):
        if name == "cassetter" and not traffic.HAS_CASSETTER:
            row.append("not installed")
            continue
        # A new client, since VCR.py leaves its own connections behind in one that it has patched.
        each, calls_made = _whole(
            traffic.client(url), count, opened(folder / f"{name}.yaml", "all")
        )
        shown = times(each, floor)
        row.append(
            shown
            if calls_made == count
            else f"n/a ({calls_made:,} calls in {BOUND:.0f} s: {shown})"
        )
    return row


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """Yield the table of recording."""
    table = Table(
        "Record",
        "One call of 10 items by a botocore client to the reference service over loopback HTTP, "
        "with its share of saving the cassette. The floor is the same call with no recorder.",
        ("exchanges", "floor", "personalize-contract", "saving alone", "VCR.py", "cassetter"),
    )
    with _serving() as url:
        for count in sizes:
            with tempfile.TemporaryDirectory() as folder:
                table.rows.append(_row(url, Path(folder), count))
    yield table
