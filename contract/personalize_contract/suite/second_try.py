"""One retry of the scenarios in which a live service failed.

A reset, a 500 or a 503 that occurs once in a night is a flake. One that occurs again, or often, is
the behaviour of the service.
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
"""The number, or share, of the scenarios of a run that may be retried."""


class SecondTry:
    """Tries scenarios on a live service, and retries those in which it failed.

    Args:
        run: the run that tries a scenario.
        total: the number of scenarios of the run.
    """

    def __init__(self, run: Run, total: int) -> None:
        self._run, self._limit = run, max(_FEW, _SHARE * total)
        self._postponed: list[tuple[Scenario, Outcome]] = []
        self._count = 0

    @property
    def contract(self) -> Contract:
        """The contract of the operation."""
        return self._run.contract

    def outcome(self, scenario: Scenario) -> Outcome:
        """Return the outcome of a scenario, which is postponed if the service failed."""
        outcome = self._run.outcome(scenario, is_last=False)
        if not outcome.failed:
            return outcome
        self._postponed.append((scenario, outcome))
        why = f"{outcome.failed} on the first try; to be retried"
        findings = tuple(not_reached(scenario, why))
        return replace(outcome, findings=findings, obstacle="", is_postponed=True)

    def again(self, state: State) -> Iterator[Outcome]:
        """Retry the postponed scenarios of a state; yield their outcomes."""
        due = [each for each in self._postponed if each[0].state == state]
        self._postponed = [each for each in self._postponed if each[0].state != state]
        self._count += len(due)
        for scenario, first in due:
            if self._count <= self._limit:
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
    """Return the outcome of a scenario that got no answer, which is a problem of the network."""
    why = f"{NO_ANSWER.name}: {outcome.findings[0].why}; {NO_ANSWER.advice}"
    return replace(
        outcome, findings=tuple(not_reached(scenario, why)), answered_by="", obstacle=why
    )


def _no_answer(exchange: Any, outcome: Outcome) -> dict[str, Any]:
    """Return the document of the first try without an answer, with status 0.

    Args:
        exchange: the document of the second try, which has the same request.
        outcome: the outcome of the first try.
    """
    why = outcome.findings[0].why
    none = {"status": 0, "reason": why, "code": "", "headers": {}, "body": ""}
    return {"answered_by": "", "request": exchange["request"], "response": none}


SECOND_TRY = pytest.StashKey[SecondTry]()
"""Stash key of the second try of a pytest run."""


class Again(pytest.Item):
    """The postponed scenarios of a state, as one test."""

    state: State

    def runtest(self) -> None:
        """Retry them."""
        failed = []
        second_try = self.config.stash[SECOND_TRY]
        for outcome in second_try.again(self.state):
            self.user_properties.append(("personalize_contract", outcome.as_property()))
            failed += outcome.failures(second_try.contract)
        if failed:
            pytest.fail("\n".join(failed), pytrace=False)

    def reportinfo(self) -> tuple[Any, None, str]:
        """Return its location and name."""
        return self.path, None, self.name
