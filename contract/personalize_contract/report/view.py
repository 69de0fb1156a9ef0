"""A run of the suite as its reports show it: values only, made once by `suite.summary`.

Each module of this package that writes a report renders these, and computes none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from personalize_contract.model.contract import Clause
from personalize_contract.model.drift import Difference
from personalize_contract.targets.aws_domains import is_aws_host

HOLDS, BROKEN, NOT_REACHED = "holds", "broken", "not reached"
STATUSES = (HOLDS, BROKEN, NOT_REACHED)
CHANGED = "changed"
NOT_SHIPPED = "not shipped (size)"
"""Why a scenario is not reached whose recording would make the package large."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One clause on one target.

    Args:
        target: name of the target.
        status: one of `STATUSES`.
        why: what was seen instead, or why nothing was.
        answered_by: who answered.
        changed: whether an answer differs from what the same service answered before.
        flaky: whether a scenario failed, and was right when it was asked again.
        is_allowed: whether it may stay unreached.
        exchanges: that show it, as documents.
        seconds: duration of the scenarios that are about it.
        notes: what was seen, of a clause that is only observed, with the scenarios that showed it.
    """

    target: str
    status: str
    why: str
    answered_by: tuple[str, ...]
    changed: bool
    flaky: bool
    is_allowed: bool
    exchanges: tuple[Mapping[str, Any], ...]
    seconds: float
    notes: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One clause on each target.

    Args:
        clause: of the contract.
        link: URL of the section that the clause is from; `""` for none.
        cells: in the order of the targets.
    """

    clause: Clause
    link: str
    cells: tuple[Cell, ...]

    @property
    def state(self) -> str:
        """The worst of its cells: a status, or `CHANGED`."""
        found = {cell.status for cell in self.cells}
        if BROKEN in found:
            return BROKEN
        if any(cell.changed for cell in self.cells):
            return CHANGED
        return NOT_REACHED if NOT_REACHED in found else HOLDS


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between recorded answers and those now, with the scenarios that showed it."""

    difference: Difference
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flake:
    """A scenario that failed once, and was right when it was asked again.

    Args:
        scenario: its id.
        first: the exchange that failed, as a document; status 0 is no answer.
        second: the exchange that was right.
    """

    scenario: str
    first: Mapping[str, Any]
    second: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """When and where a target was asked.

    Args:
        started_at: UTC, as in `2026-11-26T20:00:00Z`; `""` if it isn't known.
        seconds: duration.
        region: of the service; `""` for recordings.
        endpoint: scheme and host of its URL; `""` for what ships with this package.
        run: name of what a live run provisioned; `""` for none.
    """

    started_at: str = ""
    seconds: float = 0.0
    region: str = ""
    endpoint: str = ""
    run: str = ""

    @property
    def is_aws(self) -> bool:
        """Whether the endpoint is one of AWS."""
        return is_aws_host(urlsplit(self.endpoint).hostname or "")


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """What one target comes to.

    Args:
        name: of the target.
        answered_by: who answered.
        counts: number of clauses that can fail, by status.
        recorded_by: who answered the recordings that it is compared with: those of changed answers
            if there are any, else all.
        compared: number of answers that were compared with a recorded one.
        comparable: number of those whose recording proves at least as much.
        changed: number of those that differ.
        changes: the differences that say that the service changed.
        other_differences: a message in other words, or a recording that proves less.
        flaky: scenarios that failed, and were right when they were asked again.
        not_asked: number of clauses that can fail and that no selected scenario asks about.
        not_shipped: scenarios that were not reached because their recordings don't ship.
        untouched: why nothing at all was reached; `""` if something was.
        facts: when and where it was asked.
    """

    name: str
    answered_by: tuple[str, ...]
    counts: Mapping[str, int]
    recorded_by: tuple[str, ...]
    compared: int
    comparable: int
    changed: int
    changes: tuple[Change, ...]
    other_differences: tuple[Change, ...]
    flaky: tuple[Flake, ...]
    not_asked: int
    not_shipped: tuple[str, ...]
    untouched: str
    facts: RunFacts

    @property
    def who(self) -> str:
        """Who answered, in words."""
        return ", ".join(self.answered_by) or "nobody"


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentences that a run comes to.

    Args:
        result: how many clauses hold on each target.
        about: of whom that says anything.
        partial: why the run ended before its end; `""` if it did not.
        changes: what the comparison with the recordings comes to, a sentence for each target.
    """

    result: str
    about: str
    changes: tuple[str, ...]
    partial: str = ""

    def __str__(self) -> str:
        ended = [f"This is partial: {self.partial}."] if self.partial else []
        return " ".join([*ended, f"{self.result}. {self.about}.", *self.changes])


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the suite.

    Args:
        operation: whose contract was verified.
        page: URL of its page.
        headline: what the run comes to.
        exit_status: of the command.
        targets: in the order in which they were asked.
        rows: the clauses, in the order of the contract.
        obstacles: what kept scenarios from being tried.
        kept: recordings that were not replaced, because they prove more.
        model_differs: what the SDK's model says differently from the contract.
        versions: of this package, the SDK and Python, by their names.
        service_model: digest of the SDK's model.
        reported_at: UTC, as in `2026-11-26T20:00:00Z`.
    """

    operation: str
    page: str
    headline: Headline
    exit_status: int
    targets: tuple[TargetSummary, ...]
    rows: tuple[Row, ...]
    obstacles: tuple[str, ...]
    kept: tuple[str, ...]
    model_differs: tuple[str, ...]
    versions: Mapping[str, str]
    service_model: str
    reported_at: str

    @property
    def promised(self) -> tuple[Row, ...]:
        """The rows of clauses that can fail."""
        return tuple(row for row in self.rows if row.clause.can_fail)

    @property
    def observed(self) -> tuple[Row, ...]:
        """The rows of clauses that are only observed."""
        return tuple(row for row in self.rows if not row.clause.can_fail)

    def findings(self, status: str) -> list[tuple[Row, Cell]]:
        """The cells of clauses that can fail with this status, target by target."""
        return [
            (row, row.cells[at])
            for at, _ in enumerate(self.targets)
            for row in self.promised
            if row.cells[at].status == status
        ]
