"""Events are sent live only to a declared tracker, in the run's own sessions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from personalize_contract.live.guard import WriteGuard
from personalize_contract.model.contract import operations
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import parse

URL = "https://personalize-events.eu-west-1.amazonaws.com"
GUARD = WriteGuard(URL, ["our-tracker-1"], operations(), "--personalize-{}".format)
SESSION = "personalize-contract-visit"
EVENT = {"eventType": "watch", "sentAt": 1, "metricAttribution": {"eventAttributionSource": "x"}}
INTERACTION = {"actionId": "join", "sessionId": SESSION, "timestamp": 1, "eventType": "Taken"}


def events(**more: Any) -> tuple[str, dict[str, Any]]:
    body = {"trackingId": "our-tracker-1", "sessionId": SESSION, "eventList": [EVENT]}
    return "/events", {**body, **more}


def interactions(**more: Any) -> tuple[str, dict[str, Any]]:
    return "/action-interactions", {
        "trackingId": "our-tracker-1",
        "actionInteractions": [INTERACTION, {**INTERACTION, **more}],
    }


def refusal(path: str, body: dict[str, Any]) -> str | None:
    return GUARD.refusal(parse(Request("POST", f"{URL}{path}", {}, json.dumps(body).encode())))


@pytest.mark.parametrize(
    "sent", [events(), events(userId="ann"), interactions(), interactions(userId="ann")]
)
def test_a_request_to_a_declared_tracker_is_sent(sent: tuple[str, dict[str, Any]]) -> None:
    assert refusal(*sent) is None


REFUSED = {
    "an undeclared tracker": (events(trackingId="other"), "an undeclared tracker"),
    "no session": (events(sessionId=None), "sessionId is not a string"),
    "a session of somebody": (events(sessionId="v"), "sessionId does not begin with"),
    "one interaction of somebody's session": (
        interactions(sessionId="v"),
        "actionInteractions[1].sessionId does not begin with",
    ),
    "a member that there is not": (events(datasetArn="x"), "'datasetArn'"),
    "a member of an event that there is not": (
        events(eventList=[{**EVENT, "tea": 1}]),
        "eventList[] has the member 'tea', which is unknown to PutEvents",
    ),
    "a member of a member": (
        events(eventList=[{**EVENT, "metricAttribution": {"tea": 1}}]),
        "eventList[].metricAttribution has the member",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_everything_else_is_refused(case: str) -> None:
    sent, why = REFUSED[case]
    assert why in str(refusal(*sent))
