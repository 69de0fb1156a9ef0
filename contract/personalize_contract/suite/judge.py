"""Holds one answer against the expectations of its scenario."""

from __future__ import annotations

from collections.abc import Iterator

from personalize_contract.model import failures, origin
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.report.view import BROKEN, HOLDS, NOT_REACHED
from personalize_contract.suite.evidence import Finding
from personalize_contract.suite.expectations import Observed, Status
from personalize_contract.suite.scenario import Scenario

ALTERED = "its recording was changed after it was made, so it shows nobody's answer"


UNRECOGNISED = "unrecognised answer"
"""Begins why a scenario was not reached that a front end of the service may have refused."""


def judge(scenario: Scenario, exchange: Exchange) -> list[Finding]:
    """What an exchange says of each clause that its scenario expects something of."""
    return list(_judged(scenario, exchange))


def trouble(scenario: Scenario, response: Response, *, sends_ids: bool) -> str:
    """Why an answer says nothing about the operation, or `""` if it does.

    Args:
        scenario: what was asked.
        response: the answer.
        sends_ids: whether each answer of this service has a request id.
    """
    elsewhere = origin.foreign(response, sends_ids=False)
    if elsewhere is None:
        denied = scenario.denial and failures.denial(response)
        if not denied and (why := failures.why(response)):
            return why
        elsewhere = origin.foreign(response, sends_ids=sends_ids)
    refused = 400 <= response.status < 500 and response.status != 407
    if elsewhere and refused and scenario.may_meet_front_end:
        return f"{UNRECOGNISED}: {origin.summary(response)}"
    return elsewhere or ""


def _judged(scenario: Scenario, exchange: Exchange) -> Iterator[Finding]:
    response = exchange.response
    for clause, expectation in scenario.expects:
        if not expectation.applies(response):
            continue
        if (found := expectation.breach(response)) is not None:
            yield Finding(clause, BROKEN, f"{found} ({ALTERED})" if exchange.altered else found)
            if expectation.settles(response):
                return
        elif exchange.altered:
            yield Finding(clause, NOT_REACHED, ALTERED)
        else:
            seen = expectation.note(response) if isinstance(expectation, Observed) else ""
            yield Finding(clause, HOLDS, seen)


def not_reached(scenario: Scenario, why: str) -> list[Finding]:
    """The findings of a scenario that could not be tried."""
    return [Finding(clause, NOT_REACHED, why) for clause, _ in scenario.expects]


def unanswered(scenario: Scenario, why: str) -> list[Finding]:
    """The findings of a scenario that a service took and gave no whole answer to.

    That breaks what the scenario is about, and what says with which status it is answered. Where
    nothing is expected, it is noted.
    """
    (first, expectation), *rest = scenario.expects
    if isinstance(expectation, Observed):
        return [Finding(first, HOLDS, why)]
    answered = [clause for clause, one in rest if isinstance(one, Status)]
    return [Finding(clause, BROKEN, why) for clause in dict.fromkeys([first, *answered])]
