"""`personalize_contract.check` accepts the arguments of SDKs, and checks them as sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import personalize_contract

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def events(**more: Any) -> dict[str, Any]:
    event = {"eventType": "watch", "sentAt": NOON, **more}
    return {"trackingId": "our-tracker", "userId": "ann", "sessionId": "v", "eventList": [event]}


def test_datetimes_are_accepted_as_by_sdks() -> None:
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


def test_the_message_has_no_personal_id() -> None:
    body = events() | {"userId": "ann@example.com" * 20}
    with pytest.raises(personalize_contract.ContractBroken) as broken:
        personalize_contract.check("PutEvents", body)
    assert "request.user-id.max-length" in str(broken.value)
    assert "example.com" not in str(broken.value)


def test_a_value_without_a_json_form_is_an_error() -> None:
    with pytest.raises(personalize_contract.UsageError, match="set is not JSON serializable"):
        personalize_contract.check("PutEvents", events(impression={"tea"}))
