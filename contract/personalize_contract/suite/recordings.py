"""The suite's recordings: a file for each group of scenarios, in a folder for each operation.

A confirmed recording keeps its text: new ids and dates would show as a diff without a change. Its
`recorded_at` alone is updated once it is older than `FRESH`, so that a folder recorded every night
passes `lint --max-age` with a limit of a few days more.
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
"""Maximum age of a confirmed recording's date before it is updated."""

JOURNAL = "suite"
"""Prefix of the journals in a folder of groups."""


def path(folder: Path, scenario: Scenario) -> Path:
    """Return the path of a scenario's group.

    Args:
        folder: the folder of the operation.
        scenario: one of its scenarios.
    """
    return folder / f"{scenario.group}{folders.SUFFIX}"


def load(folder: Path, operation: str, *, required: bool) -> dict[str, Cassette]:
    """Read the recording of each scenario of an operation.

    Args:
        folder: the folder with a subfolder for each operation.
        operation: the name of the operation.
        required: whether a missing recording is an error.

    Raises:
        CassetteError: one can't be read, is missing, or was written by an earlier version.
    """
    inside, rows = folder / operation, SCENARIOS[operation]
    earlier = (inside / f"{row.id}{folders.SUFFIX}" for row in rows)
    if single := next((path for path in earlier if path.exists()), None):
        raise CassetteError(
            single,
            "it was written by an earlier version, with a file for each scenario; move those "
            f"files away, and record again: {_command(folder, operation)}",
        )
    groups = dict.fromkeys(path(inside, row) for row in rows)
    recorded = {name: part for file in groups for name, part in group.load(file).items()}
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


def by_group(folder: Path, content: Iterable[Taken]) -> dict[Path, dict[str, Cassette]]:
    """Return the content of journals as the recording of each scenario, by group.

    Args:
        folder: the folder of the operation.
        content: the recordings in journals; the last one of a scenario counts.
    """
    rows = {row.id: row for row in SCENARIOS[folder.name]}
    groups: dict[Path, dict[str, Cassette]] = {}
    for recording in content:
        if exchanges := tuple(last_attempts(recording.exchanges)):
            name = recording.provenance.recorded_for
            origins = (recording.provenance,) * len(exchanges)
            part = Cassette(recording.provenance, exchanges, (0,) * len(exchanges), origins)
            groups.setdefault(path(folder, rows[name]), {})[name] = part
    return groups


def put(path: Path, existing: Mapping[str, Cassette], new: Mapping[str, Cassette]) -> None:
    """Write new recordings into a group, unless the existing ones have stronger provenance.

    Args:
        path: the group.
        existing: the recordings in it.
        new: the new recordings.

    Raises:
        CassetteError: as in `group.put`.
    """
    better = {name: part for name in new if (part := _better(existing.get(name), new[name]))}
    if better:
        group.put(path, better, [row.id for row in SCENARIOS[path.parent.name]])


def _better(existing: Cassette | None, new: Cassette) -> Cassette | None:
    """Return the recording to write for a scenario; None if the existing one stays."""
    if not existing:
        return new
    if new.provenance.below(existing.provenance):
        return None
    if not _is_confirmed(existing, new):
        return new
    if _is_fresh(existing):
        return None
    return replace(existing, provenance=new.provenance, origins=new.origins)


def _is_confirmed(existing: Cassette, new: Cassette) -> bool:
    """Return whether the same service gave the same answers to all requests, messages included."""
    key = Matching().key
    return (
        existing.provenance.answered_by == new.provenance.answered_by
        and [key(before.request) for before in existing.exchanges]
        == [key(now.request) for now in new.exchanges]
        and not any(
            before.altered or differences(before.response, now.response)
            for before, now in zip(existing.exchanges, new.exchanges, strict=True)
        )
    )


def _is_fresh(recording: Cassette) -> bool:
    """Return whether the date of a recording is recent enough."""
    try:
        recorded_at = dt.datetime.fromisoformat(recording.provenance.recorded_at)
        return clock.now() - recorded_at < FRESH
    except (ValueError, TypeError):
        return False


@dataclass(frozen=True, slots=True)
class ComparedRecording:
    """The recorded answer to a request, compared with the current one.

    Args:
        recorded: the recorded exchange.
        comparison: the differences.
    """

    recorded: Exchange
    comparison: Comparison


def compare(
    path: Path, recording: Cassette | None, exchange: Exchange, redactor: Redactor
) -> ComparedRecording | None:
    """Compare an exchange with its recording; None if there is no unedited one.

    Args:
        path: the group, for messages.
        recording: the recording of the scenario, if there is one.
        exchange: the current exchange.
        redactor: the redactor of written messages.
    """
    recorded = recording and Replay(path, recording, redactor, Matching()).take(exchange.request)
    if not recording or not recorded or recorded.altered:
        return None
    now, by = redactor.response(exchange.response), recording.provenance
    return ComparedRecording(
        recorded, Comparison.of(recorded.response, by, now, exchange.answered_by)
    )
