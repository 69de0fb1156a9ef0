"""Rows of the table of scenarios: what the page says of an answer, whatever was asked.

Every expectation is written out here from the page, and none is computed.
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
    Refused,
    Status,
)
from personalize_contract.suite.scenario import SENSITIVE, Call, Expects, Scenario, Wire

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
"""Of an answer of which it is not known whether it accepts or refuses."""


def accepted(scenario: str, clause: str, sends: Call | Wire) -> Scenario:
    """A request that the page allows."""
    return Scenario(scenario, sends, ((clause, Accepted()), *SUCCESS))


def refused(scenario: str, clause: str, sends: Call | Wire) -> Scenario:
    """A request that breaks a constraint of the page."""
    return Scenario(scenario, sends, ((clause, Refused()), *INVALID))


def malformed(scenario: str, clause: str, sends: Wire) -> Scenario:
    """A request that is no JSON, or has a wrong JSON type in it."""
    return Scenario(scenario, sends, ((clause, Refused()), *MALFORMED))


def arn_refused(scenario: str, clause: str, sends: Call | Wire, error: Expects) -> Scenario:
    """A request whose ARN is none: `error` is what else is expected of the answer."""
    return Scenario(scenario, sends, ((clause, Refused()), (clause, NotLookedUp()), *error))
