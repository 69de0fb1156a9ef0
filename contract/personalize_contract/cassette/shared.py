"""The recording of a cassette that several tests share: whole, in one run.

Each test's part is in the journal as soon as it is answered, and stays there if that test passes.
The cassette is replaced at the end of the run, by the parts of all of them.
"""

from __future__ import annotations

from personalize_contract.cassette import journal
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.recording import Recording
from personalize_contract.errors import CassetteError, CassetteLocked
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.sdk_call import last_attempts


class SharedRecording(Recording):
    """Records one cassette for several tests, one after the other. Any thread may call it.

    Lives from the first of these tests to the end of the run.

    Raises:
        CassetteLocked: somebody else is recording this cassette.
        CassetteError: as `Recording`.
    """

    def _opened_journal(self) -> journal.Journal:
        try:
            return journal.Journal(self.path)
        except CassetteLocked:
            raise CassetteLocked(
                self.path,
                "another process is recording it: a cassette that several tests share is recorded "
                "by one. With pytest-xdist, say --dist loadfile",
            ) from None

    def begin(self, test: str) -> None:
        """Begin the part of a test."""
        with self._mutex:
            self._journal.begin(self.provenance, test)

    def end(self, *, keep: bool) -> None:
        """End the part that was begun last."""
        with self._mutex:
            if self._is_open:
                self._journal.end(keep=keep)

    def taken_last(self) -> list[Exchange]:
        """Return what the part holds that was begun last, one exchange for each SDK call."""
        with self._mutex:
            return last_attempts(self._journal.read()[-1].exchanges)


class Part:
    """The part of one test in a shared recording; nothing of it unless it is saved.

    Use as a context manager.

    Args:
        whole: the recording.
        test: node id of the test.
    """

    def __init__(self, whole: SharedRecording, test: str) -> None:
        self.path, self._whole = whole.path, whole
        self._is_open, self._test = True, test
        self.saved: list[Exchange] = []
        """The exchanges of the part, once it is saved."""
        self.count = 0
        """The exchanges so far, each attempt of an SDK call by itself."""
        self.is_saved = False
        whole.begin(test)

    @property
    def renew_before(self) -> str:
        """The moment before which a recording is not left as it was."""
        return self._whole.renew_before

    @renew_before.setter
    def renew_before(self, moment: str) -> None:
        self._whole.renew_before = moment

    def match_by(self, matching: Matching) -> None:
        """Let this decide whether a request of this test was recorded before."""
        self._whole.match_by(matching, self._test)

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Take one redacted exchange, as `Recording.append` does."""
        if not self._is_open:
            raise CassetteError(self.path, "this answer came after the test had ended")
        self._whole.append(exchange, call)
        self.count += 1

    def taken(self) -> list[Exchange]:
        """Return what was recorded so far, one exchange for each SDK call."""
        return self._whole.taken_last()

    def save(self) -> bool:
        """Leave the part to be saved with the others, at the end of the run."""
        self.saved, self.is_saved = self.taken(), True
        self._end()
        return True

    def leave(self) -> None:
        """Leave the part in the journal, which the end of the run leaves too."""
        self._is_open = False

    def _end(self) -> None:
        if self._is_open:
            self._is_open = False
            self._whole.end(keep=self.is_saved)

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
