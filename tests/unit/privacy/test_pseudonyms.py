"""Pseudonyms of personal ids: stable, pure, and useless without a list of ids."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.privacy.pseudonyms import is_pseudonym, pseudonym
from personalize_contract.privacy.redaction import REDACTED, Redactor

URL = "https://personalize-events.us-east-1.amazonaws.com"


def request(path: str, body: Any) -> Request:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request("POST", f"{URL}{path}", {"content-type": "application/json"}, text)


def events(**beside: Any) -> Request:
    event = {"eventType": "watch", "sentAt": 1, "itemId": "tea"}
    return request(
        "/events", {"trackingId": "contract-active-tracker", **beside, "eventList": [event]}
    )


@given(st.text(min_size=1, max_size=300))
def test_a_pseudonym_is_stable_and_idempotent(text: str) -> None:
    once = pseudonym("userId", text)
    assert once == pseudonym("userId", text)
    assert pseudonym("userId", once) == once
    assert is_pseudonym(once)
    assert (len(once) > 256) == (len(text) > 256)


def test_different_ids_have_different_pseudonyms() -> None:
    values = ["ann", "bob", "12345", 12345, True]
    assert len({pseudonym("userId", value) for value in values}) == len(values)


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_id_stays_missing(value: Any) -> None:
    assert pseudonym("userId", value) == value


def test_redaction_of_personal_ids_is_idempotent() -> None:
    redactor = Redactor()
    once = redactor.request(events(userId="ann", sessionId="visit-1"))
    assert b"ann" not in once.body
    assert b"visit" not in once.body
    assert json.loads(once.body)["eventList"][0]["itemId"] == "tea"
    assert redactor.request(once) == once


def test_an_echoed_id_is_removed_from_the_response() -> None:
    answer = Response(400, "", {}, b'{"message": "ann@example.com is no user"}')
    exchange = Redactor().exchange(Exchange(events(userId="ann@example.com"), answer, "unknown"))
    assert b"ann" not in exchange.response.body


def test_an_invalid_body_that_may_name_a_person_is_dropped() -> None:
    broken = request("/events", b'{"userId": "ann"')
    assert Redactor().request(broken).body == REDACTED.encode()


def test_put_users_keep_their_ids() -> None:
    body = {"datasetArn": "arn", "users": [{"userId": "ann"}]}
    assert json.loads(Redactor().request(request("/users", body)).body) == body


def test_keep_leaves_ids_unchanged() -> None:
    sent = events(userId="ann", sessionId="visit-1")
    assert json.loads(Redactor(keep=None).request(sent).body) == json.loads(sent.body)
    written = json.loads(Redactor(keep=["userId"]).request(sent).body)
    assert written["userId"] == "ann"
    assert is_pseudonym(written["sessionId"])
