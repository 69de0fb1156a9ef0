"""Exchanges and messages for display, without item properties, account ids or secrets.

A response can echo anything from its request, so the values of the request's properties are
removed from it too. Characters that would corrupt a report (control characters, direction marks)
are shown escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from personalize_contract import errors
from personalize_contract.model import contract, rest_json, strict_json
from personalize_contract.model.datasets import ACCOUNT
from personalize_contract.model.exchange import Exchange, Headers, Request, Response
from personalize_contract.privacy.redaction import Redactor, mask_accounts

_MAX_BODY = 2000
_MAX_STRING = 300
_MAX_SENT_STRING = 80
_MAX_DEPTH = 12
_MIN_ECHO_LENGTH = 12
"""Characters of a value that identify an echo of it; shorter matches are likely coincidence."""

_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def message(words: str) -> str:
    """Return a message of this package for display; it may quote files, options and answers.

    Everything printed goes through here: account ids and secrets are masked, control characters
    escaped. Line breaks stay; those of quoted text have to be escaped before (`quoted`, `line`).
    """
    redactor = Redactor()
    return "\n".join(_escaped(redactor.masked(part)) for part in words.split("\n"))


errors.guard_messages(message)


def quoted(words: object) -> str:
    """Return a message as one line, with line breaks escaped."""
    return message(str(words).replace("\n", "\\u000a"))


def _escaped(words: str) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", words)


def text(words: str, redactor: Redactor, limit: int = 500) -> str:
    """Return untrusted text for display: shortened, and withheld if it holds a secret."""
    if kind := redactor.secret_in(words):
        return f"(not shown: it holds {kind})"
    return _cut(_escaped(words), limit)


def line(words: str, redactor: Redactor, limit: int = 500) -> str:
    """Return untrusted text for display on one line, so that it can't forge another one."""
    return " ".join(text(words, redactor, limit).split())


def _cut(words: str, limit: int) -> str:
    return words if len(words) <= limit else f"{words[: limit - 20]}... ({len(words)} characters)"


def answered(words: str, to: Request, redactor: Redactor) -> str:
    """Return text from a response for display, without values echoed from its request."""
    return line(_hidden(to)(redactor.words(words)), redactor)


def exchange(recorded: Exchange, redactor: Redactor) -> dict[str, Any]:
    """Return an exchange as a JSON document for reports."""
    return {
        "answered_by": recorded.answered_by,
        "request": request(recorded.request, redactor),
        "response": response(recorded.response, recorded.request, redactor),
    }


def request(sent: Request, redactor: Redactor) -> dict[str, Any]:
    """Return a request as a JSON document for reports."""
    redacted = redactor.request(sent)
    target = f"{redacted.path}?{redacted.query}" if redacted.query else redacted.path
    return {
        "method": text(redacted.method, redactor),
        "path": text(target, redactor),
        "headers": _headers(redacted.headers, redactor),
        "body": _request_body(redacted, redactor),
    }


def response(received: Response, to: Request, redactor: Redactor) -> dict[str, Any]:
    """Return a response as a JSON document for reports, without values echoed from `to`."""
    masked = _hidden(to)
    safe = redactor.response(received)

    def shown(value: str) -> str:
        return text(masked(value), redactor, _MAX_STRING)

    try:
        value = strict_json.loads(safe.body)
        body = json.dumps(_each(value, shown, 0), ensure_ascii=False)
    except strict_json.NotJson:
        body = masked(safe.body.decode("utf-8", "backslashreplace"))
    return {
        "status": safe.status,
        "reason": shown(safe.reason),
        "code": shown(rest_json.error_code(safe) or "") if safe.status >= 300 else "",
        "headers": _headers({name: masked(safe.headers[name]) for name in safe.headers}, redactor),
        "body": text(body, redactor, _MAX_BODY),
    }


def _headers(headers: Headers, redactor: Redactor) -> dict[str, str]:
    return {name: text(value, redactor, _MAX_STRING) for name, value in headers.items()}


def _request_body(request: Request, redactor: Redactor) -> str:
    """Return a body for display, with only the type and length of each `properties`."""
    name = _document(request)
    try:
        value = strict_json.loads(request.body)
    except strict_json.NotJson:
        plain = request.body.decode("utf-8", "backslashreplace")
        # The end of a document can't be told in such a body, so it is cut at the first one.
        head, mention, _ = plain.partition(name)
        rest = f"{mention}... ({len(request.body)} bytes, not JSON)" if mention else ""
        return text(head, redactor, _MAX_STRING) + rest
    body = _each(value, lambda sent: text(sent, redactor, _MAX_SENT_STRING), 0, name)
    return text(json.dumps(body, ensure_ascii=False), redactor, _MAX_BODY)


def _document(request: Request) -> str:
    operation = contract.at(request.path)
    return (operation and operation.document) or "properties"


def _each(value: Any, shown: Callable[[str], str], depth: int, hidden: str = "") -> Any:
    """Return a JSON value with its strings formatted by `shown`, and cut below a maximum depth."""
    if isinstance(value, dict | list) and depth > _MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        return {
            shown(name): f"({_size(member)})"
            if name == hidden
            else _each(member, shown, depth + 1, hidden)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_each(member, shown, depth + 1, hidden) for member in value]
    if not isinstance(value, str):
        return value
    # A string in the place of an object may be that object's JSON text.
    return f"({_size(value)})" if hidden and hidden in value else shown(value)


def _size(value: Any) -> str:
    if isinstance(value, str):
        return f"{len(value)} characters"
    return f"not a string: {type(value).__name__}"


_WORD = re.compile(r"\w+(?:-\w+)*")
_ACCOUNT = re.compile(r"(?<![\w.-])\d{12}(?![\w.-])")


def _hidden(request: Request) -> Callable[[str], str]:
    """Return a filter that masks the values of a request's properties, and account ids."""
    return _without(_document(request), request.body)


@lru_cache(maxsize=1)  # one exchange is shown in many parts, then the next
def _without(name: str, body: bytes) -> Callable[[str], str]:
    try:
        values = set(_values(strict_json.loads(body), name))
    except strict_json.NotJson:
        # Every word after the first mention of the member may be a value.
        rest = body.decode("utf-8", "replace").partition(name)[2]
        values = set(_WORD.findall(rest))
    longest_first = sorted((value for value in values if len(value) > 2), key=len, reverse=True)
    pattern = re.compile("|".join(map(_anywhere, longest_first)) or r"(?!)")
    return lambda value: _ACCOUNT.sub(ACCOUNT, pattern.sub("(properties)", value))


def _anywhere(value: str) -> str:
    """Return a pattern for a value; a long one matches by its beginning, as it may be cut short."""
    if len(value) > _MIN_ECHO_LENGTH:
        return rf'(?<!\w){re.escape(value[:_MIN_ECHO_LENGTH])}[^"\\]*'
    return rf"(?<!\w){re.escape(value)}(?!\w)"


def _values(value: Any, name: str, within: bool = False) -> Iterator[str]:
    """Yield each string and number in the members `name`, and in their JSON texts."""
    pending = [(value, within)]
    while pending:
        value, inside = pending.pop()
        if isinstance(value, dict):
            pending += [(member, inside or key == name) for key, member in value.items()]
        elif isinstance(value, list):
            pending += [(member, inside) for member in value]
        elif isinstance(value, str) and not inside:
            yield from _WORD.findall(value.partition(name)[2])
        elif inside and isinstance(value, str | int | float) and not isinstance(value, bool):
            yield str(value)
            if isinstance(value, str) and value[:1] in ("{", "["):
                try:
                    pending.append((strict_json.loads(value), True))
                except strict_json.NotJson:
                    yield from _WORD.findall(value)


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_MAX_VALUE = 100


def value(body: bytes, where: str) -> str:
    """Return the string at a JSON path of a request body, shortened, with accounts masked.

    Returns `""` if there is no string, or one that is never shown: item properties and personal
    ids.
    """
    try:
        member = strict_json.loads(mask_accounts(body))
        for name, index in _STEP.findall(where):
            member = member[int(index)] if index else member[name]
    except (strict_json.NotJson, LookupError, TypeError):
        return ""
    if not isinstance(member, str) or where.endswith("properties") or _is_private(where):
        return ""
    return json.dumps(text(member, Redactor(), _MAX_VALUE), ensure_ascii=False)


def _is_private(where: str) -> bool:
    """Return whether any operation has a personal id at such a JSON path."""
    at = re.sub(r"\d+", "", where)
    return any(at in contract.load(name).private for name in contract.operations())


def path(of: Path) -> str:
    """Return a path for display, relative to the working directory if it is below it."""
    return quoted(str(of).removeprefix(f"{Path.cwd()}/"))
