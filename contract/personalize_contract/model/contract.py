"""A contract: the clauses of one operation, loaded from its file in `contracts/`.

The file documents each clause; this module gives it types. Each rule of a member is a clause. Only
`personalize_contract.model.checker` interprets a clause's `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from personalize_contract.errors import UsageError
from personalize_contract.model import contract_files
from personalize_contract.model.contract_files import (
    DEFAULT,
    ContractFile,
    forgets,
    operations,
)

__all__ = [
    "DEFAULT",
    "Binds",
    "Clause",
    "Contract",
    "Level",
    "Refused",
    "at",
    "known",
    "load",
    "operations",
]

Level = Literal["documented", "modelled", "observed"]
Binds = Literal["caller", "service"]
Refused = Literal["invalid-input", "malformed", "unspecified"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One checkable promise.

    Args:
        id: a name that is clear without context.
        statement: the promise in words.
        source: the section of the page, or the shape in the service model, that makes it.
        level: `documented` by the page, `modelled` by the service model only, or `observed`:
            by neither, so it is shown and never failed.
        binds: the bound party: the caller in a request, the service in an answer.
        check: the rule, for the checker; empty if no single exchange can show it.
        refused: for a caller's clause, the answer to a request that breaks it, as far as the page
            says: `invalid-input` (400 and that code), `malformed` (400; the code is not documented)
            or `unspecified`.
        own: whether it is a downstream repo's rule for itself, unknown to the service.
    """

    id: str
    statement: str
    source: str
    level: Level
    binds: Binds
    check: Mapping[str, Any]
    refused: Refused | None
    own: bool = False

    @property
    def can_fail(self) -> bool:
        """Whether breaking it is a failure; an observed clause never fails."""
        return self.level != "observed"


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """The clauses of an operation, by id and in the order of the file.

    Args:
        operation: its name in the service model.
        service: the botocore name of the service.
        page: the URL of the documentation page.
        method, path: the method and path of its HTTP requests.
        errors: the HTTP status of each documented error code.
        clauses: the clauses by id.
        resource: the member that names the resource written to, a dataset's ARN or a tracker's id;
            `""` for none.
        resource_type: the type of that resource: the last part of a dataset's ARN, or `tracker`.
        provisions: the type of the dataset whose tracker a live run creates; `""` if the operation
            writes to a dataset itself.
        batch: the member that holds the records to put, `items`; `""` for none.
        identity: the member that identifies each record, `itemId`; `""` if records have no id and
            all of them are kept, in order.
        document: the member whose string holds a JSON text, `properties`; `""` for none.
        known_by: the path of the ids that mark the records of a live run.
        sensitive: paths of the members that the service model marks as sensitive.
        private: paths of the members that identify a person; recordings hold pseudonyms for them.
        event_types: the documented types of an interaction; empty if any type is valid.
    """

    operation: str
    service: str
    page: str
    method: str
    path: str
    errors: Mapping[str, int]
    clauses: Mapping[str, Clause]
    resource: str = ""
    resource_type: str = ""
    provisions: str = ""
    batch: str = ""
    identity: str = ""
    document: str = ""
    known_by: str = ""
    sensitive: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()

    @property
    def members(self) -> tuple[str, ...]:
        """The path of each member that has a clause."""
        paths = (clause.check.get("at") for clause in self.clauses.values())
        return tuple(dict.fromkeys(path for path in paths if path))


def known(clause_id: str) -> Clause:
    """Return the clause with this id, from the contract of any operation.

    Raises:
        UsageError: no contract has it.
    """
    clauses = {key: value for name in operations() for key, value in load(name).clauses.items()}
    if clause_id not in clauses:
        import difflib

        near = difflib.get_close_matches(clause_id, clauses, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "see the contract files"
        raise UsageError(f"there is no clause {clause_id!r}; {hint}")
    return clauses[clause_id]


@forgets
@cache
def at(path: str) -> Contract | None:
    """Return the contract of the operation with this path, or None."""
    return next((load(name) for name in operations() if load(name).path == path), None)


@forgets
@cache
def load(operation: str = DEFAULT) -> Contract:
    """Return the contract of an operation.

    Raises:
        UsageError: there is none, or its file can't be read; the message gives place and reason.
    """
    file = contract_files.read(operation)
    clauses = list(_clauses(file))
    for own in contract_files.tightened(operation):
        clauses += _clauses(own, own=True)
    by_id: dict[str, Clause] = {}
    for clause in clauses:
        if clause.id in by_id:
            raise file.error(f"two clauses have the id {clause.id}")
        by_id[clause.id] = clause
    names: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in file.document.items()
        if name not in ("members", "clauses", "suite")
    }
    try:
        return Contract(clauses=by_id, **names)
    except TypeError as error:  # an unknown key, or a missing one
        raise file.error(str(error).partition("__init__() ")[2]) from None


def _clauses(file: ContractFile, *, own: bool = False) -> Iterator[Clause]:
    """Yield the clauses of a file: on requests, on each of their members, and on answers."""
    rows: list[Clause] = []
    for row in file.document["clauses"]:
        try:
            rows.append(_clause(dict(row)))
        except (ValueError, KeyError, TypeError) as error:
            raise file.error(_reason(error), "clauses", _index(file, "clauses", row)) from None
    if own and rows:
        raise file.error("a file that tightens a contract has `members` only", "clauses")
    yield from (clause for clause in rows if clause.binds == "caller")
    for row in file.document["members"]:
        try:
            yield from _of_member(dict(row), file, own=own)
        except (ValueError, KeyError, TypeError) as error:
            raise file.error(_reason(error), "members", _index(file, "members", row)) from None
    of_answers = [clause for clause in rows if clause.binds == "service"]
    yield from sorted(of_answers, key=lambda clause: not clause.can_fail)


def _reason(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def _index(file: ContractFile, name: str, row: object) -> int:
    """Return the index of a row in the file's own list; its rows follow those of shared texts."""
    rows = file.document[name]
    number = next(number for number, other in enumerate(rows) if other is row)
    return number - len(rows) + len(file.own.get(name, ()))


def _clause(row: dict[str, Any]) -> Clause:
    clause = Clause(
        id=row.pop("id"),
        statement=row.pop("statement"),
        source=row.pop("source"),
        level=row.pop("level"),
        binds=row.pop("binds"),
        check=row.pop("check", {}),
        refused=row.pop("refused", None),
    )
    known = clause.level in get_args(Level) and clause.binds in get_args(Binds)
    if row or not known or (clause.refused is not None) != (clause.binds == "caller"):
        raise ValueError(f"contract file: clause {clause.id} is not well-formed")
    return clause


# --- members

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
    "reserved-keys": "No key of {name} is {value}, in whatever case.",
    "schema": "{name} fits the schema {value}.",
}
"""The statement of the clause that each rule of a member makes."""

_COUNTS = ("min-length", "max-length", "min-members", "max-members")
_UNSPECIFIED = ("reserved-keys", "schema")
"""Rules that the service may not enforce: the page doesn't say."""


def _of_member(row: dict[str, Any], file: ContractFile, *, own: bool) -> Iterator[Clause]:
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
