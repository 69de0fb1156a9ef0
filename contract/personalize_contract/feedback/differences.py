"""Where two requests differ, told so that a reader can see it.

Texts that look the same (other normal forms, blanks, letters of another alphabet) are told apart
by the names of their characters.
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

_LONGEST = 60
"""Characters of a value that are shown."""

_BEFORE = 20
"""Characters that are shown before the place where two long values differ."""


def facts(request: Request) -> dict[str, str]:
    """Return what a request says, by place: the message's parts, and each leaf of its JSON body."""
    found = {
        "method": request.method,
        "path": f"{request.path}?{request.query}" if request.query else request.path,
        "media type": media_type(request.headers),
    }
    try:
        body = strict_json.loads(request.body)
    except strict_json.NotJson:
        found["body (not JSON)"] = request.body.decode("utf-8", "backslashreplace")
        return found
    operation = contract.at(request.path)
    found.update(_leaves("", body, operation.document if operation else ""))
    return found


def _leaves(at: str, value: Any, document: str) -> Iterator[tuple[str, str]]:
    """Yield each leaf of a JSON value by its path, into the JSON text that a `document` holds too.

    What kind of value the document is, is a leaf as well: a string never equals an object.
    """
    is_document = bool(document) and at.endswith(f".{document}")
    if is_document and isinstance(value, dict):
        yield f"{at} (itself)", "an object"
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
            yield f"{at} (itself)", "a string of JSON"
            yield from _leaves(at, inside, "")
    else:
        yield at or "body", json.dumps(value, ensure_ascii=False)


def differences(sent: Mapping[str, str], recorded: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each place where two requests differ, with both values as they are shown.

    Args:
        sent: the facts of the one, by place.
        recorded: those of the other.
    """
    for place in dict.fromkeys((*sent, *recorded)):
        one, other = sent.get(place), recorded.get(place)
        if one != other:
            yield place, _told(one, other)


def _told(sent: str | None, recorded: str | None) -> str:
    if sent is None or recorded is None:
        return f"sent {_value(sent)}, recorded {_value(recorded)}"
    at = _first_difference(sent, recorded)
    told = f"sent {_value(sent, at)}, recorded {_value(recorded, at)}"
    names = [_name(text, at) for text in (sent, recorded)]
    is_odd = _is_odd(sent, at) or _is_odd(recorded, at) or _folded(sent) == _folded(recorded)
    return f"{told} (at character {at + 1}: {names[0]}, {names[1]})" if is_odd else told


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _value(value: str | None, at: int = 0) -> str:
    """A value as it is shown: a long one around the place where it differs."""
    if value is None:
        return "nothing"
    if len(value) > _LONGEST and at > _LONGEST - _BEFORE:
        value = f"...{value[at - _BEFORE :]}"
    return display.quoted(display.text(value, Redactor(), _LONGEST))


def _name(text: str, at: int) -> str:
    if at >= len(text):
        return "the end"
    return f"U+{ord(text[at]):04X} {unicodedata.name(text[at], 'without a name')}"


def _is_odd(text: str, at: int) -> bool:
    """Whether the character there is not one that every reader knows by its looks."""
    return at < len(text) and not " " <= text[at] <= "~"


def _folded(text: str) -> str:
    """A text without what a reader can't see: its normal form, its kinds of blank."""
    compatible = unicodedata.normalize("NFKD", text)
    seen = (c for c in compatible if unicodedata.category(c) not in ("Cf", "Cc", "Mn"))
    return "".join(" " if c.isspace() else c for c in seen)
