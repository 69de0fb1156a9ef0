"""The recording of the suite: one run, its processes, and the folder that it holds.

A run that records holds the lock of an operation's folder. Each process of it journals what it
records, and the run puts all of it into the groups at its end; `recover` does so for one that was
killed.
"""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

from personalize_contract import clock
from personalize_contract.cassette import files, group, journal
from personalize_contract.cassette.recording import KEPT
from personalize_contract.errors import CassetteError, CassetteLocked
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import DATE, Provenance
from personalize_contract.suite import recordings


class ScenarioRecording:
    """A scenario while it is recorded; nothing of it unless it is kept. Use as a context manager.

    Args:
        journal: of this process.
        path: the group that it will be in.
        provenance: of its answers, and its name.
        replaces: provenance of the recording that is there; None if there is none.
    """

    def __init__(
        self,
        journal: journal.Journal,
        path: Path,
        provenance: Provenance,
        replaces: Provenance | None = None,
    ) -> None:
        self.path, self._provenance, self._replaces = path, provenance, replaces
        self._journal = journal
        self._is_kept = False
        journal.begin(provenance)

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Take one redacted exchange; it is in the journal when this returns."""
        try:
            journal.check_recordable(exchange.request.url, exchange.response.status)
        except ValueError as error:
            raise CassetteError(self.path, f"the exchange can't be recorded: {error}") from None
        self._journal.append(exchange, call)

    def save(self) -> bool:
        """Let it be written into its group at the end of the run.

        Returns:
            False if the recording there has a higher provenance: it is kept as it is.
        """
        self._is_kept = not (self._replaces and self._provenance.below(self._replaces))
        return self._is_kept

    def __enter__(self) -> ScenarioRecording:
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.end(keep=self._is_kept)


class Recordings:
    """The recording of an operation, from the start of a run to its end.

    Nobody else can record into its folder meanwhile, and no group is changed before `save`.

    Args:
        folder: with a folder for each operation.
        operation: whose scenarios are recorded.

    Raises:
        CassetteLocked: another run is recording it.
        CassetteError: the folder can't be written to, or a group in it can't be read.
    """

    def __init__(self, folder: Path, operation: str) -> None:
        self._folder, self._operation = folder / operation, operation
        self.started = clock.now().strftime(DATE)
        self._workers: list[Path] = []
        try:
            self.journal = journal.Journal(self._folder / recordings.JOURNAL)
        except CassetteLocked:
            reason = "another run is recording it; wait for that one, or record into another folder"
            raise CassetteLocked(self._folder, reason) from None
        try:
            recordings.load(folder, operation, required=False)
        except CassetteError:
            self.journal.close(keep=False)
            raise

    def spread(self, worker: str) -> None:
        """Expect a journal of this worker."""
        self._workers.append(self._folder / f"{recordings.JOURNAL}.{worker}")

    def save(self) -> None:
        """Put what was recorded into the groups, each whole and at once, and end the recording.

        Raises:
            CassetteError: it can't be written. What is there is whole, and so are the journals.
        """
        keep = True
        try:
            with contextlib.ExitStack() as stack:
                journals = {}
                for worker in self._workers:
                    path = journal.path_for(worker)
                    if files.mode(path):
                        stack.enter_context(journal.held(path, worker))
                        journals[path] = journal.read(path)
                all_taken = itertools.chain(self.journal.read(), *journals.values())
                whole = [one for one in all_taken if one.is_whole]
                for path, new in recordings.by_group(self._folder, whole).items():
                    recordings.put(path, group.load(path), new)
                for path, taken in journals.items():
                    # What a worker did not end before it died is left to `recover`.
                    if all(one.is_whole for one in taken):
                        files.remove(path)
            keep = False
        except CassetteError as error:
            reason = f"{error.reason}. {KEPT.format(self.journal.path)}"
            raise CassetteError(error.path, reason, error.line) from error
        finally:
            self.journal.close(keep=keep)


def worker_journal(folder: Path, operation: str, worker: str) -> journal.Journal:
    """Open the journal of a worker, which its run knows of by `Recordings.spread`."""
    return journal.Journal(folder / operation / f"{recordings.JOURNAL}.{worker}")
