"""Scenarios that a live service failed in, asked again once before they count.

A reset, a 500 or a 503 that comes once in a night is a flake. One that comes again, or that comes
often, is how the service is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from personalize_contract.model.contract import Contract
from personalize_contract.model.datasets import State
from personalize_contract.model.failures import NO_ANSWER
from personalize_contract.suite.evidence import Outcome
from personalize_contract.suite.judge import not_reached
from personalize_contract.suite.run import UNANSWERED, Run
from personalize_contract.suite.scenario import Scenario

_FEW, _SHARE = 3, 0.02
"""Of the scenarios of a run, so many may fail, or this share of them, and be asked again."""


class SecondTry:
    """Tries scenarios on a live service, and those that it failed in once more.

    Args:
        run: tries them.
        total: the number of scenarios that will be tried.
    """

    def __init__(self, run: Run, total: int) -> None:
        self._run, self._most = run, max(_FEW, _SHARE * total)
        self._waiting: list[tuple[Scenario, Outcome]] = []
        self._count = 0

    @property
    def contract(self) -> Contract:
        """The contract of the operation."""
        return self._run.contract

    def outcome(self, scenario: Scenario) -> Outcome:
        """Return what a scenario found out; postponed, if the service failed in it."""
        outcome = self._run.outcome(scenario, is_last=False)
        if not outcome.failed:
            return outcome
        self._waiting.append((scenario, outcome))
        why = f"{outcome.failed} when it was asked first; to be asked again"
        findings = tuple(not_reached(scenario, why))
        return replace(outcome, findings=findings, obstacle="", is_postponed=True)

    def again(self, state: State) -> Iterator[Outcome]:
        """Yield the outcomes that were postponed, of the scenarios of a state."""
        waiting = [one for one in self._waiting if one[0].state == state]
        self._waiting = [one for one in self._waiting if one[0].state != state]
        self._count += len(waiting)
        for scenario, first in waiting:
            if self._count <= self._most:
                yield self._second(scenario, first)
            elif first.failed == UNANSWERED:
                yield _unanswered(scenario, first)
            else:
                yield first

    def _second(self, scenario: Scenario, first: Outcome) -> Outcome:
        second = self._run.outcome(scenario, may_change=False)
        if second.failed == UNANSWERED:
            return _unanswered(scenario, second)
        if second.exchange is None:
            return second
        return replace(second, first=first.exchange or _no_answer(second.exchange, first))


def _unanswered(scenario: Scenario, outcome: Outcome) -> Outcome:
    """The outcome of a scenario that got no answer: the network is to blame."""
    why = f"{NO_ANSWER.name}: {outcome.findings[0].why}; {NO_ANSWER.advice}"
    return replace(
        outcome, findings=tuple(not_reached(scenario, why)), answered_by="", obstacle=why
    )


def _no_answer(exchange: Any, outcome: Outcome) -> dict[str, Any]:
    """The exchange that got no answer, from the one that did. Its status is 0."""
    why = outcome.findings[0].why
    none = {"status": 0, "reason": why, "code": "", "headers": {}, "body": ""}
    return {"answered_by": "", "request": exchange["request"], "response": none}


SECOND_TRY = pytest.StashKey[SecondTry]()
"""Where a run of pytest keeps it."""


class Again(pytest.Item):
    """The scenarios of a state that were postponed, as one test."""

    state: State

    def runtest(self) -> None:
        """Ask them again."""
        failed = []
        second_try = self.config.stash[SECOND_TRY]
        for outcome in second_try.again(self.state):
            self.user_properties.append(("personalize_contract", outcome.as_property()))
            failed += outcome.failures(second_try.contract)
        if failed:
            pytest.fail("\n".join(failed), pytrace=False)

    def reportinfo(self) -> tuple[Any, None, str]:
        """Where it is, and what it is called."""
        return self.path, None, self.name
