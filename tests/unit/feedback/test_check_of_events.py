"""`personalize_contract.check` of the arguments of a call: what an SDK takes, as it sends it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import personalize_contract

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def events(**more: Any) -> dict[str, Any]:
    event = {"eventType": "watch", "sentAt": NOON, **more}
    return {"trackingId": "our-tracker", "userId": "ann", "sessionId": "v", "eventList": [event]}


def test_a_date_and_time_is_what_sdks_take() -> None:
    personalize_contract.check("PutEvents", events())
    personalize_contract.check("PutEvents", events(sentAt=1719511760))


@pytest.mark.parametrize(
    ("clause", "more"),
    [
        ("request.sent-at.type", {"sentAt": "noon"}),
        ("request.event-value.type", {"eventValue": "0.5"}),
        ("request.impression.min-members", {"impression": []}),
        (
            "request.event-attribution-source.pattern",
            {"metricAttribution": {"eventAttributionSource": " "}},
        ),
        ("request.properties.reserved-keys", {"properties": '{"sessionid": "v"}'}),
    ],
)
def test_a_mistake_is_named(clause: str, more: dict[str, Any]) -> None:
    with pytest.raises(personalize_contract.ContractBroken, match=clause):
        personalize_contract.check("PutEvents", events(**more))


def test_no_id_of_a_person_is_in_the_message() -> None:
    body = events() | {"userId": "ann@example.com" * 20}
    with pytest.raises(personalize_contract.ContractBroken) as broken:
        personalize_contract.check("PutEvents", body)
    assert "request.user-id.max-length" in str(broken.value)
    assert "example.com" not in str(broken.value)


def test_a_value_that_is_no_json_is_told() -> None:
    with pytest.raises(personalize_contract.UsageError, match="set is no type of JSON"):
        personalize_contract.check("PutEvents", events(impression={"tea"}))
