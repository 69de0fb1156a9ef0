"""The kinds of rows in the tables of scenarios, with the documented answers.

Every expectation is a literal from the page; none is computed.
"""

from __future__ import annotations

from personalize_contract.suite.expectations import (
    Accepted,
    Code,
    EmptyBody,
    IfAccepted,
    Message,
    NotLookedUp,
    Observed,
    Rejected,
    Status,
)
from personalize_contract.suite.scenario import SENSITIVE, Call, Expects, RawRequest, Scenario

SUCCESS: Expects = (
    ("response.success.status", Status(200)),
    ("response.success.empty-body", EmptyBody()),
    ("response.success.headers", Observed("headers")),
)
INVALID: Expects = (
    ("error.invalid-input.status", Status(400)),
    ("error.invalid-input.code", Code("InvalidInputException")),
    ("error.message", Message(never=SENSITIVE)),
    ("error.message.text", Observed("message")),
    ("error.framing", Observed("framing")),
    ("error.content-type", Observed("content-type")),
)
MALFORMED: Expects = (
    ("error.malformed.status", Status(400)),
    ("error.message", Message(never=SENSITIVE)),
    ("error.malformed.code", Observed()),
    ("error.message.text", Observed("message")),
    ("error.framing", Observed("framing")),
    ("error.content-type", Observed("content-type")),
)
UNKNOWN: Expects = (
    ("response.success.status", IfAccepted(200)),
    ("response.success.empty-body", EmptyBody()),
    ("error.message", Message(never=SENSITIVE)),
)
"""Expectations of an answer that may accept or reject the request."""


def accepted(scenario: str, clause: str, sends: Call | RawRequest) -> Scenario:
    """Return the scenario of a request that the page allows."""
    return Scenario(scenario, sends, ((clause, Accepted()), *SUCCESS))


def rejected(scenario: str, clause: str, sends: Call | RawRequest) -> Scenario:
    """Return the scenario of a request that breaks a constraint of the page."""
    return Scenario(scenario, sends, ((clause, Rejected()), *INVALID))


def malformed(scenario: str, clause: str, sends: RawRequest) -> Scenario:
    """Return the scenario of a request that is not JSON, or has a wrong JSON type."""
    return Scenario(scenario, sends, ((clause, Rejected()), *MALFORMED))


def arn_rejected(scenario: str, clause: str, sends: Call | RawRequest, error: Expects) -> Scenario:
    """Return the scenario of an invalid ARN, with further expectations of the error."""
    return Scenario(scenario, sends, ((clause, Rejected()), (clause, NotLookedUp()), *error))
