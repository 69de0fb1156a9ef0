"""A recording: writes exchanges to disk so that none is lost and no old cassette is harmed.

The recording is in a journal, not in the memory of a process. The cassette is made of the journal,
at the end of the test or, after an interrupted recording, by `recovery`.
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

KEPT = "The recording is in {}; `personalize-contract recover` turns it into a cassette"


class Recording:
    """Records one cassette, from its test's set-up to its teardown. `append` is thread-safe.

    The file at `path` doesn't change before `save`. Until `save`, `discard` or `leave`, no other
    recording of the cassette can begin.

    Args:
        path: the cassette.
        provenance: the provenance of the answers.

    Raises:
        CassetteLocked: another recording of this cassette is under way.
        CassetteError: the folder can't be written to, the path is not a regular file, or the
            cassette belongs to another test.
    """

    def __init__(self, path: Path, provenance: Provenance) -> None:
        self.path, self.provenance = path, provenance
        self._mutex = threading.Lock()
        _check_file(path)
        self._journal = self._opened_journal()
        self._is_open, self._is_broken = True, False
        self.saved: list[Exchange] = []
        """The exchanges of the cassette, once it is saved."""
        self._matching: dict[str, Matching] = {}
        self.renew_before = ""
        """Exchanges that were recorded before this time get a new date, even if nothing changed."""
        self.count = 0
        """Number of exchanges so far, counting each attempt of an SDK call."""
        try:
            ownership.check_to_record(path, provenance.recorded_for)
        except BaseException:
            self.discard()
            raise

    def _opened_journal(self) -> journal.Journal:
        return journal.Journal(self.path, self.provenance)

    def match_by(self, matching: Matching, test: str = "") -> None:
        """Set the rule by which a request was recorded before.

        Args:
            matching: the rule.
            test: the node id of the test that it is for, in a shared cassette.
        """
        self._matching[test] = matching

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Write an exchange to the journal.

        Args:
            exchange: the exchange, redacted.
            call: the id that the attempts of one SDK call share, of which only the last is kept;
                `""` if there is none.

        Raises:
            CassetteError: it can't be written. Earlier exchanges stay in the journal, even if the
                test fails.
        """
        with self._mutex:
            if not self._is_open:
                raise CassetteError(
                    self.path, "its recording is over: this answer arrived after the test's end"
                )
            try:
                journal.check_recordable(exchange.request.url, exchange.response.status)
                self._journal.append(exchange, call)
            except ValueError as error:
                raise CassetteError(self.path, f"the exchange can't be recorded: {error}") from None
            except CassetteError as error:
                self._is_broken = self._is_broken or bool(cassette_content(self._journal.read())[0])
                hint = f". {KEPT.format(self._journal.path)}" if self._is_broken else ""
                raise CassetteError(error.path, error.reason + hint, error.line) from error
            self.count += 1

    def exchanges(self) -> list[Exchange]:
        """Return the exchanges so far, one for each SDK call."""
        with self._mutex:
            return cassette_content(self._journal.read())[0]

    def save(self) -> bool:
        """Replace the cassette with the recording, atomically.

        Returns:
            False if the existing cassette has stronger provenance and was kept.

        Raises:
            CassetteError: it can't be written. The old cassette and the journal are kept.
        """
        if self._journal.is_inherited:
            raise CassetteError(self.path, "only the process that records it can save it")
        keep = True
        try:
            is_outranked = _is_outranked(self.path, self.provenance)
            if not is_outranked:
                self.saved, tests = cassette_content(self._journal.read())
                self._write(list(map(update.Interaction, self.saved, tests)))
            keep = False
        except CassetteError as error:
            raise CassetteError(
                error.path, f"{error.reason}. {KEPT.format(self._journal.path)}", error.line
            ) from error
        finally:
            self._end(keep=keep)
        return not is_outranked

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
        """Keep the old cassette, as after a failed test.

        The journal is kept only if a failure to write ended the recording.
        """
        self._end(keep=self._is_broken)

    def leave(self) -> None:
        """Keep the old cassette and the journal, since the recording is incomplete."""
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


def cassette_content(recordings: Iterable[journal.Taken]) -> tuple[list[Exchange], list[str]]:
    """Return the exchanges that a journal makes a cassette of, and the test of each.

    They are the last attempts of the SDK calls in the last recording of each test. The test is
    `""` unless tests share the cassette.
    """
    last = {recording.test: recording for recording in recordings}
    pairs = [(each, test) for test in last for each in last_attempts(last[test].exchanges)]
    return [exchange for exchange, _ in pairs], [test for _, test in pairs]


def _is_outranked(path: Path, provenance: Provenance) -> bool:
    """Return whether the cassette there has stronger provenance than a new recording."""
    try:
        return provenance.below(loader.load(path).provenance)
    except CassetteMissing:
        return False
    except CassetteError:
        return False  # a damaged cassette has no provenance to protect


def _check_file(path: Path) -> None:
    """Refuse to record to a path that is not a regular file.

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
    """Write text to a temporary file beside `path`, then move it to `path` atomically.

    Args:
        path: the file to replace.
        text: the text, in pieces.

    Raises:
        CassetteError: it can't be written. The old file is kept.
    """
    # A fixed name, so that the next recording replaces the leftover of a killed one.
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        files.make_folder(path.parent)
        _check_file(path)
        with files.new(temporary) as file:
            try:
                # Not synced: that would only help after a power failure, and costs too much.
                file.writelines(text)
                file.close()
                files.move(temporary, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    files.remove(temporary)
                raise
    except UnicodeEncodeError:
        raise CassetteError(path, "it can't be written: it has text that isn't Unicode") from None
    except OSError as error:
        raise CassetteError(path, f"it can't be written: {error.strerror}") from error
