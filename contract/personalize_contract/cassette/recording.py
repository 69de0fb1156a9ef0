"""A recording: exchanges onto the disk, so that none is lost and no old cassette is harmed.

The journal holds the recording, not the memory of a process: it is what a cassette is made of, here
at the end of a test as well as later, of what a killed recording left (`recovery`).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from personalize_contract.cassette import journal, loader, writer
from personalize_contract.errors import CassetteError, CassetteMissing
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance

_KEPT = "What was recorded is in {}; `personalize-contract recover` makes the cassette of it"


class Recording:
    """Records one cassette, from its test's set-up to its teardown. Any thread may `append`.

    Nothing is changed at `path` before `save`; nobody else can record it until `save`, `discard`
    or `leave`.

    Raises:
        CassetteLocked: somebody else is recording this cassette.
        CassetteError: the folder can't be written to.
    """

    def __init__(self, path: Path, provenance: Provenance) -> None:
        self.path, self._provenance = path, provenance
        self._mutex = threading.Lock()
        self._journal = journal.Journal(path, provenance)
        self._is_open = True
        self.saved: list[Exchange] = []
        """What the cassette holds, once it is saved."""

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Take one redacted exchange; it is in the journal when this returns.

        Args:
            exchange: as it may be written.
            call: shared by the attempts of one SDK call, of which the last one counts; `""`
                where there is no such thing.
        """
        with self._mutex:
            if not self._is_open:
                raise CassetteError(
                    self.path, "its recording is over: this answer came after the test had ended"
                )
            self._journal.append(exchange, call)

    def taken(self) -> list[Exchange]:
        """What was recorded so far, one exchange for each SDK call."""
        with self._mutex:
            _, taken = journal.read(self._journal.path)
        return last_of_each_call(taken)

    def save(self, confirmed: Sequence[Exchange] = ()) -> bool:
        """Replace the cassette by what was recorded, whole and at once.

        Args:
            confirmed: what to write instead, with the new provenance: the exchanges of the
                cassette, where those recorded now say the same.

        Returns:
            False if the cassette there has a higher provenance: it is kept as it is.

        Raises:
            CassetteError: it can't be written. The old one is whole, and so is the journal.
        """
        keep = True
        try:
            above = _is_above(self.path, self._provenance)
            if not above:
                self.saved = list(confirmed or last_of_each_call(self._journal.read()))
                write(self.path, self._provenance, self.saved)
            keep = False
        except CassetteError as error:
            raise CassetteError(
                error.path, f"{error.reason}. {_KEPT.format(self._journal.path)}", error.line
            ) from error
        finally:
            self._end(keep=keep)
        return not above

    def discard(self) -> None:
        """Leave the old cassette as it is, as after a failed test."""
        self._end(keep=False)

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


def _is_above(path: Path, provenance: Provenance) -> bool:
    try:
        return provenance.below(loader.load(path).provenance)
    except CassetteMissing:
        return False
    except CassetteError:
        return False  # a broken cassette proves nothing


def last_of_each_call(taken: Iterable[tuple[Exchange, str]]) -> list[Exchange]:
    """One exchange for each SDK call: its last attempt, where its first one stood.

    A cassette then doesn't depend on how often the SDK was set to retry.
    """
    found: dict[object, Exchange] = {}
    for number, (exchange, call) in enumerate(taken):
        found[call or number] = exchange
    return list(found.values())


def write(path: Path, provenance: Provenance, exchanges: Iterable[Exchange]) -> None:
    """Write a cassette beside `path`, then put it in its place in one step.

    Raises:
        CassetteError: it can't be written; what was at `path` is untouched.
    """
    # One name for each cassette: what a kill in this moment leaves is written over the next time.
    beside = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            # Not synced: that is for the loss of power, and costs more than a small recording.
            file.writelines(writer.dump(provenance, exchanges))
        beside.replace(path)
    except OSError as error:
        raise CassetteError(path, f"it can't be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
