"""The journal of a recording: a line of JSON for each exchange, written before the answer returns.

Each line is passed to the operating system in one write, so a killed process loses none. The
caller of a torn last line never got its answer, so that line is ignored.

A line with a provenance begins a recording. The journal of a test has one recording, that of a
shared cassette one for each test, and that of the suite one for each scenario. The latter two end
each recording with a line that says whether to keep it; without that line, it was interrupted.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from personalize_contract.cassette import files
from personalize_contract.errors import CassetteError, CassetteLocked
from personalize_contract.model.exchange import Exchange, Headers, Request, Response
from personalize_contract.model.provenance import RANKS, Provenance

SUFFIX = ".partial.jsonl"

MAX_BYTES = 1024 * 1024 * 1024
"""Maximum size of a journal in bytes: twice a cassette's, because of JSON's escapes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One recording in a journal.

    Args:
        provenance: the provenance of its answers.
        exchanges: the exchanges, each with the id of its SDK call.
        is_whole: whether it was ended as one to keep.
        test: the node id of the test, in a shared cassette; otherwise `""`.
    """

    provenance: Provenance
    exchanges: list[tuple[Exchange, str]] = field(default_factory=list)
    is_whole: bool = False
    test: str = ""


def path_for(cassette: Path) -> Path:
    """Return the path of a cassette's journal, beside it."""
    return cassette.with_name(cassette.name + SUFFIX)


def _text(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": b64encode(body).decode()}


def _body(written: dict[str, str]) -> bytes:
    return written["text"].encode() if "text" in written else b64decode(written["base64"])


class Journal:
    """The journal of a recording under way. Not thread-safe.

    Its lock is the right to record the cassette. The system releases the lock when the process
    ends, in whatever way; no lock file is left. On file systems without locks there is no lock.

    Args:
        cassette: the path of the cassette.
        provenance: the provenance of the answers; None if each recording begins with its own.

    Raises:
        CassetteLocked: another recording of this cassette is under way.
        CassetteError: the folder can't be written to, or the disk is full.
    """

    def __init__(self, cassette: Path, provenance: Provenance | None = None) -> None:
        self.path, self._process = path_for(cassette), os.getpid()
        files.check_locks(cassette)
        try:
            files.make_folder(self.path.parent)
            self._file = _new(self.path)
        except BlockingIOError:
            raise CassetteLocked(
                cassette, "another process or test is recording it; record it in only one"
            ) from None
        except OSError as error:
            raise CassetteError(self.path, f"it can't be written: {error.strerror}") from error
        try:
            if provenance:
                self.begin(provenance)
        except BaseException:
            self.close(keep=False)
            raise

    def begin(self, provenance: Provenance, test: str = "") -> None:
        """Begin a recording of this provenance, and in a shared cassette, of this test."""
        self._write({"provenance": provenance.fields()} | ({"test": test} if test else {}))

    def end(self, *, keep: bool) -> None:
        """End the current recording."""
        self._write({"keep": keep})

    def append(self, exchange: Exchange, call: str) -> None:
        """Write an exchange, with the id that the attempts of one SDK call share."""
        request, response = exchange.request, exchange.response
        self._write(
            {
                "call": call,
                "request": [request.method, request.url, request.headers, _text(request.body)],
                "response": [
                    response.status,
                    response.reason,
                    response.headers,
                    _text(response.body),
                ],
            }
        )

    @property
    def is_inherited(self) -> bool:
        """True if this process is a forked child of the one that records."""
        return os.getpid() != self._process

    def _write(self, line: dict[str, Any]) -> None:
        if self.is_inherited:
            raise CassetteError(self.path, "a forked child can't write to it: its parent records")
        data = json.dumps(line).encode() + b"\n"
        whole = files.length(self._file)
        if whole + len(data) > MAX_BYTES:
            raise CassetteError(
                self.path, f"it would be larger than {MAX_BYTES >> 20} MiB: record fewer requests"
            )
        try:
            while data:
                data = data[files.write(self._file, data) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                # The next line must not be appended to a partial one.
                files.truncate(self._file, whole)
            raise CassetteError(self.path, f"it can't be written: {error.strerror}") from error

    def read(self) -> list[Taken]:
        """Return the recordings so far; raises the errors of `read`."""
        with files.reread(self._file) as file:
            return _read(file, self.path)

    def close(self, *, keep: bool) -> None:
        """Close the journal, and remove it unless it is kept."""
        with contextlib.suppress(OSError):
            if not self.is_inherited:
                if not keep and files.is_at(self._file, self.path):
                    files.remove(self.path)
                # Forked children share the lock, and may live longer.
                files.unlock(self._file)
        files.close(self._file)


def _new(path: Path) -> int:
    """Open an empty, locked journal. An interrupted recording's becomes `x.1.partial.jsonl`."""
    while True:
        file = files.appending(path, create=True)
        try:
            files.lock(file)
            # Its owner may have removed it since it was opened.
            if files.is_at(file, path):
                if files.length(file) == 0:
                    return file
                files.move(path, _aside(path))
        except BaseException:
            files.close(file)
            raise
        files.close(file)


def _aside(path: Path) -> Path:
    stem = path.name.removesuffix(SUFFIX)
    names = (path.with_name(f"{stem}.{number}{SUFFIX}") for number in itertools.count(1))
    return next(name for name in names if not files.mode(name))


@contextlib.contextmanager
def held(path: Path, cassette: Path) -> Iterator[None]:
    """Lock a leftover journal, and recordings of its cassette, within the context.

    Args:
        path: the journal of an interrupted recording.
        cassette: the cassette that it is the journal of.

    Raises:
        CassetteLocked: a recording is under way.
        CassetteError: the journal can't be opened.
    """
    files.check_locks(path)
    current = path_for(cassette)
    with contextlib.ExitStack() as stack:
        try:
            for each in dict.fromkeys((path, current)):
                file = files.appending(each, create=each != path)
                stack.callback(files.close, file)
                files.lock(file)
                if not files.is_at(file, each):
                    raise CassetteError(each, "it was removed in the meantime; try again")
                if each != path and files.length(file) == 0:
                    # Created only for its lock.
                    stack.callback(_remove_own, file, each)
        except BlockingIOError:
            raise CassetteLocked(path, "its recording is still under way") from None
        except OSError as error:
            raise CassetteError(path, f"it can't be read: {error.strerror}") from error
        yield


def _remove_own(file: int, path: Path) -> None:
    with contextlib.suppress(OSError):
        if files.is_at(file, path) and files.length(file) == 0:
            files.remove(path)


def read(path: Path) -> list[Taken]:
    """Return the recordings in a journal, without those that ended as not to be kept.

    Raises:
        CassetteError: a line other than a torn last one can't be read.
    """
    with files.reading(path) as file:
        return _read(file, path)


def _read(file: BinaryIO, path: Path) -> list[Taken]:
    if files.length(file.fileno()) > MAX_BYTES:
        raise CassetteError(path, f"not a journal: larger than {MAX_BYTES >> 20} MiB")
    recordings: list[Taken] = []
    for number, line in enumerate(file, start=1):
        if not line.endswith(b"\n"):
            break
        try:
            entry = json.loads(line)
            if "provenance" in entry:
                provenance = _provenance(entry["provenance"])
                recordings.append(Taken(provenance, test=str(entry.get("test", ""))))
            elif "keep" in entry:
                last = recordings.pop()
                if entry["keep"]:
                    recordings.append(replace(last, is_whole=True))
            else:
                last = recordings[-1]
                last.exchanges.append((_exchange(entry, last.provenance), str(entry["call"])))
        except (
            *(ValueError, LookupError, TypeError, AttributeError),
            *(RecursionError, OverflowError),
        ) as error:
            raise CassetteError(
                path, "not a journal entry; remove this line to keep the others", number
            ) from error
    return recordings


def _provenance(fields: dict[str, str]) -> Provenance:
    provenance = Provenance(**{name: str(value) for name, value in fields.items()})
    RANKS.index(provenance.answered_by)
    return provenance


def _exchange(entry: dict[str, Any], provenance: Provenance) -> Exchange:
    method, url, sent, body = entry["request"]
    status, reason, received, answer = entry["response"]
    check_recordable(str(url), int(status))
    return Exchange(
        Request(str(method), str(url), _headers(sent), _body(body)),
        Response(int(status), str(reason), _headers(received), _body(answer)),
        provenance.answered_by,
    )


def _headers(written: dict[str, str]) -> Headers:
    return {str(name): str(value) for name, value in written.items()}


def check_recordable(url: str, status: int) -> None:
    """Check that a cassette with this URL and status can be read again.

    Raises:
        ValueError: it can't.
    """
    urlsplit(url).path.encode()
    if not 100 <= status <= 999:
        raise ValueError(f"{status} is not an HTTP status")
