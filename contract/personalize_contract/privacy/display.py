"""Exchanges as people see them: never with item properties, accounts or secrets.

An answer can repeat anything that was sent, so the values of the request's properties are taken
out of it too. What would change how a report reads (control characters, marks that turn the
direction of writing) is shown as its escape.
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

_LONGEST = 2000
_STRING = 300
_SENT = 80
_DEEPEST = 12
_TELLING = 12
"""Characters of a value that are too many to stand somewhere by chance."""

_UNPRINTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def message(words: str) -> str:
    """Return a message of our own, which may quote files, options and answers, as it is shown.

    Whatever is printed passes this: without accounts and secrets, and its control characters
    escaped. Its lines stay lines; what it quotes must not bring any (`quoted`, `line`).
    """
    redactor = Redactor()
    return "\n".join(_printed(redactor.masked(each)) for each in words.split("\n"))


errors.guard_messages(message)


def quoted(words: object) -> str:
    """Return a message as one line, in which a line break of what it quotes is an escape."""
    return message(str(words).replace("\n", "\\u000a"))


def _printed(words: str) -> str:
    return _UNPRINTED.sub(lambda match: f"\\u{ord(match[0]):04x}", words)


def text(words: str, redactor: Redactor, limit: int = 500) -> str:
    """Words with what an answer may have put in them: shortened, unless they hold a secret."""
    if what := redactor.secret_in(words):
        return f"(not shown: it holds {what})"
    return _cut(_printed(words), limit)


def line(words: str, redactor: Redactor, limit: int = 500) -> str:
    """The same on one line, so that no part of it is taken for a line of its own."""
    return " ".join(text(words, redactor, limit).split())


def _cut(words: str, limit: int) -> str:
    return words if len(words) <= limit else f"{words[: limit - 20]}... ({len(words)} characters)"


def answered(words: str, to: Request, redactor: Redactor) -> str:
    """Words that hold parts of the answer to a request, without what it repeats of that."""
    return line(_hidden(to)(redactor.words(words)), redactor)


def exchange(one: Exchange, redactor: Redactor) -> dict[str, Any]:
    """An exchange as a JSON document for reports."""
    request = redactor.request(one.request)
    target = f"{request.path}?{request.query}" if request.query else request.path
    return {
        "answered_by": one.answered_by,
        "request": {
            "method": text(request.method, redactor),
            "path": text(target, redactor),
            "headers": _headers(request.headers, redactor),
            "body": _request_body(request, redactor),
        },
        "response": response(one.response, one.request, redactor),
    }


def response(received: Response, to: Request, redactor: Redactor) -> dict[str, Any]:
    """A response as a JSON document for reports, without what it repeats of the request `to`."""
    masked = _hidden(to)
    kept = redactor.response(received)

    def shown(value: str) -> str:
        return text(masked(value), redactor, _STRING)

    try:
        value = strict_json.loads(kept.body)
        body = json.dumps(_each(value, shown, 0), ensure_ascii=False)
    except strict_json.NotJson:
        body = masked(kept.body.decode("utf-8", "backslashreplace"))
    return {
        "status": kept.status,
        "reason": shown(kept.reason),
        "code": shown(rest_json.error_code(kept) or "") if kept.status >= 300 else "",
        "headers": _headers({name: masked(kept.headers[name]) for name in kept.headers}, redactor),
        "body": text(body, redactor, _LONGEST),
    }


def _headers(headers: Headers, redactor: Redactor) -> dict[str, str]:
    return {name: text(value, redactor, _STRING) for name, value in headers.items()}


def _request_body(request: Request, redactor: Redactor) -> str:
    """A body in which each `properties` is only its kind and length."""
    name = _document(request)
    try:
        value = strict_json.loads(request.body)
    except strict_json.NotJson:
        plain = request.body.decode("utf-8", "backslashreplace")
        # Where its members end can't be known, so nothing is shown from the first one on.
        head, found, _ = plain.partition(name)
        rest = f"{found}... ({len(request.body)} bytes, not JSON)" if found else ""
        return text(head, redactor, _STRING) + rest
    body = _each(value, lambda one: text(one, redactor, _SENT), 0, name)
    return text(json.dumps(body, ensure_ascii=False), redactor, _LONGEST)


def _document(request: Request) -> str:
    operation = contract.at(request.path)
    return (operation and operation.document) or "properties"


def _each(value: Any, shown: Callable[[str], str], depth: int, hidden: str = "") -> Any:
    """A JSON value with its texts as they are shown, cut where it is deeper than people read."""
    if isinstance(value, dict | list) and depth > _DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {
            shown(name): f"({_size(one)})"
            if name == hidden
            else _each(one, shown, depth + 1, hidden)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_each(one, shown, depth + 1, hidden) for one in value]
    if not isinstance(value, str):
        return value
    # A JSON text where an object belongs holds what the object would.
    return f"({_size(value)})" if hidden and hidden in value else shown(value)


def _size(value: Any) -> str:
    if isinstance(value, str):
        return f"{len(value)} characters"
    return f"not a string: {type(value).__name__}"


_WORD = re.compile(r"\w+(?:-\w+)*")
_ACCOUNT = re.compile(r"(?<![\w.-])\d{12}(?![\w.-])")


def _hidden(request: Request) -> Callable[[str], str]:
    """Takes the values of a request's properties, and account ids, out of what answers it."""
    return _without(_document(request), request.body)


@lru_cache(maxsize=1)  # many words are shown of one exchange, then of the next
def _without(name: str, body: bytes) -> Callable[[str], str]:
    try:
        found = set(_values(strict_json.loads(body), name))
    except strict_json.NotJson:
        # Whatever may be one: each word behind the first mention of the member.
        rest = body.decode("utf-8", "replace").partition(name)[2]
        found = set(_WORD.findall(rest))
    longest = sorted((one for one in found if len(one) > 2), key=len, reverse=True)
    pattern = re.compile("|".join(map(_anywhere, longest)) or r"(?!)")
    return lambda value: _ACCOUNT.sub(ACCOUNT, pattern.sub("(properties)", value))


def _anywhere(value: str) -> str:
    """A pattern of a value; of a long one its beginning is enough, for it may be cut short."""
    if len(value) > _TELLING:
        return rf'(?<!\w){re.escape(value[:_TELLING])}[^"\\]*'
    return rf"(?<!\w){re.escape(value)}(?!\w)"


def _values(value: Any, name: str, within: bool = False) -> Iterator[str]:
    """Each text and number of the members `name`, also of the JSON text that one holds."""
    waiting = [(value, within)]
    while waiting:
        one, inside = waiting.pop()
        if isinstance(one, dict):
            waiting += [(member, inside or key == name) for key, member in one.items()]
        elif isinstance(one, list):
            waiting += [(member, inside) for member in one]
        elif isinstance(one, str) and not inside:
            yield from _WORD.findall(one.partition(name)[2])
        elif inside and isinstance(one, str | int | float) and not isinstance(one, bool):
            yield str(one)
            if isinstance(one, str) and one[:1] in ("{", "["):
                try:
                    waiting.append((strict_json.loads(one), True))
                except strict_json.NotJson:
                    yield from _WORD.findall(one)


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_VALUE = 100


def value(body: bytes, where: str) -> str:
    """The string at a JSON path of a request body, shortened, its account masked.

    `""` where there is no string to show, and for what is never shown: item properties, and the
    ids of persons.
    """
    try:
        found = strict_json.loads(mask_accounts(body))
        for name, index in _STEP.findall(where):
            found = found[int(index)] if index else found[name]
    except (strict_json.NotJson, LookupError, TypeError):
        return ""
    if not isinstance(found, str) or where.endswith("properties") or _is_private(where):
        return ""
    return json.dumps(text(found, Redactor(), _VALUE), ensure_ascii=False)


def _is_private(where: str) -> bool:
    """Whether an operation has an id of a person at such a JSON path."""
    at = re.sub(r"\d+", "", where)
    return any(at in contract.load(name).private for name in contract.operations())


def path(of: Path) -> str:
    """A path as it is typed here: below the working directory without it."""
    return quoted(str(of).removeprefix(f"{Path.cwd()}/"))
