"""Load on `serve` with a store file, a kill in the middle, and the store afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.hammer import Tally, hammer
from benchmarks.http import CONNECTIONS, put, service_process

from helpers.command import ACTIVE
from personalize_contract.service.store import Store

BEFORE = 0.4
"""The part of the time after which memory is first looked at: caches are warm by then."""


@dataclass
class Killed:
    """The result of a kill under load.

    Args:
        store: the store file.
        acknowledged: the ids of the items answered 200.
        lost: those of them missing after the restart.
        statuses: the number of responses of each status.
        a_second: requests per second before the kill.
        memory: samples of resident memory in KiB.
        after_restart: the status of the first request after the restart.
    """

    store: Path
    acknowledged: set[str]
    lost: set[str]
    statuses: dict[int, int]
    a_second: float
    memory: list[int] = field(default_factory=list)
    after_restart: int = 0

    @property
    def flat(self) -> bool:
        """True if memory stayed flat: pages are freed late, but a leak would add far more."""
        return self.memory[-1] - self.memory[0] < 64 << 10


def resident(process: int) -> int:
    """Return the resident memory of a process in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def killed_under_load(store: Path, seconds: float) -> Killed:
    """Load the service for a time, kill it, and start it again on the same file."""
    request = put(1)
    with service_process(store) as (address, process):
        tallies: list[Tally] = []
        # The load outlasts the time, so that the kill comes in the middle.
        client = threading.Thread(
            target=lambda: tallies.append(
                hammer(address, request, connections=CONNECTIONS, seconds=seconds * 10)
            )
        )
        client.start()
        memory = _sampled(lambda: resident(process.pid), seconds)
        process.kill()
        process.wait(20)
        client.join(60)
    tally = tallies[0]
    acknowledged = {f"{number}-0" for number in tally.acknowledged}
    with service_process(store) as (address, _):
        again = hammer(address, put(10), connections=1, seconds=10, count=1)
    reopened = Store(store)
    stored = set(reopened.items(ACTIVE))
    reopened.close()
    return Killed(
        store,
        acknowledged,
        acknowledged - stored,
        tally.statuses,
        tally.a_second,
        memory,
        next(iter(again.statuses), 0),
    )


def _sampled(sample: Callable[[], int], seconds: float) -> list[int]:
    time.sleep(seconds * BEFORE)
    samples = [sample()]
    for _ in range(10):
        time.sleep(seconds * (1 - BEFORE) / 10)
        samples.append(sample())
    return samples
