"""The journal of a recording: each finished exchange, a line of JSON, before its caller sees it.

A line is handed to the operating system in one write, so that killing the process loses none.
A torn last line is one whose caller never got an answer, and is left out.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from personalize_contract.errors import CassetteError, CassetteLocked
from personalize_contract.model.exchange import Exchange, Headers, Request, Response
from personalize_contract.model.provenance import RANKS, Provenance

SUFFIX = ".partial.jsonl"


def path_for(cassette: Path) -> Path:
    """Where the journal of a cassette is, beside it."""
    return cassette.with_name(cassette.name + SUFFIX)


def _text(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": b64encode(body).decode()}


def _body(written: dict[str, str]) -> bytes:
    return written["text"].encode() if "text" in written else b64decode(written["base64"])


class Journal:
    """The journal of a recording under way. Not for several threads at once.

    Whoever holds its lock records the cassette. The system takes the lock away with the process
    that holds it, however that ends; it leaves no other file, and where a file system knows no
    locks there is none.

    Args:
        cassette: what is recorded.
        provenance: of the answers.

    Raises:
        CassetteLocked: somebody else is recording this cassette.
        CassetteError: the folder can't be written to, or the disk is full.
    """

    def __init__(self, cassette: Path, provenance: Provenance) -> None:
        self.path = path_for(cassette)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _new(self.path)
        except BlockingIOError:
            raise CassetteLocked(
                cassette, "another process or test is recording it; let one of them record it"
            ) from None
        except OSError as error:
            raise CassetteError(self.path, f"it can't be written: {error.strerror}") from error
        try:
            self._write({"provenance": provenance.fields()})
        except BaseException:
            self.close(keep=False)
            raise

    def append(self, exchange: Exchange, call: str) -> None:
        """Write one exchange; `call` is shared by the attempts of one SDK call."""
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

    def _write(self, line: dict[str, Any]) -> None:
        data = json.dumps(line).encode() + b"\n"
        whole = os.fstat(self._file).st_size
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                # The next line must not be joined to what there was room for.
                os.ftruncate(self._file, whole)
            raise CassetteError(self.path, f"it can't be written: {error.strerror}") from error

    def read(self) -> list[tuple[Exchange, str]]:
        """Each exchange so far with its call; raises as `read` does."""
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            return _read(file, self.path)[1]

    def close(self, *, keep: bool) -> None:
        """Close it, and remove it unless it holds what nothing else does."""
        with contextlib.suppress(OSError):
            if not keep and _is_at(self._file, self.path):
                self.path.unlink()
        os.close(self._file)


def _lock(file: int) -> None:
    """Take the lock of an open file.

    Raises:
        BlockingIOError: somebody else has it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
            raise


def _is_at(file: int, path: Path) -> bool:
    """Whether an open file is still the one with this name."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _new(path: Path) -> int:
    """An empty journal, locked. What a killed recording left becomes `x.1.partial.jsonl`."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            _lock(file)
            # Its owner may have finished and removed it since it was opened.
            if _is_at(file, path):
                if os.fstat(file).st_size == 0:
                    return file
                path.rename(_aside(path))
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _aside(path: Path) -> Path:
    stem = path.name.removesuffix(SUFFIX)
    names = (path.with_name(f"{stem}.{number}{SUFFIX}") for number in itertools.count(1))
    return next(name for name in names if not name.exists())


@contextlib.contextmanager
def left(path: Path) -> Iterator[None]:
    """While this lasts, a journal belongs to nobody else: its recording is over.

    Raises:
        CassetteLocked: it is not.
        CassetteError: it can't be opened.
    """
    try:
        file = os.open(path, os.O_RDWR)
    except OSError as error:
        raise CassetteError(path, f"it can't be read: {error.strerror}") from error
    try:
        _lock(file)
        yield
    except BlockingIOError:
        raise CassetteLocked(path, "its recording is still under way") from None
    finally:
        os.close(file)


def read(path: Path) -> tuple[Provenance, list[tuple[Exchange, str]]]:
    """What a journal holds: its provenance, and each exchange with its call.

    Raises:
        CassetteError: a line other than a torn last one can't be read.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path)
    except OSError as error:
        raise CassetteError(path, f"it can't be read: {error.strerror}") from error


def _read(file: BinaryIO, path: Path) -> tuple[Provenance, list[tuple[Exchange, str]]]:
    provenance = Provenance()
    found: list[tuple[Exchange, str]] = []
    for number, line in enumerate(file, start=1):
        if not line.endswith(b"\n"):
            break
        try:
            entry = json.loads(line)
            if "provenance" in entry:
                provenance = _provenance(entry["provenance"])
            else:
                found.append((_exchange(entry, provenance), str(entry["call"])))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CassetteError(
                path, "it is not a line of a journal; take it out to keep the others", number
            ) from error
    return provenance, found


def _provenance(fields: dict[str, str]) -> Provenance:
    found = Provenance(**{name: str(value) for name, value in fields.items()})
    RANKS.index(found.answered_by)
    return found


def _exchange(entry: dict[str, Any], provenance: Provenance) -> Exchange:
    method, url, sent, body = entry["request"]
    status, reason, received, answer = entry["response"]
    return Exchange(
        Request(str(method), str(url), _headers(sent), _body(body)),
        Response(int(status), str(reason), _headers(received), _body(answer)),
        provenance.answered_by,
    )


def _headers(written: dict[str, str]) -> Headers:
    return {str(name): str(value) for name, value in written.items()}
