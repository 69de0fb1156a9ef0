"""Exchanges as people see them: in reports, messages and summaries. Never with item properties."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from personalize_contract import strictjson
from personalize_contract.exchange import Exchange
from personalize_contract.redact import Redactor, mask_accounts

_LONGEST = 2000
_STRING = 80


def body(text: bytes) -> str:
    """A body, shortened, in which each `properties` is only its kind and length."""
    try:
        value = strictjson.loads(text)
    except strictjson.NotJson:
        plain = text.decode("utf-8", "backslashreplace")
        # Where its members end can't be known, so nothing is shown from the first one on.
        head, found, _ = plain.partition('"properties"')
        return _cut(head, 200) + (f"{found}... ({len(text)} bytes, not JSON)" if found else "")
    return _cut(json.dumps(_without(value), ensure_ascii=False), _LONGEST)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: f"({_size(member)})" if key == "properties" else _without(member)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_without(member) for member in value]
    return _cut(value, _STRING) if isinstance(value, str) else value


def _size(value: Any) -> str:
    if isinstance(value, str):
        return f"{len(value)} characters"
    return f"not a string: {type(value).__name__}"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 20]}... ({len(text)} characters)"


def exchange(one: Exchange, redactor: Redactor) -> dict[str, Any]:
    """An exchange as a JSON document for reports: accounts masked, properties left out."""
    request, response = redactor.request(one.request), redactor.response(one.response)
    target = f"{request.path}?{request.query}" if request.query else request.path
    return {
        "answered_by": one.answered_by,
        "request": {
            "method": request.method,
            "path": target,
            "headers": dict(request.headers),
            "body": body(request.body),
        },
        "response": {
            "status": response.status,
            "reason": response.reason,
            "headers": dict(response.headers),
            "body": body(response.body),
        },
    }


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_VALUE = 60


def value(text: bytes, where: str) -> str:
    """The string at a JSON path of a request body, shortened, its account masked.

    `""` where there is no string to show, and for item properties, which are never shown.
    """
    try:
        found = strictjson.loads(mask_accounts(text))
        for name, index in _STEP.findall(where):
            found = found[int(index)] if index else found[name]
    except (strictjson.NotJson, LookupError, TypeError):
        return ""
    if not isinstance(found, str) or where.endswith("properties"):
        return ""
    return json.dumps(_cut(found, _VALUE), ensure_ascii=False)


def path(of: Path) -> str:
    """A path as it is typed here: below the working directory without it."""
    return str(of).removeprefix(f"{Path.cwd()}/")
