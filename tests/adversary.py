"""All that this project has against itself, in one run: `python tests/adversary.py`.

    mutants     services with one defect, each before the whole suite
    dialects    legal services that are unlike the usual one
    malformed   malformed requests, sent raw to the reference service
    clients     clients that nobody here wrote (installed into the system's folder for such things)
    load        64 connections on a store file for a minute, a kill, a restart

Name some of them to leave out the others. The exit status is 1 if any falls short. What CI runs
is the bounded form of the same: `pytest`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # for `benchmarks`

from clients.asked import TOLD, asked
from clients.installed import CLIENTS
from mutants.defects import mutants
from mutants.dialects import dialects
from mutants.service import operation
from mutants.trial import survives, verdict
from support.load import killed_under_load
from support.malformed import BODIES, MESSAGES, tried

Checks = Iterator[tuple[str, str | None]]
"""What was tried, and what fell short, or None."""

OPERATION = operation()
MUTANTS = mutants(OPERATION)
DIALECTS = list(dialects(OPERATION))
MALFORMED = BODIES | MESSAGES


def _survives(number: int) -> tuple[str, str | None]:
    return MUTANTS[number].name, survives(MUTANTS[number], whole=True)


def _mutants() -> Checks:
    # Half of the time one waits: for an answer that is late, or never comes.
    with multiprocessing.Pool(2 * multiprocessing.cpu_count()) as pool:
        yield from pool.imap(_survives, range(len(MUTANTS)))


def _dialects() -> Checks:
    for one in DIALECTS:
        seen = verdict(one.service, one.wire)
        yield one.name, "; ".join(seen.broken.values()) or None


def _malformed() -> Checks:
    yield from tried(MALFORMED)


def _clients() -> Checks:
    for name in CLIENTS:
        try:
            told = asked(name).told
        except (OSError, subprocess.SubprocessError) as error:
            yield name, f"it could not be tried: {error}"
            continue
        yield name, None if told == TOLD else f"it made {told} of the answers"


def _counted(checks: Callable[[], Checks], total: int, words: str) -> bool:
    right = 0
    for done, (name, short) in enumerate(checks(), 1):
        right += short is None
        if short is not None:
            print(f"  {name}: {short}", flush=True)
        if done % 50 == 0:
            print(f"  {words} {right}/{done} of {total}...", file=sys.stderr, flush=True)
    print(f"{words} {right}/{total}", flush=True)
    return right == total


def _load(seconds: float) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        found = killed_under_load(Path(folder) / "store", seconds)
    print(
        f"load: {found.a_second:,.0f} requests/s on 64 connections for {seconds:g} s; after "
        f"kill -9, {len(found.acknowledged) - len(found.lost):,} of {len(found.acknowledged):,} "
        f"acknowledged items are there; memory {found.memory[0] >> 10} MiB, then "
        f"{found.memory[-1] >> 10} MiB",
        flush=True,
    )
    subprocess.run([sys.executable, "-m", "benchmarks", "http"], check=True, cwd=ROOT)
    answered = set(found.statuses) | {found.after_restart}
    return not found.lost and answered == {200} and found.flat


def main() -> int:
    """Run what was asked for; returns the exit status."""
    counted = {
        "mutants": (_mutants, len(MUTANTS), "mutants killed"),
        "dialects": (_dialects, len(DIALECTS), "dialects passed"),
        "malformed": (_malformed, len(MALFORMED), "malformed cases answered"),
        "clients": (_clients, len(CLIENTS), "clients"),
    }
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="*", choices=[*counted, "load", []], help="default: all")
    parser.add_argument("--seconds", type=float, default=60, help="of load (default: %(default)s)")
    given = parser.parse_args()
    asked_for = given.what or [*counted, "load"]
    results = [_counted(*counted[name]) for name in asked_for if name in counted]
    if "load" in asked_for:
        results.append(_load(given.seconds))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
