"""Advice on events and action interactions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from personalize_contract import clock
from personalize_contract.feedback.adviser import Adviser
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import parse

URL = "https://personalize-events.us-east-1.amazonaws.com"
NOW = 1719511760


def sent(path: str, body: Any) -> Request:
    headers = {"content-type": "application/json"}
    return Request("POST", f"{URL}{path}", headers, json.dumps(body).encode())


def events(*more: dict[str, Any], **members: Any) -> Request:
    usual = {"eventType": "watch", "sentAt": NOW, "itemId": "tea"}
    body = {"trackingId": "our-tracker", "userId": "ann", "sessionId": "visit-1", **members}
    body = {name: value for name, value in body.items() if value is not None}
    return sent(
        "/events", {**body, "eventList": [{**usual, **event} for event in more or ({}, {})]}
    )


def interactions(*more: dict[str, Any]) -> Request:
    usual = {
        "actionId": "join",
        "userId": "ann",
        "sessionId": "visit-1",
        "timestamp": NOW,
        "eventType": "Taken",
    }
    records = [{**usual, **record} for record in more or ({}, {"actionId": "leave"})]
    body = {"trackingId": "our-tracker", "actionInteractions": records}
    return sent("/action-interactions", body)


TOMORROW = int(clock.now().timestamp()) + 86_400

CASES = {
    "future": (events({}, {"sentAt": TOMORROW}), "eventList[1].sentAt"),
    "no-user": (events(userId=None), "userId"),
    "session-is-user": (events(sessionId="ann"), "sessionId"),
    "session-of-two-users": (
        interactions({}, {"userId": "bob"}),
        "actionInteractions[1].sessionId",
    ),
    "duplicate-events": (events({"eventId": "1"}, {"eventId": "1"}), "eventList[1].eventId"),
    "event-type": (
        interactions({}, {"eventType": "taken"}),
        "actionInteractions[1].eventType",
    ),
    "tracker-arn": (
        events(trackingId="arn:aws:personalize:us-east-1:000000000000:event-tracker/shop"),
        "trackingId",
    ),
}
"""A request for each piece of advice, with the place of the mistake."""

MORE = {
    "milliseconds in sentAt": (events({}, {"sentAt": NOW * 1000}), "milliseconds", ".sentAt"),
    "sentAt as a text": (events({}, {"sentAt": "2026-01-01"}), "timestamp-kind", ".sentAt"),
    "milliseconds as a text": (events({}, {"sentAt": f"{NOW}000"}), "milliseconds", ".sentAt"),
    "properties dumped twice": (
        events({}, {"properties": json.dumps('{"a": 1}')}),
        "double-escaped",
        ".properties",
    ),
    "an item called None": (events({}, {"itemId": "None"}), "no-id", ".itemId"),
}


def advice_on(request: Request) -> list[tuple[str, str]]:
    return [(advice.row.name, advice.where) for advice in Adviser().advice(parse(request))]


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_named(name: str) -> None:
    request, where = CASES[name]
    assert advice_on(request) == [(name, where)]


@pytest.mark.parametrize("case", MORE)
def test_a_mistake_shared_with_items_is_named(case: str) -> None:
    request, name, where = MORE[case]
    assert advice_on(request) == [(name, f"eventList[1]{where}")]


@pytest.mark.parametrize(
    "request_",
    [
        events(),
        events({"sentAt": NOW + 0.5}, {}),
        events({"sentAt": int(clock.now().timestamp())}, {}),
        interactions(),
        interactions({"eventType": "Viewed"}, {"eventType": "Not Taken"}),
    ],
)
def test_a_good_request_gets_none(request_: Request) -> None:
    assert advice_on(request_) == []


def test_one_event_per_call_is_named_for_one_session_only() -> None:
    def one_at_a_time(*sessions: str) -> int:
        adviser = Adviser()
        names = []
        for number, session in enumerate(sessions):
            request = events({"eventId": str(number)}, sessionId=session, userId=f"of-{session}")
            names += [advice.row.name for advice in adviser.advice(parse(request))]
        return names.count("one-at-a-time")

    assert one_at_a_time("a", "a", "a") == 3
    assert one_at_a_time("a", "b", "c") == 0


def test_a_session_of_two_users_is_recognised_across_requests() -> None:
    adviser = Adviser()
    assert adviser.advice(parse(events())) == []
    (advice,) = adviser.advice(parse(events(userId="bob")))
    assert (advice.row.name, advice.where) == ("session-of-two-users", "sessionId")
