"""Live runs against the stand-in for an account, in this process and in one to be signalled."""

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
    """`verify --provision` to its end, in this process."""
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
    """`verify --provision`, which gets a signal once a call was carried out.

    Its answer is not on its way yet.

    Args:
        at: the operation, at whose first call that is.
        number: the signal.
        times: how many, one at each call from then on.
        also: what else happens at each call, before that.
        early: the signal comes before the call is carried out, and then this happens.
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
    """Calls, each repetition told once."""
    told: list[str] = []
    for name in calls:
        if told[-1:] != [name]:
            told.append(name)
    return told


def whens(report: dict[str, Any], clause: str) -> list[tuple[str, str]]:
    """At which moment of the dataset's life, and in which status, a clause was seen live."""
    (found,) = (one for one in report["clauses"] if one["id"] == clause)
    datasets = [one["dataset"] for one in found["targets"]["live"]["exchanges"]]
    return [(one["when"], one["status"]) for one in datasets]
