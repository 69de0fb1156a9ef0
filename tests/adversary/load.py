"""Load on `serve` with a store file, a kill in the middle, and what is there afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.hammer import Tally, hammer
from benchmarks.http import CONNECTIONS, ours, put

from helpers.command import ACTIVE
from personalize_contract.service.store import Store

BEFORE = 0.4
"""The part of the time after which memory is first looked at: caches are warm by then."""


@dataclass
class Killed:
    """What became of a service that was killed under load.

    Args:
        store: its file.
        acknowledged: the ids of the items that it answered 200 to.
        lost: those of them that were not there after the restart.
        statuses: how often each status was answered.
        a_second: requests, while it lasted.
        memory: resident KiB, sampled.
        after_restart: the status of the first request then.
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
        """Whether memory stayed: pages are given back late, a leak would add far more."""
        return self.memory[-1] - self.memory[0] < 64 << 10


def resident(process: int) -> int:
    """KiB of memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def killed_under_load(store: Path, seconds: float) -> Killed:
    """Hammer the service for so long, kill it, start it again on the same file."""
    one = put(1)
    with ours(store) as (address, process):
        found: list[Tally] = []
        # It would go on for longer: the kill comes while it is under way.
        client = threading.Thread(
            target=lambda: found.append(
                hammer(address, one, connections=CONNECTIONS, seconds=seconds * 10)
            )
        )
        client.start()
        memory = _sampled(lambda: resident(process.pid), seconds)
        process.kill()
        process.wait(20)
        client.join(60)
    tally = found[0]
    acknowledged = {f"{number}-0" for number in tally.acknowledged}
    with ours(store) as (address, _):
        again = hammer(address, put(10), connections=1, seconds=10, count=1)
    kept = Store(store)
    there = set(kept.items(ACTIVE))
    kept.close()
    return Killed(
        store,
        acknowledged,
        acknowledged - there,
        tally.statuses,
        tally.a_second,
        memory,
        next(iter(again.statuses), 0),
    )


def _sampled(sample: Callable[[], int], seconds: float) -> list[int]:
    time.sleep(seconds * BEFORE)
    found = [sample()]
    for _ in range(10):
        time.sleep(seconds * (1 - BEFORE) / 10)
        found.append(sample())
    return found
