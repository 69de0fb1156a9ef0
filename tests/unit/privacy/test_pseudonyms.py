"""Stand-ins for the ids of persons: stable, pure, and of no use to who doesn't know the ids."""

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
def test_a_stand_in_is_stable_and_stands_for_itself(text: str) -> None:
    once = pseudonym("userId", text)
    assert once == pseudonym("userId", text)
    assert pseudonym("userId", once) == once
    assert is_pseudonym(once)
    assert (len(once) > 256) == (len(text) > 256)


def test_others_have_others_and_a_number_is_no_text() -> None:
    values = ["ann", "bob", "12345", 12345, True]
    assert len({pseudonym("userId", value) for value in values}) == len(values)


@pytest.mark.parametrize("value", [None, ""])
def test_no_id_stays_none(value: Any) -> None:
    assert pseudonym("userId", value) == value


def test_a_redacted_request_has_them_and_redacting_it_again_changes_nothing() -> None:
    redactor = Redactor()
    once = redactor.request(events(userId="ann", sessionId="visit-1"))
    assert b"ann" not in once.body
    assert b"visit" not in once.body
    assert json.loads(once.body)["eventList"][0]["itemId"] == "tea"
    assert redactor.request(once) == once


def test_an_answer_that_repeats_an_id_does_not_keep_it() -> None:
    answer = Response(400, "", {}, b'{"message": "ann@example.com is no user"}')
    exchange = Redactor().exchange(Exchange(events(userId="ann@example.com"), answer, "unknown"))
    assert b"ann" not in exchange.response.body


def test_a_body_that_is_no_json_is_not_kept_where_it_may_name_a_person() -> None:
    broken = request("/events", b'{"userId": "ann"')
    assert Redactor().request(broken).body == REDACTED.encode()


def test_users_that_are_put_keep_their_ids() -> None:
    body = {"datasetArn": "arn", "users": [{"userId": "ann"}]}
    assert json.loads(Redactor().request(request("/users", body)).body) == body


def test_what_is_kept_is_kept() -> None:
    sent = events(userId="ann", sessionId="visit-1")
    assert json.loads(Redactor(keep=None).request(sent).body) == json.loads(sent.body)
    kept = json.loads(Redactor(keep=["userId"]).request(sent).body)
    assert kept["userId"] == "ann"
    assert is_pseudonym(kept["sessionId"])
