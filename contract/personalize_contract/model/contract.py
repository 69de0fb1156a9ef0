"""A contract: the clauses of one operation, loaded from its file in `contracts/`.

The file documents each clause; this module gives it types. Each rule of a member is a clause. Only
`personalize_contract.model.checker` interprets a clause's `check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from personalize_contract.errors import UsageError
from personalize_contract.model import contract_files
from personalize_contract.model.clause import Binds, Clause, Level, Refused
from personalize_contract.model.contract_files import (
    DEFAULT,
    ContractFile,
    forgets,
    operations,
)
from personalize_contract.model.member_clauses import of_member

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
            yield from of_member(dict(row), file, own=own)
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
