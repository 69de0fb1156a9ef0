"""The journal of a recording: each finished exchange, a line of JSON, before its caller sees it.

A line is handed to the operating system in one write, so that killing the process loses none.
A torn last line is one whose caller never got an answer, and is left out.
"""

from __future__ import annotations

import contextlib
import json
import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from personalize_contract.errors import CassetteError
from personalize_contract.exchange import Exchange, Headers, Request, Response
from personalize_contract.provenance import RANKS, Provenance

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
    """An open journal. Not for several threads at once: its recording holds a lock.

    Raises:
        CassetteError: the folder can't be written to, or the disk is full.
    """

    def __init__(self, path: Path, provenance: Provenance) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _set_aside(path)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise CassetteError(path, f"it can't be written: {error.strerror}") from error
        self._write({"provenance": provenance.fields()})

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

    def close(self, *, keep: bool) -> None:
        """Close it, and remove it unless it holds what nothing else does."""
        os.close(self._file)
        if not keep:
            self.path.unlink(missing_ok=True)


def _set_aside(path: Path) -> None:
    """Keep what a killed recording left: `x.partial.jsonl` becomes `x.1.partial.jsonl`."""
    number = 1
    stem = path.name.removesuffix(SUFFIX)
    while path.exists():
        aside = path.with_name(f"{stem}.{number}{SUFFIX}")
        if not aside.exists():
            path.rename(aside)
        number += 1


def read(path: Path) -> tuple[Provenance, list[tuple[Exchange, str]]]:
    """What a journal holds: its provenance, and each exchange with its call.

    Raises:
        CassetteError: a line other than a torn last one can't be read.
    """
    provenance = Provenance()
    found: list[tuple[Exchange, str]] = []
    try:
        with path.open("rb") as file:
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
                    raise CassetteError(path, "it is not a line of a journal", number) from error
    except OSError as error:
        raise CassetteError(path, f"it can't be read: {error.strerror}") from error
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
