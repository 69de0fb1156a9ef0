"""Recovery of the suite: the journals of a killed run are merged into the groups."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from personalize_contract.cassette import files, folders, group, journal
from personalize_contract.cassette.reader import Cassette
from personalize_contract.cassette.recovery import NOTHING, RecoveryResult, not_done
from personalize_contract.errors import CassetteError, SecretFound
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.report.words import some
from personalize_contract.suite import recordings
from personalize_contract.suite.tables.scenarios import SCENARIOS


def is_journal(path: Path) -> bool:
    """Return whether a file is a journal of the suite, and not of a test's cassette."""
    is_of_test = folders.SUFFIX in path.name
    is_journal = folders.is_journal(path) and path.name.startswith(f"{recordings.JOURNAL}.")
    return is_journal and not is_of_test


def recover(path: Path, placeholders: Collection[str] = ()) -> RecoveryResult:
    """Merge a journal of the suite into its groups, and remove the journal.

    A recording of stronger provenance, or with more exchanges, is never overwritten, and none is
    overwritten by the recording of an interrupted scenario.

    Args:
        path: the path of the journal.
        placeholders: values that look like secrets and may be written.
    """
    if not files.mode(path):
        # The empty journal of a run whose workers recorded everything is removed on unlocking.
        return RecoveryResult(path, NOTHING, done=True)
    try:
        # The journals of workers belong to their run until it ends.
        with journal.held(path, path.with_name(recordings.JOURNAL)):
            return _recovered(path, Redactor(placeholders=placeholders, keep=None))
    except CassetteError as error:
        return RecoveryResult(path, f"{not_done(path, error)}; nothing was done", done=False)
    except SecretFound as error:
        return RecoveryResult(path, f"{error}; delete the journal", done=False)


def _recovered(path: Path, redactor: Redactor) -> RecoveryResult:
    content = [
        replace(
            recording,
            exchanges=[(redactor.exchange(each), call) for each, call in recording.exchanges],
        )
        for recording in journal.read(path)
        if recording.exchanges
    ]
    if not content:
        files.remove(path)
        return RecoveryResult(path, NOTHING, done=True)
    operation = path.parent.name
    known = {row.id for row in SCENARIOS.get(operation, ())}
    names = list(dict.fromkeys(recording.provenance.recorded_for for recording in content))
    if unknown := [name for name in names if name not in known]:
        reason = f"{operation} has no scenario {unknown[0][:60]!r}"
        remedy = "recover it in the folder, and with the version, that recorded it"
        raise CassetteError(path, f"{reason}; {remedy}")
    interrupted = {
        recording.provenance.recorded_for for recording in content if not recording.is_whole
    }
    not_overwritten: list[str] = []
    for group_path, new in recordings.by_group(path.parent, content).items():
        existing = group.load(group_path)
        stronger = [
            name
            for name in new
            if name in existing and (name in interrupted or _is_stronger(existing[name], new[name]))
        ]
        replacements = {name: new[name] for name in new if name not in stronger}
        recordings.put(group_path, existing, replacements)
        not_overwritten += stronger
    number = len(names) - len(not_overwritten)
    by = f"answered by {content[0].provenance.answered_by}"
    done = f"{number} scenario{'' if number == 1 else 's'}, {by}, merged into {operation}"
    if not_overwritten:
        why = "has stronger provenance, has more exchanges, or was not interrupted"
        text = f"{done}; not overwritten: the existing recording of {some(not_overwritten)} {why}"
        return RecoveryResult(path, f"{text}; delete the journal", done=False)
    files.remove(path)
    return RecoveryResult(path, done, done=True)


def _is_stronger(existing: Cassette, new: Cassette) -> bool:
    has_more = len(existing.exchanges) > len(new.exchanges)
    return has_more or new.provenance.below(existing.provenance)
