"""Recovery: makes a cassette of the journal that an interrupted recording left behind."""

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

NOTHING = "nothing was recorded in it, so it was removed"


def cassette_of(path: Path) -> Path:
    """Return the cassette of a journal, also of a numbered one that was set aside."""
    name = path.name.removesuffix(journal.SUFFIX)
    if not name.endswith(SUFFIX):
        name = name.rpartition(".")[0]
    return path.with_name(name)


@dataclass(frozen=True, slots=True)
class RecoveryResult:
    """The result for one journal.

    Args:
        journal: the path of the journal.
        text: the result in words.
        done: whether nothing is left to do.
    """

    journal: Path
    text: str
    done: bool


def not_done(path: Path, error: CassetteError) -> str:
    """Return the reason why a journal was kept, for a line that begins with its path."""
    at = "" if error.path == path else f"{error.path}: "
    line = f"line {error.line}: " if error.line else ""
    return f"{at}{line}{error.reason}"


def recover(path: Path, placeholders: Collection[str] = ()) -> RecoveryResult:
    """Make a cassette of one journal, and remove the journal.

    A cassette of stronger provenance, or with more exchanges, is never replaced.

    Args:
        path: the journal.
        placeholders: values that look like secrets but may be written.
    """
    cassette = cassette_of(path)
    try:
        # While a journal was set aside, its cassette may be recorded again.
        with journal.held(path, cassette):
            return _recovered(path, cassette, Redactor(placeholders=placeholders, keep=None))
    except CassetteError as error:
        return RecoveryResult(path, f"{not_done(path, error)}; nothing was done", done=False)
    except ValueError as error:
        return RecoveryResult(
            path,
            f"an exchange in it can't be stored in a cassette ({error}); nothing was done",
            False,
        )
    except SecretFound as error:
        return RecoveryResult(path, f"{error}; delete the journal", done=False)


def _recovered(path: Path, cassette: Path, redactor: Redactor) -> RecoveryResult:
    recordings = journal.read(path)
    if len(recordings) > 1 and not all(each.test for each in recordings):
        raise CassetteError(
            path, "it contains several recordings, but a cassette can contain only one"
        )
    exchanges, tests = recording.cassette_content(recordings)
    if not exchanges:
        files.remove(path)
        return RecoveryResult(path, NOTHING, done=True)
    provenance = recordings[0].provenance
    exchanges = [redactor.exchange(exchange) for exchange in exchanges]
    ownership.check_to_record(cassette, provenance.recorded_for)
    check_readable(cassette, provenance, exchanges)
    if better := _better(cassette, provenance, exchanges):
        advice = f"delete {cassette.name} to recover this one instead, or delete the journal"
        return RecoveryResult(path, f"kept: the existing cassette {better}; {advice}", done=False)
    recording.write(cassette, provenance, exchanges, tests)
    files.remove(path)
    count = f"{len(exchanges)} exchange{'' if len(exchanges) == 1 else 's'}"
    return RecoveryResult(
        path, f"{count}, answered by {provenance.answered_by}, now in {cassette.name}", done=True
    )


def check_readable(cassette: Path, provenance: Provenance, exchanges: list[Exchange]) -> None:
    """Check that the cassette will be readable, since a journal or HAR file may have been edited.

    Raises:
        CassetteError: it won't.
    """
    try:
        text = "".join(writer.dump(provenance, exchanges)).encode()
    except UnicodeEncodeError:
        raise CassetteError(cassette, "it would have text that isn't Unicode") from None
    try:
        loader.parse(cassette, text)
    except CassetteError as error:
        raise CassetteError(
            cassette, f"it can't be turned into a cassette ({error.reason})"
        ) from None


def _better(cassette: Path, provenance: Provenance, exchanges: list[Exchange]) -> str:
    """Return the reason for keeping the existing cassette; `""` if there is none."""
    try:
        existing = loader.load(cassette)
    except CassetteMissing:
        return ""
    except CassetteError as error:
        return f"can't be read ({error.reason})"
    if provenance.below(existing.provenance):
        return (
            f"was answered by {existing.provenance.answered_by}, this one by "
            f"{provenance.answered_by}"
        )
    if len(existing.exchanges) > len(exchanges):
        return f"has {len(existing.exchanges)} exchanges, this one {len(exchanges)}"
    return ""
