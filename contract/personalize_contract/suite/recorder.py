"""The recording of the suite by the processes of one run, which locks the operation's folder.

Each process writes a journal, and the run merges the journals into the groups at its end. `recover`
merges those of a killed run.
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
    """The recording of one scenario, discarded unless it is saved. Use as a context manager.

    Args:
        journal: the journal of this process.
        path: the path of the scenario's group.
        provenance: the provenance of the answers, with the name of the scenario.
        replaces: the provenance of the existing recording; None if there is none.
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
        self._is_saved = False
        journal.begin(provenance)

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Append a redacted exchange; it is in the journal when this returns."""
        try:
            journal.check_recordable(exchange.request.url, exchange.response.status)
        except ValueError as error:
            raise CassetteError(self.path, f"the exchange can't be recorded: {error}") from None
        self._journal.append(exchange, call)

    def save(self) -> bool:
        """Mark it for its group, which is written at the end of the run.

        Returns:
            False if the existing recording has stronger provenance and is not overwritten.
        """
        self._is_saved = not (self._replaces and self._provenance.below(self._replaces))
        return self._is_saved

    def __enter__(self) -> ScenarioRecording:
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.end(keep=self._is_saved)


class Recordings:
    """The recording of an operation, from the start of a run to its end.

    Until then no other run can record into the folder, and no group is changed before `save`.

    Args:
        folder: the folder with a subfolder for each operation.
        operation: the name of the operation.

    Raises:
        CassetteLocked: another run is recording into the folder.
        CassetteError: the folder can't be written to, or a group in it can't be read.
    """

    def __init__(self, folder: Path, operation: str) -> None:
        self._folder, self._operation = folder / operation, operation
        self.started = clock.now().strftime(DATE)
        self._workers: list[Path] = []
        try:
            self.journal = journal.Journal(self._folder / recordings.JOURNAL)
        except CassetteLocked:
            reason = (
                "another run is recording into it; wait for its end, or record into another folder"
            )
            raise CassetteLocked(self._folder, reason) from None
        try:
            recordings.load(folder, operation, required=False)
        except CassetteError:
            self.journal.close(keep=False)
            raise

    def spread(self, worker: str) -> None:
        """Expect the journal of a worker."""
        self._workers.append(self._folder / f"{recordings.JOURNAL}.{worker}")

    def save(self) -> None:
        """Merge the journals into the groups, each replaced atomically, and end the recording.

        Raises:
            CassetteError: a group can't be written. It is unchanged, and the journals remain.
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
                contents = itertools.chain(self.journal.read(), *journals.values())
                complete = [recording for recording in contents if recording.is_whole]
                for path, new in recordings.by_group(self._folder, complete).items():
                    recordings.put(path, group.load(path), new)
                for path, content in journals.items():
                    # The unfinished recording of a dead worker is left to `recover`.
                    if all(recording.is_whole for recording in content):
                        files.remove(path)
            keep = False
        except CassetteError as error:
            reason = f"{error.reason}. {KEPT.format(self.journal.path)}"
            raise CassetteError(error.path, reason, error.line) from error
        finally:
            self.journal.close(keep=keep)


def worker_journal(folder: Path, operation: str, worker: str) -> journal.Journal:
    """Open the journal of a worker that the run expects, by `Recordings.spread`."""
    return journal.Journal(folder / operation / f"{recordings.JOURNAL}.{worker}")
