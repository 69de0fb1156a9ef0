"""Evidence: the findings of the scenarios as clause x target, and the exit status they come to.

A clause `holds` on a target, is `broken`, or was `not reached`. Not reached is never a pass.
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
    """What one scenario found out about one clause; `why` says what was seen instead."""

    clause: str
    status: str
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one scenario found out.

    Args:
        scenario: its id.
        findings: of its clauses, the one that it is about first.
        answered_by: who answered; `""` if nobody did.
        exchange: as a report shows it; None if there was none.
        obstacle: why the scenario could not be tried although it should have been.
        failed: how the service failed, if it did so in a way that may pass: `no answer`, `500` or
            `503`.
        first: the exchange that failed before this one, if the scenario was asked again.
    """

    scenario: str
    findings: tuple[Finding, ...]
    answered_by: str = ""
    exchange: Mapping[str, Any] | None = None
    obstacle: str = ""
    failed: str = ""
    first: Mapping[str, Any] | None = None
    kept: str = ""
    """The recording that was not replaced, because it proves more."""

    not_shipped: bool = False
    """Whether it was not reached because its recording doesn't ship, which is allowed."""

    seconds: float = 0.0
    """Duration, as whoever ran it measured it."""

    is_postponed: bool = False
    """Whether it will be asked again, because the service failed in it."""

    def as_property(self) -> dict[str, Any]:
        """As builtins, which is what a pytest report can carry from an xdist worker."""
        return {
            "scenario": self.scenario,
            "findings": [[one.clause, one.status, one.why] for one in self.findings],
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
        """Return what keeps the test of this scenario from passing, a line each."""
        return [
            f"{self.scenario}: {finding.clause} {finding.status}: {finding.why}"
            for finding in self.findings
            if finding.status != HOLDS and contract.clauses[finding.clause].can_fail
        ]

    @property
    def is_flaky(self) -> bool:
        """Whether the service failed, and was right when it was asked again."""
        return self.first is not None and all(one.status == HOLDS for one in self.findings)

    @classmethod
    def from_property(cls, value: Mapping[str, Any]) -> Outcome:
        """The opposite of `as_property`."""
        return cls(**{**value, "findings": tuple(Finding(*one) for one in value["findings"])})


@dataclass(slots=True)
class Cell:
    """The evidence for one clause on one target."""

    status: str = NOT_REACHED
    why: str = "no scenario reached it"
    answered_by: list[str] = field(default_factory=list)
    exchanges: list[Mapping[str, Any]] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    """Of a clause that is only observed: what was seen, and in which scenarios."""

    is_allowed: bool = False
    """Whether it may be unreached: all recordings of what it is about don't ship."""

    is_asked: bool = True
    """Whether a scenario that was selected asks about it."""

    is_flaky: bool = False
    """Whether the service failed in a scenario of it, and was right when it was asked again."""

    @property
    def changed(self) -> bool:
        """Whether an answer that shows it differs from what the same service answered before."""
        return any(one.get("recorded", {}).get("changed") for one in self.exchanges)


def cell(clause: Clause, outcomes: Iterable[Outcome], *, is_selection: bool = False) -> Cell:
    """What all outcomes together say of a clause.

    One breach is a breach. It holds only if every scenario that is about it was reached. Those
    whose recordings don't ship are left out, unless there is no other.
    """
    found = Cell()
    held = held_itself = False
    missed: list[str] = []
    not_shipped: list[str] = []
    broken: list[str] = []
    for outcome in outcomes:
        for place, finding in enumerate(outcome.findings):
            if finding.clause != clause.id:
                continue
            if finding.status == NOT_REACHED:
                if place == 0:
                    line = f"{outcome.scenario}: {finding.why}"
                    (not_shipped if outcome.not_shipped else missed).append(line)
                    found.exchanges += _shown(outcome, finding)
                continue
            if finding.status == BROKEN:
                broken.append(f"{outcome.scenario}: {finding.why}")
            held = True
            held_itself = held_itself or place == 0
            if not clause.can_fail and finding.why:
                found.notes.setdefault(finding.why, []).append(outcome.scenario)
            if outcome.answered_by and outcome.answered_by not in found.answered_by:
                found.answered_by.append(outcome.answered_by)
            found.is_flaky = found.is_flaky or outcome.is_flaky
            found.exchanges += _shown(outcome, finding)
    if broken:
        found.status, found.why = BROKEN, _several(broken)
        found.exchanges = [one for one in found.exchanges if one["status"] == BROKEN]
    elif held and not missed and (held_itself or not not_shipped):
        found.status, found.why = HOLDS, "; ".join(noted(found.notes))
    elif missed or not_shipped:
        found.why, found.is_allowed = _several([*missed, *not_shipped]), not missed
    elif is_selection:
        found.why, found.is_asked = "no scenario that was selected asks about it", False
    return found


def _shown(outcome: Outcome, finding: Finding) -> Iterator[dict[str, Any]]:
    """The exchanges of an outcome as a report shows them, the one that failed first."""
    about: dict[str, Any] = {"scenario": outcome.scenario, "status": finding.status}
    if outcome.is_flaky:
        about["flaky"] = True
    if outcome.first:
        yield {**about, "attempt": 1, **outcome.first}
        about["attempt"] = 2
    if outcome.exchange:
        yield {**about, "seconds": outcome.seconds, **outcome.exchange}


def _several(lines: list[str]) -> str:
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return lines[0] + more


class Evidence:
    """Clause x target, of one run of the suite.

    Args:
        contract: whose clauses are the rows.
        outcomes: of each target that was asked, in the order they were asked in.
        facts: when and where each was asked.
        is_selection: whether only some scenarios were asked for, so that only the clauses that
            they ask about are judged.
        partial: why the run ended before its end; `""` if it did not.
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
        """The clauses that can fail and have this status on a target."""
        return [
            clause
            for clause in self.contract.clauses.values()
            if clause.can_fail
            and self.cells[clause.id, target].status == status
            and self.cells[clause.id, target].is_asked
        ]

    def not_asked(self, target: str) -> int:
        """The number of clauses that can fail and that no selected scenario asks about."""
        return sum(
            clause.can_fail and not self.cells[clause.id, target].is_asked
            for clause in self.contract.clauses.values()
        )

    def answered_by(self, target: str | None = None) -> list[str]:
        """Who answered on a target, or on any."""
        found = (
            outcome.answered_by
            for asked, outcomes in self._outcomes.items()
            for outcome in outcomes
            if target in (None, asked) and outcome.answered_by
        )
        return list(dict.fromkeys(found))

    def seconds(self, clause: str, target: str) -> float:
        """The duration of the scenarios that are about a clause."""
        return sum(
            outcome.seconds
            for outcome in self._outcomes[target]
            if outcome.findings and outcome.findings[0].clause == clause
        )

    def obstacles(self) -> list[str]:
        """What kept scenarios from being tried, each once."""
        found = (o.obstacle for outcomes in self._outcomes.values() for o in outcomes if o.obstacle)
        return list(dict.fromkeys(found))

    def flaky(self, target: str) -> list[Outcome]:
        """The outcomes of a target that failed once, and were right when they were asked again."""
        return [outcome for outcome in self._outcomes[target] if outcome.is_flaky]

    def not_shipped(self, target: str) -> list[str]:
        """The scenarios of a target that were not reached because their recordings don't ship."""
        return [outcome.scenario for outcome in self._outcomes[target] if outcome.not_shipped]

    def may_stay_unreached(self, clause: str, target: str, allowed: Iterable[str]) -> bool:
        """Whether it is no matter that a clause was not reached.

        Args:
            clause: its id.
            target: where it was not reached.
            allowed: ids of clauses that may stay unreached.
        """
        cell = self.cells[clause, target]
        return clause in allowed or cell.is_allowed or not cell.is_asked

    def kept(self) -> list[str]:
        """The recordings that were not replaced, because they prove more than the new ones."""
        return [o.kept for outcomes in self._outcomes.values() for o in outcomes if o.kept]

    def compared(self, target: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The scenarios of a target whose answer was compared with a recorded one, and how."""
        return [
            (outcome.scenario, outcome.exchange["recorded"])
            for outcome in self._outcomes[target]
            if outcome.exchange and "recorded" in outcome.exchange
        ]

    def differences(self, target: str, *, changed: bool) -> dict[Difference, list[str]]:
        """What differs from the recordings, each with the scenarios that showed it.

        Args:
            target: whose answers.
            changed: those that say that the service changed, or the others: a message in other
                words, or a recording that proves less than the answer.
        """
        found: dict[Difference, list[str]] = {}
        for scenario, compared in self.compared(target):
            for row in compared["differences"]:
                if changed == (compared["counts"] and row["counts"]):
                    found.setdefault(Difference(**row), []).append(scenario)
        return found

    def changed(self) -> list[str]:
        """The targets that answer otherwise than they did when they were recorded."""
        return [target for target in self.targets if self.differences(target, changed=True)]

    def untouched(self) -> list[str]:
        """The targets of which nothing at all was reached."""
        return [
            target
            for target in self.targets
            if all(
                self.cells[clause, target].status == NOT_REACHED for clause in self.contract.clauses
            )
        ]

    def exit_status(self, allowed: Iterable[str] = ()) -> int:
        """0 all hold, 1 one is broken, 2 it could not be done, 4 it changed, 3 one was not reached.

        Of several the first of these: a run that could not be done is to be done again, and what
        changed is news, while a state that is not reached was not reached yesterday either.

        Args:
            allowed: ids of clauses that may stay unreached.
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
