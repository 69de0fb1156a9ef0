"""The suite's recordings: a file for each group of scenarios, in a folder for each operation.

A recording that is confirmed keeps its text: ids and dates would only make a diff of what didn't
change. Its age is that of its `recorded_at`, which moves, alone, once it is `FRESH` old; so a
folder that is recorded every night passes `lint --max-age` of a few days more.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from personalize_contract import clock
from personalize_contract.cassette import folders, group
from personalize_contract.cassette.journal import Taken
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import CassetteError
from personalize_contract.model.drift import Comparison, differences
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.sdk_call import last_attempts
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.suite import shipped
from personalize_contract.suite.scenario import Scenario
from personalize_contract.suite.tables.scenarios import SCENARIOS

FRESH = dt.timedelta(days=14)
"""How old the date of a confirmed recording may be before it is moved."""

JOURNAL = "suite"
"""What the names of the journals in a folder of groups begin with."""


def path(folder: Path, scenario: Scenario) -> Path:
    """The group that a scenario is recorded in.

    Args:
        folder: of the operation.
        scenario: any of its table.
    """
    return folder / f"{scenario.group}{folders.SUFFIX}"


def load(folder: Path, operation: str, *, required: bool) -> dict[str, Cassette]:
    """Read the recording of each scenario of an operation.

    Args:
        folder: with a folder for each operation.
        operation: whose recordings are read.
        required: whether it is an error that there is none.

    Raises:
        CassetteError: one can't be read, there is none, or they are of an earlier version.
    """
    inside, rows = folder / operation, SCENARIOS[operation]
    earlier = (inside / f"{row.id}{folders.SUFFIX}" for row in rows)
    if single := next((path for path in earlier if path.exists()), None):
        raise CassetteError(
            single,
            "it is of an earlier version, which wrote a file for each scenario; move those away, "
            f"and record again: {_command(folder, operation)}",
        )
    groups = dict.fromkeys(path(inside, row) for row in rows)
    recorded = {name: part for group_ in groups for name, part in group.load(group_).items()}
    if required and not recorded:
        reason = f"it has no recording of {operation}; record it: {_command(folder, operation)}"
        raise CassetteError(folder, reason)
    return recorded


def _command(folder: Path, operation: str) -> str:
    into = "personalize-cassettes" if shipped.is_shipped(folder) else shlex.quote(str(folder))
    return (
        f"personalize-contract verify --operation {operation} --record --target reference "
        f"--target recorded --cassettes {into}"
    )


def by_group(folder: Path, taken: Iterable[Taken]) -> dict[Path, dict[str, Cassette]]:
    """Return what is in journals as the recording of each scenario, for each group.

    Args:
        folder: of the operation.
        taken: of scenarios in its table; of several of one scenario the last counts.
    """
    rows = {row.id: row for row in SCENARIOS[folder.name]}
    found: dict[Path, dict[str, Cassette]] = {}
    for one in taken:
        if exchanges := tuple(last_attempts(one.exchanges)):
            name = one.provenance.recorded_for
            origins = (one.provenance,) * len(exchanges)
            part = Cassette(one.provenance, exchanges, (0,) * len(exchanges), origins)
            found.setdefault(path(folder, rows[name]), {})[name] = part
    return found


def put(path: Path, there: Mapping[str, Cassette], new: Mapping[str, Cassette]) -> None:
    """Write into a group what was recorded anew, where what is there is not worth more.

    Args:
        path: the group.
        there: the recordings in it.
        new: those to put there.

    Raises:
        CassetteError: as `group.put` does.
    """
    better = {name: part for name in new if (part := _better(there.get(name), new[name]))}
    if better:
        group.put(path, better, [row.id for row in SCENARIOS[path.parent.name]])


def _better(there: Cassette | None, new: Cassette) -> Cassette | None:
    """What is written for a scenario; None if what is there stays."""
    if not there:
        return new
    if new.provenance.below(there.provenance):
        return None
    if not _is_confirmed(there, new):
        return new
    if _is_fresh(there):
        return None
    return replace(there, provenance=new.provenance, origins=new.origins)


def _is_confirmed(there: Cassette, new: Cassette) -> bool:
    """Whether the same service said the same again to all of it, its words included."""
    key = Matching().key
    return (
        there.provenance.answered_by == new.provenance.answered_by
        and [key(one.request) for one in there.exchanges]
        == [key(one.request) for one in new.exchanges]
        and not any(
            before.altered or differences(before.response, now.response)
            for before, now in zip(there.exchanges, new.exchanges, strict=True)
        )
    )


def _is_fresh(there: Cassette) -> bool:
    """Whether the date of a recording says enough about its age."""
    try:
        recorded_at = dt.datetime.fromisoformat(there.provenance.recorded_at)
        return clock.now() - recorded_at < FRESH
    except (ValueError, TypeError):
        return False


@dataclass(frozen=True, slots=True)
class Beside:
    """The recorded answer to a request beside the answer now.

    Args:
        recorded: the exchange in the recording.
        comparison: what differs.
    """

    recorded: Exchange
    comparison: Comparison


def beside(
    path: Path, there: Cassette | None, exchange: Exchange, redactor: Redactor
) -> Beside | None:
    """What is recorded for the request of an exchange; None if nothing that shows an answer is.

    Args:
        path: the group, for messages.
        there: the recording of the scenario, if there is one.
        exchange: as it happened.
        redactor: what its messages go through to be written.
    """
    recorded = there and Replay(path, there, redactor, Matching()).take(exchange.request)
    if not there or not recorded or recorded.altered:
        return None
    now, by = redactor.response(exchange.response), there.provenance
    return Beside(recorded, Comparison.of(recorded.response, by, now, exchange.answered_by))
