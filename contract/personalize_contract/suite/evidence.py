"""Evidence: the findings of scenarios as clause x target, and the exit status of a run.

On each target a clause `holds`, is `broken`, or was `not reached`. Not reached is never a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from personalize_contract.model.contract import Clause, Contract
from personalize_contract.model.drift import Difference
from personalize_contract.report.view import BROKEN, HOLDS, NOT_REACHED, RunFacts
from personalize_contract.report.words import noted


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding of one scenario about one clause.

    Args:
        clause: the id of the clause.
        status: `holds`, `broken` or `not reached`.
        why: the difference from the expectation, the reason it was not reached, or the note of a
            clause that is only observed.
    """

    clause: str
    status: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one scenario.

    Args:
        scenario: the id of the scenario.
        findings: a finding for each of its clauses, the one that it is about first.
        answered_by: the service that answered, as in provenance; `""` without an answer.
        exchange: the exchange as a report shows it; None without one.
        obstacle: the problem of the environment that prevented it; `""` for none.
        failed: the kind of failure of the service, if it may pass: `no answer`, `500` or `503`.
        first: the failed exchange of the first try, if the scenario was retried.
    """

    scenario: str
    findings: tuple[Finding, ...]
    answered_by: str = ""
    exchange: Mapping[str, Any] | None = None
    obstacle: str = ""
    failed: str = ""
    first: Mapping[str, Any] | None = None
    kept: str = ""
    """The recording that was not overwritten, since it has stronger provenance."""

    not_shipped: bool = False
    """True if it was not reached because its recording doesn't ship, which is allowed."""

    seconds: float = 0.0
    """Duration of its test."""

    is_postponed: bool = False
    """True if it will be retried, because the service failed."""

    def as_property(self) -> dict[str, Any]:
        """Return it as builtin types, which a pytest report can carry from an xdist worker."""
        return {
            "scenario": self.scenario,
            "findings": [[each.clause, each.status, each.why] for each in self.findings],
            "answered_by": self.answered_by,
            "exchange": self.exchange,
            "obstacle": self.obstacle,
            "failed": self.failed,
            "first": self.first,
            "kept": self.kept,
            "not_shipped": self.not_shipped,
            "is_postponed": self.is_postponed,
        }

    def failures(self, contract: Contract) -> list[str]:
        """Return a line for each finding that fails the test of this scenario."""
        return [
            f"{self.scenario}: {finding.clause} {finding.status}: {finding.why}"
            for finding in self.findings
            if finding.status != HOLDS and contract.clauses[finding.clause].can_fail
        ]

    @property
    def is_flaky(self) -> bool:
        """True if the service failed at first, and answered correctly when retried."""
        return self.first is not None and all(each.status == HOLDS for each in self.findings)

    @classmethod
    def from_property(cls, value: Mapping[str, Any]) -> Outcome:
        """Return the outcome of `as_property`."""
        return cls(**{**value, "findings": tuple(Finding(*each) for each in value["findings"])})


@dataclass(slots=True)
class Cell:
    """The evidence for one clause on one target."""

    status: str = NOT_REACHED
    why: str = "no scenario reached it"
    answered_by: list[str] = field(default_factory=list)
    exchanges: list[Mapping[str, Any]] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    """For a clause that is only observed: the scenarios of each observation."""

    is_allowed: bool = False
    """True if it may stay unreached, since no recording of a scenario about it ships."""

    is_asked: bool = True
    """True if a selected scenario checks it."""

    is_flaky: bool = False
    """True if the service failed in one of its scenarios, and was right when retried."""

    @property
    def changed(self) -> bool:
        """True if an answer that shows it differs from an earlier one of the same service."""
        return any(each.get("recorded", {}).get("changed") for each in self.exchanges)


def cell(clause: Clause, outcomes: Iterable[Outcome], *, is_selection: bool = False) -> Cell:
    """Return the evidence of all outcomes for one clause.

    One breach is enough to break it. It holds only if every scenario about it was reached, except
    those with a recording that doesn't ship, unless there is no other scenario about it.

    Args:
        clause: the clause.
        outcomes: the outcomes on one target.
        is_selection: whether only some scenarios were selected.
    """
    cell = Cell()
    is_reached = is_subject_reached = False
    missed: list[str] = []
    not_shipped: list[str] = []
    broken: list[str] = []
    for outcome in outcomes:
        for index, finding in enumerate(outcome.findings):
            if finding.clause != clause.id:
                continue
            is_subject = index == 0
            if finding.status == NOT_REACHED:
                if is_subject:
                    line = f"{outcome.scenario}: {finding.why}"
                    (not_shipped if outcome.not_shipped else missed).append(line)
                    cell.exchanges += _documents(outcome, finding)
                continue
            if finding.status == BROKEN:
                broken.append(f"{outcome.scenario}: {finding.why}")
            is_reached = True
            is_subject_reached = is_subject_reached or is_subject
            if not clause.can_fail and finding.why:
                cell.notes.setdefault(finding.why, []).append(outcome.scenario)
            if outcome.answered_by and outcome.answered_by not in cell.answered_by:
                cell.answered_by.append(outcome.answered_by)
            cell.is_flaky = cell.is_flaky or outcome.is_flaky
            cell.exchanges += _documents(outcome, finding)
    if broken:
        cell.status, cell.why = BROKEN, _abbreviated(broken)
        cell.exchanges = [each for each in cell.exchanges if each["status"] == BROKEN]
    elif is_reached and not missed and (is_subject_reached or not not_shipped):
        cell.status, cell.why = HOLDS, "; ".join(noted(cell.notes))
    elif missed or not_shipped:
        cell.why, cell.is_allowed = _abbreviated([*missed, *not_shipped]), not missed
    elif is_selection:
        cell.why, cell.is_asked = "no selected scenario checks it", False
    return cell


def _documents(outcome: Outcome, finding: Finding) -> Iterator[dict[str, Any]]:
    """Yield the exchanges of an outcome as a report shows them, a failed first try first."""
    about: dict[str, Any] = {"scenario": outcome.scenario, "status": finding.status}
    if outcome.is_flaky:
        about["flaky"] = True
    if outcome.first:
        yield {**about, "attempt": 1, **outcome.first}
        about["attempt"] = 2
    if outcome.exchange:
        yield {**about, "seconds": outcome.seconds, **outcome.exchange}


def _abbreviated(lines: list[str]) -> str:
    """Return the first line, and the number of the others."""
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return lines[0] + more


class Evidence:
    """The evidence of one run of the suite, as clause x target.

    Args:
        contract: the contract with the clauses.
        outcomes: the outcomes on each target, in the order of the run.
        facts: the time and place of the run on each target.
        is_selection: whether only some scenarios were selected, so that only the clauses that
            they check are judged.
        partial: the reason that the run ended early; `""` for a complete run.
    """

    def __init__(
        self,
        contract: Contract,
        outcomes: Mapping[str, list[Outcome]],
        facts: Mapping[str, RunFacts] | None = None,
        *,
        is_selection: bool = False,
        partial: str = "",
    ) -> None:
        self.contract, self.partial = contract, partial
        self.targets = tuple(outcomes)
        self.facts = facts or {}
        self._outcomes = outcomes
        self.cells = {
            (clause.id, target): cell(clause, outcomes[target], is_selection=is_selection)
            for clause in contract.clauses.values()
            for target in outcomes
        }

    def clauses(self, status: str, target: str) -> list[Clause]:
        """Return the clauses that can fail and have a status on a target."""
        return [
            clause
            for clause in self.contract.clauses.values()
            if clause.can_fail
            and self.cells[clause.id, target].status == status
            and self.cells[clause.id, target].is_asked
        ]

    def not_asked(self, target: str) -> int:
        """Return the number of clauses that can fail and that no selected scenario checks."""
        return sum(
            clause.can_fail and not self.cells[clause.id, target].is_asked
            for clause in self.contract.clauses.values()
        )

    def answered_by(self, target: str | None = None) -> list[str]:
        """Return the services that answered on a target, or on all targets."""
        services = (
            outcome.answered_by
            for name, outcomes in self._outcomes.items()
            for outcome in outcomes
            if target in (None, name) and outcome.answered_by
        )
        return list(dict.fromkeys(services))

    def seconds(self, clause: str, target: str) -> float:
        """Return the duration of the scenarios about a clause."""
        return sum(
            outcome.seconds
            for outcome in self._outcomes[target]
            if outcome.findings and outcome.findings[0].clause == clause
        )

    def obstacles(self) -> list[str]:
        """Return the problems of the environment that prevented scenarios, without repetition."""
        obstacles = (
            outcome.obstacle for outcomes in self._outcomes.values() for outcome in outcomes
        )
        return [obstacle for obstacle in dict.fromkeys(obstacles) if obstacle]

    def flaky(self, target: str) -> list[Outcome]:
        """Return the outcomes of scenarios that failed, and succeeded when retried."""
        return [outcome for outcome in self._outcomes[target] if outcome.is_flaky]

    def not_shipped(self, target: str) -> list[str]:
        """Return the scenarios that were not reached because their recordings don't ship."""
        return [outcome.scenario for outcome in self._outcomes[target] if outcome.not_shipped]

    def may_stay_unreached(self, clause: str, target: str, allowed: Iterable[str]) -> bool:
        """Return whether a clause may be unreached on a target.

        Args:
            clause: the id of the clause.
            target: the name of the target.
            allowed: the ids of the clauses that may stay unreached.
        """
        cell = self.cells[clause, target]
        return clause in allowed or cell.is_allowed or not cell.is_asked

    def kept(self) -> list[str]:
        """Return the recordings that were not overwritten, since they have stronger provenance."""
        return [
            outcome.kept
            for outcomes in self._outcomes.values()
            for outcome in outcomes
            if outcome.kept
        ]

    def compared(self, target: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the scenarios that were compared with their recordings, each with the result.

        Args:
            target: the name of the target.
        """
        return [
            (outcome.scenario, outcome.exchange["recorded"])
            for outcome in self._outcomes[target]
            if outcome.exchange and "recorded" in outcome.exchange
        ]

    def differences(self, target: str, *, changed: bool) -> dict[Difference, list[str]]:
        """Return the differences from the recordings, each with the scenarios that showed it.

        Args:
            target: the name of the target.
            changed: True for those that show a change of the service; False for all others, such
                as a reworded message, or a recording of weaker provenance than the answer.
        """
        differences: dict[Difference, list[str]] = {}
        for scenario, compared in self.compared(target):
            for row in compared["differences"]:
                if changed == (compared["counts"] and row["counts"]):
                    differences.setdefault(Difference(**row), []).append(scenario)
        return differences

    def changed(self) -> list[str]:
        """Return the targets that have changed since they were recorded."""
        return [target for target in self.targets if self.differences(target, changed=True)]

    def untouched(self) -> list[str]:
        """Return the targets on which no clause was reached."""
        return [
            target
            for target in self.targets
            if all(
                self.cells[clause, target].status == NOT_REACHED for clause in self.contract.clauses
            )
        ]

    def exit_status(self, allowed: Iterable[str] = ()) -> int:
        """Return the exit status of the run.

        The first that applies: 1 a clause is broken, 2 it could not be done, 4 a target changed,
        3 a clause was not reached, 0 all hold. A run that could not be done has to be repeated,
        and a change is news, while an unreached state was probably unreached yesterday too.

        Args:
            allowed: the ids of the clauses that may stay unreached.
        """
        if any(self.clauses(BROKEN, target) for target in self.targets):
            return 1
        if self.obstacles() or self.untouched():
            return 2
        if self.changed():
            return 4
        allowed = set(allowed)
        all_allowed = all(
            self.may_stay_unreached(clause.id, target, allowed)
            for target in self.targets
            for clause in self.clauses(NOT_REACHED, target)
        )
        return 0 if all_allowed else 3
