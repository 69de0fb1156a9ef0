"""Reads HAR 1.2, the recordings of browsers and proxies: entries for an operation as exchanges.

This package didn't receive these answers itself, so their provenance is `unknown`.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

from personalize_contract.cassette import files, journal, loader
from personalize_contract.errors import CassetteError, SecretFound
from personalize_contract.model import contract
from personalize_contract.model.exchange import Exchange, Request, Response, headers
from personalize_contract.model.provenance import DATE, Provenance
from personalize_contract.model.sdk_call import call_id, last_attempts
from personalize_contract.privacy.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Imported:
    """The content of a HAR file.

    Args:
        provenance: `unknown`, with the date of the first exchange.
        exchanges: redacted, one for each SDK call.
        left_out: each other entry, with the reason.
    """

    provenance: Provenance
    exchanges: list[Exchange]
    left_out: list[str]


def read(path: Path, redactor: Redactor) -> Imported:
    """Read a HAR file.

    Args:
        path: the file.
        redactor: of what is written.

    Raises:
        CassetteError: it is not a HAR file, or can't be read; the message has the place.
        SecretFound: a secret is in one of its exchanges; the message has the place.
    """
    entries = _Value(path, "", _json(path)).member("log", dict).member("entries", list).each()
    exchanges: list[tuple[Exchange, str]] = []
    dates: list[str] = []
    left_out: list[str] = []
    for entry in entries:
        request = entry.member("request", dict)
        name = _name(request)
        if reason := _foreign(request) or _incomplete(entry):
            left_out.append(f"{entry.place}: {name}: {reason}")
            continue
        exchange = _exchange(entry)
        try:
            redacted = redactor.exchange(exchange)
        except SecretFound as error:
            raise SecretFound(f"{path}: {entry.place}: {error}") from None
        exchanges.append((redacted, call_id(exchange.request)))
        dates += [date] if (date := _date(entry)) else []
    provenance = Provenance(recorded_at=min(dates, default=""))
    return Imported(provenance, last_attempts(exchanges), left_out)


class _Value:
    """A value in a HAR file, with its place for messages."""

    def __init__(self, path: Path, place: str, value: Any) -> None:
        self.path, self.place, self.value = path, place, value

    def member(self, name: str, kind: type, default: Any = None) -> _Value:
        """Return a member of an object; without a default it has to be there."""
        place = f"{self.place}.{name}".removeprefix(".")
        value = self.value.get(name, default) if isinstance(self.value, dict) else None
        if not isinstance(value, kind) or isinstance(value, bool):
            names = {dict: "an object", list: "an array", str: "a text", int: "a number"}
            self.refuse(f"{place} is missing, or is not {names[kind]}")
        return _Value(self.path, place, value)

    def each(self) -> list[_Value]:
        """Return the members of an array, which have to be objects."""
        values = [
            _Value(self.path, f"{self.place}[{number}]", value)
            for number, value in enumerate(self.value)
        ]
        for value in values:
            if not isinstance(value.value, dict):
                value.refuse(f"{value.place} is not an object")
        return values

    def text(self, name: str, default: str | None = None) -> str:
        """Return a member that is a text."""
        return str(self.member(name, str, default).value)

    def url(self) -> SplitResult:
        """Return the URL of a request."""
        try:
            return urlsplit(self.text("url"))
        except ValueError:
            self.refuse(f"{self.place}.url is not a URL")

    def refuse(self, reason: str) -> NoReturn:
        """Give up on the file."""
        raise CassetteError(self.path, f"not HAR 1.2: {reason}; export it again")


def _json(path: Path) -> Any:
    with files.reading(path) as file:
        data = file.read(loader.MAX_BYTES + 1)
    if len(data) > loader.MAX_BYTES:
        raise CassetteError(path, f"larger than {loader.MAX_BYTES >> 20} MiB")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise CassetteError(path, f"not JSON: {error.msg}", error.lineno) from None
    except UnicodeDecodeError:
        raise CassetteError(path, "not UTF-8") from None
    except RecursionError:
        raise CassetteError(path, "not HAR 1.2: nested too deeply") from None


def _name(request: _Value) -> str:
    """Return the method and host of a request; a path or query may hold a token."""
    url = request.url()
    return f"{request.text('method')} {url.scheme}://{url.hostname}"


def _foreign(request: _Value) -> str:
    """Return why a request is not for one of the operations; `""` if it is."""
    url = request.url()
    operation = contract.at(url.path)
    if operation is None or operation.service not in (url.hostname or "").split("."):
        return "not a request for one of the operations"
    if (method := request.text("method")) != operation.method:
        return f"{operation.operation} is {operation.method}, not {method}"
    return ""


def _incomplete(entry: _Value) -> str:
    """Return why an entry is not a complete exchange; `""` if it is."""
    request, response = entry.member("request", dict), entry.member("response", dict)
    content = response.member("content", dict)
    if not 100 <= response.member("status", int).value <= 999:
        return "no response"
    if "text" not in content.value and content.member("size", int, 0).value > 0:
        return "the file lacks the body of the response"
    if "postData" not in request.value and request.member("bodySize", int, 0).value > 0:
        return "the file lacks the body of the request"
    return ""


def _exchange(entry: _Value) -> Exchange:
    request, response = entry.member("request", dict), entry.member("response", dict)
    sent = Request(
        request.text("method"),
        request.text("url"),
        _headers(request),
        _body(request.member("postData", dict, {})),
    )
    received = Response(
        response.member("status", int).value,
        response.text("statusText", ""),
        _headers(response),
        _body(response.member("content", dict)),
    )
    try:
        journal.check_recordable(sent.url, received.status)
    except ValueError as error:
        entry.refuse(f"{entry.place} can't be recorded ({error})")
    return Exchange(sent, received)


def _headers(message: _Value) -> dict[str, str]:
    pairs = message.member("headers", list).each()
    return dict(headers((pair.text("name"), pair.text("value")) for pair in pairs))


def _body(content: _Value) -> bytes:
    """Return a body: a text, decoded by the browser, or base64."""
    text = content.text("text", "")
    try:
        if content.text("encoding", "") == "base64":
            return base64.b64decode(text, validate=True)
        return text.encode()
    except (binascii.Error, UnicodeEncodeError):
        content.refuse(f"{content.place}.text can't be decoded")


def _date(entry: _Value) -> str:
    """Return the UTC time of an entry, as in recordings; `""` if it has none."""
    try:
        moment = dt.datetime.fromisoformat(entry.text("startedDateTime", ""))
    except ValueError:
        return ""
    return moment.astimezone(dt.UTC).strftime(DATE) if moment.tzinfo else ""
