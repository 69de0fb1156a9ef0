"""Live runs against the fake account, in this process or in one that gets signals."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from helpers.command import environment, run
from helpers.forked import live_run, started
from helpers.stand_in import ACCOUNT, StandIn, short_waits
from personalize_contract.model.exchange import Request

PROVISION = ("--target=live", "--provision", f"--account={ACCOUNT}")
RUN = re.compile(r"personalize-contract-\d{8}t\d{6}-[0-9a-f]{6}")


def verify(stand_in: StandIn, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `verify --provision` in this process."""
    with short_waits():
        return run("verify", *PROVISION, f"--endpoint-url={stand_in.url}", *arguments)


def sweep(stand_in: StandIn, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("sweep", f"--account={ACCOUNT}", f"--endpoint-url={stand_in.url}", *arguments)


def interrupted(
    stand_in: StandIn,
    at: str,
    number: signal.Signals,
    *arguments: str,
    times: int = 1,
    also: Callable[[str], None] = lambda name: None,
    early: Callable[[], object] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `verify --provision`, and signal it after a call is carried out, before its response.

    Args:
        at: the operation whose first call triggers the signal.
        number: the signal.
        times: the number of signals, one at each call from then on.
        also: a callback for each call, before the signal.
        early: if given, the signal comes before the call is carried out, and then this is called.
    """
    left = times
    reached = False

    def shoot(name: str) -> None:
        nonlocal left, reached
        also(name)
        reached = reached or name == at
        if reached and left:
            left -= 1
            process.send_signal(number)

    def shoot_early(name: str, request: Request) -> None:
        shoot(name)
        if name == at and early:
            early()

    if early:
        stand_in.before = shoot_early
    else:
        stand_in.after = shoot
    try:
        verify = ("verify", *PROVISION, f"--endpoint-url={stand_in.url}", *arguments)
        with started(live_run, *verify, env=environment()) as process:
            done = process.completed()
    finally:
        stand_in.after = lambda name: None
        stand_in.before = lambda name, request: None
    assert left < times, f"{at} was never called"
    return done


def names(calls: Iterable[str]) -> list[str]:
    """Return calls without immediate repetitions."""
    distinct: list[str] = []
    for name in calls:
        if distinct[-1:] != [name]:
            distinct.append(name)
    return distinct


def whens(report: dict[str, Any], clause: str) -> list[tuple[str, str]]:
    """Return the moments and statuses of the dataset in which a clause was observed live."""
    (row,) = (row for row in report["clauses"] if row["id"] == clause)
    datasets = [exchange["dataset"] for exchange in row["targets"]["live"]["exchanges"]]
    return [(dataset["when"], dataset["status"]) for dataset in datasets]
