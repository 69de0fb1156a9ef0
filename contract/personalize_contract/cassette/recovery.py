"""Recovery: what a killed recording left behind becomes the cassette that it would have been."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from personalize_contract.cassette import files, journal, loader, ownership, recording, writer
from personalize_contract.cassette.folders import SUFFIX
from personalize_contract.errors import CassetteError, CassetteMissing, SecretFound
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance
from personalize_contract.privacy.redaction import Redactor

NOTHING = "nothing was recorded in it; removed"


def cassette_of(path: Path) -> Path:
    """The cassette that a journal is of: also of one that was set aside, with a number."""
    name = path.name.removesuffix(journal.SUFFIX)
    if not name.endswith(SUFFIX):
        name = name.rpartition(".")[0]
    return path.with_name(name)


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """What became of one journal.

    Args:
        journal: where it is, or was.
        text: what was done, in words.
        done: whether nothing is left to do.
    """

    journal: Path
    text: str
    done: bool


def not_done(path: Path, error: CassetteError) -> str:
    """Why a journal was left as it is, for a line that begins with its name."""
    at = "" if error.path == path else f"{error.path}: "
    line = f"line {error.line}: " if error.line else ""
    return f"{at}{line}{error.reason}"


def recover(path: Path, placeholders: Collection[str] = ()) -> RecoveryResult:
    """Make the cassette of one journal, and remove the journal.

    A cassette there of higher provenance, or with more exchanges, is never replaced.

    Args:
        path: the journal.
        placeholders: values that look like secrets and may be written.
    """
    cassette = cassette_of(path)
    try:
        # Of one that was set aside, the cassette may be recorded again right now.
        with journal.held(path, cassette):
            return _recovered(path, cassette, Redactor(placeholders=placeholders, keep=None))
    except CassetteError as error:
        return RecoveryResult(path, f"{not_done(path, error)}; nothing was done", done=False)
    except ValueError as error:
        return RecoveryResult(
            path, f"an exchange in it fits no cassette ({error}); nothing was done", False
        )
    except SecretFound as error:
        return RecoveryResult(path, f"{error}; delete the journal", done=False)


def _recovered(path: Path, cassette: Path, redactor: Redactor) -> RecoveryResult:
    taken = journal.read(path)
    if len(taken) > 1 and not all(each.test for each in taken):
        raise CassetteError(path, "it holds several recordings, and a cassette is one")
    exchanges, tests = recording.taken_of(taken)
    if not exchanges:
        files.remove(path)
        return RecoveryResult(path, NOTHING, done=True)
    who = taken[0].provenance
    exchanges = [redactor.exchange(exchange) for exchange in exchanges]
    ownership.check_to_record(cassette, who.recorded_for)
    _check_readable(cassette, who, exchanges)
    if better := _better(cassette, who, exchanges):
        advice = f"delete {cassette.name} to have this one instead, or delete the journal"
        return RecoveryResult(
            path, f"left as it is: the cassette there {better}; {advice}", done=False
        )
    recording.write(cassette, who, exchanges, tests)
    files.remove(path)
    count = f"{len(exchanges)} exchange{'' if len(exchanges) == 1 else 's'}"
    return RecoveryResult(
        path, f"{count}, answered by {who.answered_by}, are in {cassette.name}", done=True
    )


def _check_readable(cassette: Path, who: Provenance, exchanges: list[Exchange]) -> None:
    """Make sure that the cassette will be read: a journal is a file, and holds what was put there.

    Raises:
        CassetteError: it would not be.
    """
    try:
        text = "".join(writer.dump(who, exchanges)).encode()
    except UnicodeEncodeError:
        raise CassetteError(cassette, "a text in the journal is no Unicode") from None
    try:
        loader.parse(cassette, text)
    except CassetteError as error:
        raise CassetteError(cassette, f"no cassette can be made of it ({error.reason})") from None


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
