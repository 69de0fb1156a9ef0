"""The differences between two requests, in a readable form.

Strings that look alike (other normal forms, blanks, letters of another alphabet) are distinguished
by the Unicode names of their characters.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from personalize_contract.model import contract, strict_json
from personalize_contract.model.exchange import Request, media_type
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor

_MAX_SHOWN = 60
"""Maximum number of characters shown of a value, which may be a property or a resource's name."""

_CONTEXT = 20
"""Characters shown before the first difference of two long values."""


def facts(request: Request) -> dict[str, str]:
    """Return the parts of a request by place: method, path, media type, leaves of its JSON body."""
    parts = {
        "method": request.method,
        "path": f"{request.path}?{request.query}" if request.query else request.path,
        "media type": media_type(request.headers),
    }
    try:
        body = strict_json.loads(request.body)
    except strict_json.NotJson:
        parts["body (not JSON)"] = request.body.decode("utf-8", "backslashreplace")
        return parts
    operation = contract.at(request.path)
    parts.update(_leaves("", body, operation.document if operation else ""))
    return parts


def _leaves(at: str, value: Any, document: str) -> Iterator[tuple[str, str]]:
    """Yield each leaf of a JSON value by its path, in the JSON text of a `document` too.

    The type of the document is a leaf as well, since a string never equals an object.
    """
    is_document = bool(document) and at.endswith(f".{document}")
    if is_document and isinstance(value, dict):
        yield f"{at} (its type)", "an object"
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(f"{at}.{name}" if at else name, member, document)
    elif isinstance(value, list) and value:
        for index, member in enumerate(value):
            yield from _leaves(f"{at}[{index}]", member, document)
    elif isinstance(value, str) and value[:1] == "{" and is_document:
        try:
            inside = strict_json.loads(value)
        except strict_json.NotJson:
            yield at, json.dumps(value, ensure_ascii=False)
        else:
            yield f"{at} (its type)", "a string of JSON"
            yield from _leaves(at, inside, "")
    else:
        yield at or "body", json.dumps(value, ensure_ascii=False)


def differences(sent: Mapping[str, str], recorded: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each place in which two requests differ, with both values for display.

    Args:
        sent: the facts of one request, by place.
        recorded: the facts of the other.
    """
    for place in dict.fromkeys((*sent, *recorded)):
        values = sent.get(place), recorded.get(place)
        if values[0] != values[1]:
            yield place, _compared(*values)


def _compared(sent: str | None, recorded: str | None) -> str:
    if sent is None or recorded is None:
        return f"sent {_value(sent)}, recorded {_value(recorded)}"
    at = _first_difference(sent, recorded)
    values = f"sent {_value(sent, at)}, recorded {_value(recorded, at)}"
    names = [_name(text, at) for text in (sent, recorded)]
    is_odd = _is_odd(sent, at) or _is_odd(recorded, at) or _folded(sent) == _folded(recorded)
    return f"{values} (at character {at + 1}: {names[0]}, {names[1]})" if is_odd else values


def _first_difference(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(left), len(right)))


def _value(value: str | None, at: int = 0) -> str:
    """Return a value for display; a long one is cut around its first difference."""
    if value is None:
        return "nothing"
    if len(value) > _MAX_SHOWN and at >= _MAX_SHOWN - _CONTEXT:
        value = f"...{value[at - _CONTEXT :]}"
    return display.quoted(display.text(value, Redactor(), _MAX_SHOWN))


def _name(text: str, at: int) -> str:
    if at >= len(text):
        return "the end"
    return f"U+{ord(text[at]):04X} {unicodedata.name(text[at], 'without a name')}"


def _is_odd(text: str, at: int) -> bool:
    """Return whether the character at an index is not printable ASCII."""
    return at < len(text) and not " " <= text[at] <= "~"


def _folded(text: str) -> str:
    """Return a text without invisible differences, such as normal forms and kinds of blanks."""
    compatible = unicodedata.normalize("NFKD", text)
    seen = (c for c in compatible if unicodedata.category(c) not in ("Cf", "Cc", "Mn"))
    return "".join(" " if c.isspace() else c for c in seen)
