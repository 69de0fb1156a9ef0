"""Recovery: what a killed recording left behind becomes the cassette that it would have been."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from personalize_contract.cassette import journal, loader, recording
from personalize_contract.cassette.folders import SUFFIX
from personalize_contract.errors import CassetteError, CassetteMissing, SecretFound
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance
from personalize_contract.privacy.redaction import Redactor


def cassette_of(path: Path) -> Path:
    """The cassette that a journal is of: also of one that was set aside, with a number."""
    name = path.name.removesuffix(journal.SUFFIX)
    if not name.endswith(SUFFIX):
        name = name.rpartition(".")[0]
    return path.with_name(name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one journal.

    Args:
        journal: where it is, or was.
        text: what was done, in words.
        done: whether nothing is left to do.
    """

    journal: Path
    text: str
    done: bool


def recover(path: Path) -> Outcome:
    """Make the cassette of one journal, and remove the journal.

    A cassette there of higher provenance, or with more exchanges, is never replaced.
    """
    cassette = cassette_of(path)
    current = journal.path_for(cassette)
    try:
        with contextlib.ExitStack() as stack:
            # Of one that was set aside, the cassette may be recorded again right now.
            for one in {path, current} if current.exists() else {path}:
                stack.enter_context(journal.left(one))
            return _recovered(path, cassette)
    except CassetteError as error:
        at = "" if error.path == path else f"{error.path}: "
        line = f"line {error.line}: " if error.line else ""
        return Outcome(path, f"{at}{line}{error.reason}; nothing was done", done=False)
    except SecretFound as error:
        return Outcome(path, f"{error}; delete the journal", done=False)


def _recovered(path: Path, cassette: Path) -> Outcome:
    who, taken = journal.read(path)
    exchanges = recording.last_of_each_call(taken)
    if not exchanges:
        path.unlink()
        return Outcome(path, "nothing was recorded in it; removed", done=True)
    redactor = Redactor()
    for exchange in exchanges:
        redactor.exchange(exchange)
    if better := _better(cassette, who, exchanges):
        advice = f"delete {cassette.name} to have this one instead, or delete the journal"
        return Outcome(path, f"left as it is: the cassette there {better}; {advice}", done=False)
    recording.write(cassette, who, exchanges)
    path.unlink()
    count = f"{len(exchanges)} exchange{'' if len(exchanges) == 1 else 's'}"
    return Outcome(
        path, f"{count}, answered by {who.answered_by}, are in {cassette.name}", done=True
    )


def _better(cassette: Path, who: Provenance, exchanges: list[Exchange]) -> str:
    """Why the cassette there is worth more than what was recovered; `""` if it is not."""
    try:
        there = loader.load(cassette)
    except CassetteMissing:
        return ""
    except CassetteError as error:
        return f"can't be read ({error.reason})"
    if who.below(there.provenance):
        return f"was answered by {there.provenance.answered_by}, this by {who.answered_by}"
    if len(there.exchanges) > len(exchanges):
        return f"has {len(there.exchanges)} exchanges, this {len(exchanges)}"
    return ""
