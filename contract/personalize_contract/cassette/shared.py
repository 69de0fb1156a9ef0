"""The recording of a cassette that several tests share, in one run.

Each exchange of a test's part is in the journal at once, and the part is kept if that test passes.
At the end of the run, the parts of all tests replace the cassette.
"""

from __future__ import annotations

from personalize_contract.cassette import journal
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.recording import Recording
from personalize_contract.errors import CassetteError, CassetteLocked
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.sdk_call import last_attempts


class SharedRecording(Recording):
    """Records one cassette for several tests, one after the other. Thread-safe.

    Lives from the first of these tests to the end of the run.

    Raises:
        CassetteLocked: another recording of this cassette is under way.
        CassetteError: as for `Recording`.
    """

    def _opened_journal(self) -> journal.Journal:
        try:
            return journal.Journal(self.path)
        except CassetteLocked:
            raise CassetteLocked(
                self.path,
                "another process is recording it, but a shared cassette has to be recorded by "
                "only one: with pytest-xdist, add --dist loadfile",
            ) from None

    def begin(self, test: str) -> None:
        """Begin the part of a test."""
        with self._mutex:
            self._journal.begin(self.provenance, test)

    def end(self, *, keep: bool) -> None:
        """End the current part."""
        with self._mutex:
            if self._is_open:
                self._journal.end(keep=keep)

    def part_exchanges(self) -> list[Exchange]:
        """Return the exchanges of the current part, one for each SDK call."""
        with self._mutex:
            return last_attempts(self._journal.read()[-1].exchanges)


class Part:
    """The part of one test in a shared recording, discarded unless it is saved.

    Use it as a context manager.

    Args:
        whole: the shared recording.
        test: the node id of the test.
    """

    def __init__(self, whole: SharedRecording, test: str) -> None:
        self.path, self._whole = whole.path, whole
        self._is_open, self._test = True, test
        self.saved: list[Exchange] = []
        """The exchanges of the part, once it is saved."""
        self.count = 0
        """Number of exchanges so far, counting each attempt of an SDK call."""
        self.is_saved = False
        whole.begin(test)

    @property
    def renew_before(self) -> str:
        """Exchanges that were recorded before this time get a new date, even if nothing changed."""
        return self._whole.renew_before

    @renew_before.setter
    def renew_before(self, moment: str) -> None:
        self._whole.renew_before = moment

    def match_by(self, matching: Matching) -> None:
        """Set the rule by which a request of this test was recorded before."""
        self._whole.match_by(matching, self._test)

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Write an exchange to the journal, as `Recording.append` does."""
        if not self._is_open:
            raise CassetteError(self.path, "this answer arrived after the test's end")
        self._whole.append(exchange, call)
        self.count += 1

    def exchanges(self) -> list[Exchange]:
        """Return the exchanges so far, one for each SDK call."""
        return self._whole.part_exchanges()

    def save(self) -> bool:
        """Mark the part as complete; it is saved with the others at the end of the run."""
        self.saved, self.is_saved = self.exchanges(), True
        self._end()
        return True

    def leave(self) -> None:
        """Leave the part in the journal, since the run is interrupted."""
        self._is_open = False

    def _end(self) -> None:
        if self._is_open:
            self._is_open = False
            self._whole.end(keep=self.is_saved)

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
