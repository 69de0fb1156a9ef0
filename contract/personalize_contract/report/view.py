"""The view of a suite run that all reports render: plain values, computed once by `suite.summary`.

Each module of this package that writes a report renders these values and computes none.
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
"""Reason why a scenario is not reached whose recording is too large to ship."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One clause on one target.

    Args:
        target: the name of the target.
        status: one of `STATUSES`.
        why: the observation that breaks the clause, or the reason why there is none.
        answered_by: the provenances of the answers.
        changed: whether an answer differs from the same service's recorded one.
        flaky: whether a scenario failed, and passed when it was retried.
        is_allowed: whether the clause may stay unreached.
        exchanges: the exchanges that show it, as mappings ready for JSON.
        seconds: the duration of the scenarios that are about it.
        notes: the observations on a clause that is only observed, with the scenarios of each.
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
        clause: the clause.
        link: the URL of the section that the clause is from; `""` for none.
        cells: the cells in the order of the targets.
    """

    clause: Clause
    link: str
    cells: tuple[Cell, ...]

    @property
    def state(self) -> str:
        """The worst state of its cells: a status, or `CHANGED`."""
        statuses = {cell.status for cell in self.cells}
        if BROKEN in statuses:
            return BROKEN
        if any(cell.changed for cell in self.cells):
            return CHANGED
        return NOT_REACHED if NOT_REACHED in statuses else HOLDS


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between recorded and current answers, with the scenarios that show it."""

    difference: Difference
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flake:
    """A scenario that failed, and passed when it was retried.

    Args:
        scenario: the id of the scenario.
        first: the exchange that failed, ready for JSON; its status is 0 if there was no answer.
        second: the exchange that passed, ready for JSON.
    """

    scenario: str
    first: Mapping[str, Any]
    second: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The time and place of a target's run.

    Args:
        started_at: the start in UTC, as in `2026-11-26T20:00:00Z`; `""` if it isn't known.
        seconds: the duration.
        region: the region of the service; `""` for recordings.
        endpoint: the scheme and host of its URL; `""` for recordings and the reference service.
        run: the name of the resources that a live run provisioned; `""` for none.
    """

    started_at: str = ""
    seconds: float = 0.0
    region: str = ""
    endpoint: str = ""
    run: str = ""

    @property
    def is_aws(self) -> bool:
        """True if the endpoint is one of AWS."""
        return is_aws_host(urlsplit(self.endpoint).hostname or "")


@dataclass(frozen=True, slots=True)
class TargetSummary:
    """The result of one target.

    Args:
        name: the name of the target.
        answered_by: the provenances of its answers.
        counts: the number of clauses that can fail, by status.
        recorded_by: the provenances of the recordings that it is compared with: those of changed
            answers if there are any, otherwise all.
        compared: the number of answers that were compared with a recorded one.
        comparable: the number of these whose recording has the answer's provenance or a
            stronger one.
        changed: the number of comparable answers that differ.
        changes: the differences that mean that the service changed.
        other_differences: rephrased messages, and differences from weaker recordings.
        flaky: the scenarios that failed, and passed when they were retried.
        not_asked: the number of clauses that can fail and that no selected scenario asks about.
        not_shipped: the scenarios that were not reached because their recordings don't ship.
        untouched: the reason why nothing was reached; `""` if anything was.
        facts: the time and place of its run.
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
        """The provenances of its answers, in words."""
        return ", ".join(self.answered_by) or "nobody"


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentences that sum up a run.

    Args:
        result: the number of clauses that hold on each target.
        about: the service that the result is about.
        partial: the reason why the run is incomplete; `""` if it is complete.
        changes: the result of the comparison with recordings, a sentence for each target.
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
        operation: the operation that was verified.
        page: the URL of its page.
        headline: the sentences that sum up the run.
        exit_status: the exit status of the command.
        targets: the targets in the order in which they were asked.
        rows: the clauses in the order of the contract.
        obstacles: the problems that prevented scenarios from being tried.
        kept: the recordings that were not replaced, because their provenance is stronger.
        model_differs: the differences of the SDK's model from the contract.
        versions: the versions of this package, the SDK and Python, by name.
        service_model: the digest of the SDK's model.
        reported_at: the time in UTC, as in `2026-11-26T20:00:00Z`.
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
        """Return the cells with a status, of clauses that can fail, target by target."""
        return [
            (row, row.cells[at])
            for at, _ in enumerate(self.targets)
            for row in self.promised
            if row.cells[at].status == status
        ]
