"""The rules of members: from a rule of a contract file to a function on one value.

`places` finds the values that match a path of the contract, also inside the JSON text of a
document; a rule returns the problem of one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from personalize_contract.model import json_path, strict_json

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "integer": (int,),
    "timestamp": (int, float),
}
_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}


def kind_of(value: object) -> str:
    """Return the JSON type of a value in words: `a string`, `null`, `a number`..."""
    return "null" if value is None else _NAMES.get(type(value), "a number")


Place = tuple[str, dict[str, Any] | None, str, Any]


def places(body: Any, steps: json_path.Path, document: str) -> Iterator[Place]:
    """Yield each place that matches a path, as (where, parent object, member name, value).

    The parent is None for the whole body and for the members of an array. A path continues into
    the JSON text of a `document`.
    """
    matches: Iterator[Place] = iter([("", None, "", body)])
    for step in steps:
        matches = _below(matches, step, document)
    for where, parent, name, value in matches:
        yield where or "body", parent, name, value


def _below(places: Iterator[Place], step: str, document: str) -> Iterator[Place]:
    for where, _, name, value in places:
        if step == "[]":
            for index, member in enumerate(value if isinstance(value, list) else ()):
                yield f"{where}[{index}]", None, "", member
            continue
        if document and name == document and isinstance(value, str):
            value = _read(value)
        if isinstance(value, dict):
            yield f"{where}.{step}" if where else step, value, step, value.get(step)


def _read(text: str) -> Any:
    try:
        return strict_json.loads(text)
    except strict_json.NotJson:
        return None


Rule = Callable[[bool, Any], str | None]
"""A rule on one value: takes its presence and the value; returns the finding, or None."""


def member_rule(
    rule: str, want: Any, maximum: int | None, members: Collection[str], *, may_be_null: bool
) -> Rule:
    """Return a rule on one value.

    Args:
        rule: the name of the rule.
        want: the value that the contract gives it.
        maximum: the maximum length of a string at this path.
        members: the names of all members of the request.
        may_be_null: whether null means that the member is not set.
    """
    if rule == "required":
        return lambda present, value: None if present else "it is absent"
    if rule == "type":
        kinds = _KINDS[want]
        return lambda present, value: (
            f"it is {kind_of(value)}"
            if present and type(value) not in kinds and not (may_be_null and value is None)
            else None
        )
    if rule in ("minimum", "maximum"):
        sign = 1 if rule == "minimum" else -1
        return lambda present, value: (
            f"it is {value}" if type(value) in (int, float) and sign * (value - want) < 0 else None
        )
    if rule == "pattern":
        matches = re.compile(want, re.ASCII).fullmatch
        # `.*:.*:` takes quadratic time, so a string over its maximum length is not searched.
        limit = maximum or 4096
        return lambda present, value: (
            "it does not match"
            if isinstance(value, str) and len(value) <= limit and not matches(value)
            else None
        )
    if rule == "reserved-keys":
        reserved = {key.lower() for key in want}
        return lambda present, value: _reserved(value, reserved)
    if rule == "schema":
        return lambda present, value: (
            want.problem(_read(value) if isinstance(value, str) else value, members)
            if present
            else want.problem({}, members)
        )
    return _length_rule(rule, want)


def _length_rule(rule: str, want: int) -> Rule:
    measured: type[list[Any]] | type[str] = list if rule.endswith("members") else str
    unit = "members" if measured is list else "characters"
    if rule.startswith("min-"):
        return lambda present, value: (
            f"it has {len(value)} {unit}"
            if isinstance(value, measured) and len(value) < want
            else None
        )
    if rule.startswith("max-"):
        return lambda present, value: (
            f"it has {len(value)} {unit}"
            if isinstance(value, measured) and len(value) > want
            else None
        )
    raise ValueError(f"the checker knows no rule {rule!r}")


def _reserved(value: Any, reserved: Collection[str]) -> str | None:
    if not isinstance(value, str) or not isinstance(keys := _read(value), dict):
        return None
    key = next((key for key in keys if key.lower() in reserved), None)
    return f"it has the key {key}" if key is not None else None
