"""The clauses of a member: each of its rules in a contract file becomes a clause.

The tables below list the rules, with the statement of the clause that each becomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from personalize_contract.model.clause import Clause, Refused
from personalize_contract.model.contract_files import ContractFile

KINDS = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "boolean": "a boolean",
    "number": "a number",
    "integer": "an integer",
    "timestamp": "a number of seconds since 1970",
}
"""The types of members, in words."""

_STATEMENTS = {
    "required": "{name} is required.",
    "optional": "{name} may be left out.",
    "type": "{name} is {kind}.",
    "min-length": "{name} has at least {value} character{s}.",
    "max-length": "{name} has at most {value} character{s} (code points).",
    "min-members": "{name} has at least {value} member{s}.",
    "max-members": "{name} has at most {value} member{s}.",
    "minimum": "{name} is at least {value}.",
    "maximum": "{name} is at most {value}.",
    "pattern": "{name} matches {value} as a whole.",
    "reserved-keys": "No key of {name} is {value}, regardless of case.",
    "schema": "{name} fits the schema {value}.",
}
"""The statement of the clause that each rule of a member makes."""

_UNSPECIFIED = ("reserved-keys", "schema")
"""Rules that the service may not enforce: the page doesn't say."""


def of_member(row: dict[str, Any], file: ContractFile, *, own: bool) -> Iterator[Clause]:
    """Yield the clauses of one member.

    Args:
        row: its row in the file.
        file: the file, which is the source of its own rules.
        own: whether the file belongs to a downstream repo.

    Raises:
        ValueError: the row is not well-formed.
    """
    path = row.pop("at")
    if not isinstance(path, str) or not path:
        raise ValueError("at must be the path of a member, such as items[].itemId")
    name = path.rpartition(".")[2]
    prefix = "own" if own else "request"
    label = row.pop("id", None) or (
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower().replace("[]", "-member")
    )
    source = row.pop("source", str(file.path.name) if own else "")
    sources, statements = row.pop("sources", {}), row.pop("statements", {})
    searched_as = row.pop("searched-as", None)
    for rule, value in row.items():
        if rule not in _STATEMENTS or rule == "optional":
            raise ValueError(f"{rule!r} is not a rule of a member; use one of {_rules()}")
        _refuse_value(rule, value)
        says = rule if rule != "required" or value else "optional"
        shown = _shown(rule, value)
        clause_source = sources.get(rule, source)
        if not clause_source:
            raise ValueError(f"{path}: {rule} has no source")
        statement = statements.get(rule) or _STATEMENTS[says].format(
            name=name,
            value=shown,
            s="" if value == 1 else "s",
            kind=KINDS.get(shown, ""),
        )
        check: dict[str, Any] = {"at": path, rule: value}
        if rule == "schema":
            from personalize_contract.model import avro

            check[rule] = avro.read(file.path.parent / value)
        if rule == "pattern" and searched_as:
            check["searched-as"] = searched_as
        is_optional = says == "optional"
        yield Clause(
            id=f"{prefix}.{label}.{says}",
            statement=statement,
            source=clause_source,
            level="modelled" if clause_source.startswith("Service model") else "documented",
            binds="service" if is_optional else "caller",
            check={} if is_optional else check,
            refused=None if is_optional else _refused(rule, own=own),
            own=own,
        )


def _refused(rule: str, *, own: bool) -> Refused:
    if own or rule in _UNSPECIFIED:
        return "unspecified"
    return "malformed" if rule == "type" else "invalid-input"


def _rules() -> str:
    return ", ".join(rule for rule in _STATEMENTS if rule != "optional")


def _shown(rule: str, value: Any) -> str:
    return " or ".join(value) if isinstance(value, list) else str(value)


def _refuse_value(rule: str, value: Any) -> None:
    """Raise a ValueError for an invalid value of a rule."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "required": isinstance(value, bool),
        "type": value in KINDS if isinstance(value, str) else False,
        "minimum": is_number,
        "maximum": is_number,
        "pattern": isinstance(value, str),
        "reserved-keys": isinstance(value, list) and all(isinstance(key, str) for key in value),
        "schema": isinstance(value, str),
    }
    if not fits.get(rule, isinstance(value, int) and is_number and value >= 0):
        raise ValueError(f"{rule}: {value!r} is not a valid value")
    if rule == "pattern":
        try:
            re.compile(value, re.ASCII)
        except re.error as error:
            raise ValueError(f"pattern: {error}") from None
