"""Recovery of the suite: what a killed run left behind is put into the groups."""

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
    """Whether a file is a journal of the suite, and not of a test's cassette."""
    is_any = folders.is_journal(path) and folders.SUFFIX not in path.name
    return is_any and path.name.startswith(f"{recordings.JOURNAL}.")


def recover(path: Path, placeholders: Collection[str] = ()) -> RecoveryResult:
    """Put what is in one journal of the suite into its groups, and remove the journal.

    A recording there of higher provenance, or with more exchanges, is never replaced, and none is
    by a scenario that was cut off.

    Args:
        path: the journal.
        placeholders: values that look like secrets and may be written.
    """
    if not files.mode(path):
        # That of a run whose workers had it all: it went with the lock that was taken on it.
        return RecoveryResult(path, NOTHING, done=True)
    try:
        # While the run lasts, what its workers left is its own.
        with journal.held(path, path.with_name(recordings.JOURNAL)):
            return _recovered(path, Redactor(placeholders=placeholders, keep=None))
    except CassetteError as error:
        return RecoveryResult(path, f"{not_done(path, error)}; nothing was done", done=False)
    except SecretFound as error:
        return RecoveryResult(path, f"{error}; delete the journal", done=False)


def _recovered(path: Path, redactor: Redactor) -> RecoveryResult:
    taken = [
        replace(one, exchanges=[(redactor.exchange(each), call) for each, call in one.exchanges])
        for one in journal.read(path)
        if one.exchanges
    ]
    if not taken:
        files.remove(path)
        return RecoveryResult(path, NOTHING, done=True)
    known = {row.id for row in SCENARIOS.get(path.parent.name, ())}
    names = list(dict.fromkeys(one.provenance.recorded_for for one in taken))
    if unknown := [name for name in names if name not in known]:
        reason = f"{unknown[0][:60]!r} is no scenario of {path.parent.name}"
        raise CassetteError(path, f"{reason}; recover it where, and with the version that, made it")
    cut_off = {one.provenance.recorded_for for one in taken if not one.is_whole}
    staying: list[str] = []
    for group_, new in recordings.by_group(path.parent, taken).items():
        there = group.load(group_)
        stay = [
            name
            for name in new
            if name in there and (name in cut_off or _is_more(there[name], new[name]))
        ]
        recordings.put(group_, there, {name: new[name] for name in new if name not in stay})
        staying += stay
    number = len(names) - len(staying)
    by = f"answered by {taken[0].provenance.answered_by}"
    done = f"{number} scenario{'' if number == 1 else 's'}, {by}, put into {path.parent.name}"
    if staying:
        why = "proves more, has more exchanges or was not cut off"
        text = f"{done}; left as it is: the recording of {some(staying)} there {why}"
        return RecoveryResult(path, f"{text}; delete the journal", done=False)
    files.remove(path)
    return RecoveryResult(path, done, done=True)


def _is_more(there: Cassette, new: Cassette) -> bool:
    more = len(there.exchanges) > len(new.exchanges)
    return more or new.provenance.below(there.provenance)
