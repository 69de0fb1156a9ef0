"""A contract: the clauses of one operation, read from its file in `contracts/`.

The file is the documentation of each clause; this module only gives it types. What a clause's
`check` means is known to `personalize_contract.model.checker` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from personalize_contract.errors import UsageError

Level = Literal["documented", "modelled", "observed"]
Binds = Literal["caller", "service"]
Refused = Literal["invalid-input", "malformed", "unspecified"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One checkable promise: see the head of `contracts/PutItems.yaml` for each field.

    `check` is empty for a clause that a single exchange can't show, only a scenario.
    """

    id: str
    statement: str
    source: str
    level: Level
    binds: Binds
    check: Mapping[str, Any]
    refused: Refused | None

    @property
    def can_fail(self) -> bool:
        """Whether breaking it is a failure: what is only observed never is."""
        return self.level != "observed"


@dataclass(frozen=True, slots=True)
class Contract:
    """The clauses of an operation, by id and in the file's order.

    Args:
        operation: its name in the service model.
        service: the botocore name of the service.
        page: the URL of the page that says so.
        method, path: of its HTTP requests.
        dataset_type: the last part of the ARN of a dataset that it puts into.
        batch: the member that holds what is put, `items`.
        identity: of each of those, the member that names it, `itemId`.
        document: the member whose string holds a JSON text, `properties`.
        errors: the HTTP status of each documented error code.
    """

    operation: str
    service: str
    page: str
    method: str
    path: str
    dataset_type: str
    batch: str
    identity: str
    document: str
    errors: Mapping[str, int]
    clauses: Mapping[str, Clause]


def known(clause_id: str) -> Clause:
    """The clause with this id, of whichever operation has it.

    Raises:
        UsageError: none has.
    """
    every = {key: one for name in operations() for key, one in load(name).clauses.items()}
    if clause_id not in every:
        import difflib

        near = difflib.get_close_matches(clause_id, every, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "see the contract files"
        raise UsageError(f"there is no clause {clause_id!r}; {hint}")
    return every[clause_id]


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


DEFAULT = "PutItems"
"""The operation that this project began with, and that is meant where none is named."""


@cache
def operations() -> tuple[str, ...]:
    """The operations that there is a contract for, the default one first."""
    found = (files("personalize_contract") / "contracts").iterdir()
    names = (file.name.removesuffix(".yaml") for file in found)
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


@cache
def at(path: str) -> Contract | None:
    """The contract of the operation whose requests go to this path, or None."""
    return next((load(name) for name in operations() if load(name).path == path), None)


@cache
def load(operation: str = DEFAULT) -> Contract:
    """The contract of an operation that ships with this package.

    Raises:
        UsageError: there is none; the message says which there are.
    """
    import yaml

    if operation not in operations():
        known = ", ".join(operations())
        raise UsageError(f"there is no contract for the operation {operation!r}, only for {known}")
    source = files("personalize_contract") / "contracts" / f"{operation}.yaml"
    document = yaml.load(source.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    clauses = [_clause(row) for row in document.pop("clauses")]
    by_id = {clause.id: clause for clause in clauses}
    if len(by_id) != len(clauses):
        raise ValueError(f"contract file {operation}: two clauses have one id")
    return Contract(clauses=by_id, **document)
