"""Compares an answer with the expectations of its scenario."""

from __future__ import annotations

from collections.abc import Iterator

from personalize_contract.model import failures, origin
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.report.view import BROKEN, HOLDS, NOT_REACHED
from personalize_contract.suite.evidence import Finding
from personalize_contract.suite.expectations import Observed, Status
from personalize_contract.suite.scenario import Scenario

ALTERED = "its recording was edited after it was made, so no service gave this answer"

UNRECOGNISED = "unrecognised answer"
"""Prefix of the reason why a scenario was not reached: a front end may have rejected it."""


def judge(scenario: Scenario, exchange: Exchange) -> list[Finding]:
    """Return a finding for each clause of a scenario that applies to the exchange."""
    return list(_findings(scenario, exchange))


def trouble(scenario: Scenario, response: Response, *, sends_ids: bool) -> str:
    """Return the reason that a response says nothing about the operation; `""` if it does.

    Args:
        scenario: the scenario.
        response: the response to its request.
        sends_ids: whether each response of this service has a request id.
    """
    foreign_origin = origin.foreign(response, sends_ids=False)
    if foreign_origin is None:
        denied = scenario.denial and failures.denial(response)
        if not denied and (why := failures.why(response)):
            return why
        foreign_origin = origin.foreign(response, sends_ids=sends_ids)
    is_rejected = 400 <= response.status < 500 and response.status != 407
    if foreign_origin and is_rejected and scenario.may_meet_front_end:
        return f"{UNRECOGNISED}: {origin.summary(response)}"
    return foreign_origin or ""


def _findings(scenario: Scenario, exchange: Exchange) -> Iterator[Finding]:
    response = exchange.response
    for clause, expectation in scenario.expects:
        if not expectation.applies(response):
            continue
        if (breach := expectation.breach(response)) is not None:
            yield Finding(clause, BROKEN, f"{breach} ({ALTERED})" if exchange.altered else breach)
            if expectation.settles(response):
                return
        elif exchange.altered:
            yield Finding(clause, NOT_REACHED, ALTERED)
        else:
            note = expectation.note(response) if isinstance(expectation, Observed) else ""
            yield Finding(clause, HOLDS, note)


def not_reached(scenario: Scenario, why: str) -> list[Finding]:
    """Return the findings of a scenario that could not be tried."""
    return [Finding(clause, NOT_REACHED, why) for clause, _ in scenario.expects]


def unanswered(scenario: Scenario, why: str) -> list[Finding]:
    """Return the findings of a scenario whose last try got no complete response.

    That breaks the clause that the scenario is about, and those about the status. If nothing is
    expected, it is an observation. For a live service these findings are never final:
    `second_try` retries the scenario, and a second failure is one of the environment.
    """
    (first, expectation), *rest = scenario.expects
    if isinstance(expectation, Observed):
        return [Finding(first, HOLDS, why)]
    statuses = [clause for clause, each in rest if isinstance(each, Status)]
    return [Finding(clause, BROKEN, why) for clause in dict.fromkeys([first, *statuses])]
