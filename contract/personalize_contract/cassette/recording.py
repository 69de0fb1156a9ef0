"""A recording: exchanges onto the disk, so that none is lost and no old cassette is harmed.

The journal holds the recording, not the memory of a process: it is what a cassette is made of, here
at the end of a test as well as later, of what a killed recording left (`recovery`).
"""

from __future__ import annotations

import contextlib
import stat
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from personalize_contract.cassette import files, journal, loader, ownership, update, writer
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.reader import MAX_EXCHANGES
from personalize_contract.errors import CassetteError, CassetteMissing
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance
from personalize_contract.model.sdk_call import last_attempts

_EXACT = Matching()

KEPT = "What was recorded is in {}; `personalize-contract recover` makes the cassette of it"


class Recording:
    """Records one cassette, from its test's set-up to its teardown. Any thread may `append`.

    Nothing is changed at `path` before `save`; nobody else can record it until `save`, `discard`
    or `leave`.

    Raises:
        CassetteLocked: somebody else is recording this cassette.
        CassetteError: the folder can't be written to, what lies there is no file, or the cassette
            belongs to another test.
    """

    def __init__(self, path: Path, provenance: Provenance) -> None:
        self.path, self.provenance = path, provenance
        self._mutex = threading.Lock()
        _check_file(path)
        self._journal = self._opened_journal()
        self._is_open, self._is_broken = True, False
        self.saved: list[Exchange] = []
        """What the cassette holds, once it is saved."""
        self._matching: dict[str, Matching] = {}
        self.renew_before = ""
        """The moment before which a recording is not left as it was, however it is confirmed."""
        self.count = 0
        """The exchanges so far, each attempt of an SDK call by itself."""
        try:
            ownership.check_to_record(path, provenance.recorded_for)
        except BaseException:
            self.discard()
            raise

    def _opened_journal(self) -> journal.Journal:
        return journal.Journal(self.path, self.provenance)

    def match_by(self, matching: Matching, test: str = "") -> None:
        """Let this decide whether a request was recorded before; of a test, if several share it."""
        self._matching[test] = matching

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Take one redacted exchange; it is in the journal when this returns.

        Args:
            exchange: as it may be written.
            call: shared by the attempts of one SDK call, of which the last one counts; `""`
                where there is no such thing.

        Raises:
            CassetteError: it could not be written. What was taken before stays in the journal,
                whatever becomes of the test.
        """
        with self._mutex:
            if not self._is_open:
                raise CassetteError(
                    self.path, "its recording is over: this answer came after the test had ended"
                )
            try:
                journal.check_recordable(exchange.request.url, exchange.response.status)
                self._journal.append(exchange, call)
            except ValueError as error:
                raise CassetteError(self.path, f"the exchange can't be recorded: {error}") from None
            except CassetteError as error:
                self._is_broken = self._is_broken or bool(taken_of(self._journal.read())[0])
                kept = f". {KEPT.format(self._journal.path)}" if self._is_broken else ""
                raise CassetteError(error.path, error.reason + kept, error.line) from error
            self.count += 1

    def taken(self) -> list[Exchange]:
        """What was recorded so far, one exchange for each SDK call."""
        with self._mutex:
            return taken_of(self._journal.read())[0]

    def save(self) -> bool:
        """Replace the cassette by what was recorded, whole and at once.

        Returns:
            False if the cassette there has a higher provenance: it is kept as it is.

        Raises:
            CassetteError: it can't be written. The old one is whole, and so is the journal.
        """
        if self._journal.is_inherited:
            raise CassetteError(self.path, "a forked child can't save it: its parent records")
        keep = True
        try:
            above = _is_above(self.path, self.provenance)
            if not above:
                self.saved, tests = taken_of(self._journal.read())
                self._write(list(map(update.Interaction, self.saved, tests)))
            keep = False
        except CassetteError as error:
            raise CassetteError(
                error.path, f"{error.reason}. {KEPT.format(self._journal.path)}", error.line
            ) from error
        finally:
            self._end(keep=keep)
        return not above

    def _write(self, recorded: list[update.Interaction]) -> None:
        if len(recorded) > MAX_EXCHANGES:
            raise CassetteError(self.path, f"it would have more than {MAX_EXCHANGES:,} exchanges")
        text = update.text(self.path, self.provenance, recorded, self._key, self.renew_before)
        if not files.mode(self.path) or loader.read(self.path) != text.encode(
            "utf-8", "surrogatepass"
        ):
            replace(self.path, [text])

    def _key(self, recorded: update.Interaction) -> object:
        matching = self._matching.get(recorded.test, _EXACT)
        return recorded.test, matching.key(recorded.exchange.request)

    def discard(self) -> None:
        """Leave the old cassette as it is, as after a failed test.

        The journal stays where the disk, not the test, ended the recording.
        """
        self._end(keep=self._is_broken)

    def leave(self) -> None:
        """Leave the old cassette as it is, and the journal too: what was recorded is not over."""
        self._end(keep=True)

    def _end(self, *, keep: bool) -> None:
        with self._mutex:
            if self._is_open:
                self._is_open = False
                self._journal.close(keep=keep)

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


def taken_of(recordings: Iterable[journal.Taken]) -> tuple[list[Exchange], list[str]]:
    """Return the exchanges of a journal, and the test of each, `""` where none share a cassette."""
    last = {taken.test: taken for taken in recordings}  # a test that was run again has several
    pairs = [(one, test) for test in last for one in last_attempts(last[test].exchanges)]
    return [exchange for exchange, _ in pairs], [test for _, test in pairs]


def _is_above(path: Path, provenance: Provenance) -> bool:
    try:
        return provenance.below(loader.load(path).provenance)
    except CassetteMissing:
        return False
    except CassetteError:
        return False  # a broken cassette proves nothing


def _check_file(path: Path) -> None:
    """Refuse to record where something else than a file lies.

    Raises:
        CassetteError: it is a link, a folder, a pipe or a device.
    """
    if (mode := files.mode(path)) and not stat.S_ISREG(mode):
        raise files.not_a_file(path, mode)


def write(
    path: Path, provenance: Provenance, exchanges: Sequence[Exchange], tests: Sequence[str] = ()
) -> None:
    """Write a cassette, as `writer.dump` does; raises as `replace` does."""
    if len(exchanges) > MAX_EXCHANGES:
        raise CassetteError(path, f"it would have more than {MAX_EXCHANGES:,} exchanges")
    replace(path, writer.dump(provenance, exchanges, tests))


def replace(path: Path, text: Iterable[str]) -> None:
    """Write a text in pieces beside `path`, then put it in its place in one step.

    Raises:
        CassetteError: it can't be written; what was at `path` is untouched.
    """
    # One name for each cassette: what a kill leaves is in the way of nothing the next time.
    beside = path.with_name(f".{path.name}.tmp")
    try:
        files.make_folder(path.parent)
        _check_file(path)
        with files.new(beside) as file:
            try:
                # Not synced: that is for the loss of power, and costs more than a small recording.
                file.writelines(text)
                file.close()
                files.move(beside, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    files.remove(beside)
                raise
    except UnicodeEncodeError:
        raise CassetteError(path, "it can't be written: a text in it is no Unicode") from None
    except OSError as error:
        raise CassetteError(path, f"it can't be written: {error.strerror}") from error
