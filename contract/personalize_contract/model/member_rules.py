"""The rules of members: from a rule of a contract file to a function on one value.

A `Member` applies them to its values in a body, also inside the JSON text of a document; a rule
returns the problem of one value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from personalize_contract.model import json_path, strict_json
from personalize_contract.model.contract import Clause

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


Rule = Callable[[bool, Any], str | None]
"""A rule on one value: takes its presence and the value; returns the finding, or None."""

Place: TypeAlias = "tuple[Place, str | int] | None"
"""A place in the body: the place around it, and its name or index there; None for the body."""

Finding = tuple[Clause, Place, str]
"""A clause that a value breaks, the place of the value, and the offending kind, length or count."""


def shown(place: Place) -> str:
    """Return a place as a JSON path, as in `items[3].itemId`; `body` for the whole body."""
    path = ""
    while place:
        place, step = place
        path = f"[{step}]{path}" if isinstance(step, int) else f".{step}{path}"
    return path.removeprefix(".") or "body"


class Member:
    """The rules for a member of the body, and the members below it.

    Args:
        is_document: whether its value is a text of JSON, which has the members below it.
    """

    def __init__(self, *, is_document: bool = False) -> None:
        self._is_document = is_document
        self.rules: list[tuple[Clause, Rule]] = []
        self._below: dict[str, Member] = {}
        """By name; `[]` is each value of an array."""

    def at(self, path: json_path.Path, document: str) -> Member:
        """Return the member at a path below this one; it is created if it doesn't exist."""
        member = self
        for name in path:
            below = Member(is_document=bool(document) and name == document)
            member = member._below.setdefault(name, below)
        return member

    def check(
        self, value: Any, findings: list[Finding], place: Place = None, *, present: bool = True
    ) -> None:
        """Append each clause that a value breaks, here or below, with its place and the finding."""
        for clause, rule in self.rules:
            if finding := rule(present, value):
                findings.append((clause, place, finding))
        if not self._below:
            return
        if self._is_document and isinstance(value, str):
            value = _read(value)
        for name, member in self._below.items():
            if name == "[]":
                for index, each in enumerate(value if isinstance(value, list) else ()):
                    member.check(each, findings, (place, index))
            elif isinstance(value, dict):
                below = value.get(name)
                member.check(below, findings, (place, name), present=name in value)


def _read(text: str) -> Any:
    try:
        return strict_json.loads(text)
    except strict_json.NotJson:
        return None


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
