"""`personalize_keep`: personal ids that are recorded as they are."""

from __future__ import annotations

import re

import pytest

from helpers.shop import Shop

TEST = """
@pytest.mark.personalize_contract
def test_it(personalize_tracker):
    for user, session in (("ann@example.com", "visit-4711"), ("bob@example.com", "visit-4712"),
                          ("ann@example.com", "visit-4713")):
        client().put_events(
            trackingId=personalize_tracker.active, userId=user, sessionId=session,
            eventList=[{"eventType": "watch", "sentAt": 1719511760, "itemId": "tea"}])
    client().put_action_interactions(
        trackingId=personalize_tracker.active,
        actionInteractions=[{"actionId": "join", "userId": "ann@example.com",
                             "sessionId": "visit-4711", "timestamp": 1719511760,
                             "eventType": "Taken"}])
"""


def record(shop: Shop, *ini: str) -> str:
    shop.ini(*ini)
    shop.tests(TEST)
    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)
    return shop.cassette("test_it").read_text("utf-8")


def test_personal_ids_get_consistent_pseudonyms(shop: Shop) -> None:
    recorded = record(shop)

    assert "example.com" not in recorded
    assert "visit-" not in recorded
    users = re.findall(r"user-[0-9a-f]{16}", recorded)
    assert len(users) == 4
    assert users[0] == users[2] == users[3] != users[1]
    assert len(set(re.findall(r"session-[0-9a-f]{16}", recorded))) == 3


def test_recording_answers_only_the_recorded_user(shop: Shop) -> None:
    record(shop)
    shop.tests(TEST.replace("bob@", "eve@"))
    result = shop.run()
    result.assert_outcomes(failed=1)
    message = result.stdout.str().rpartition("no recorded exchange answers")[2]
    assert 'userId: sent "user-' in result.stdout.str()
    assert "example.com" not in message


def test_ini_key_keeps_a_member_unredacted(shop: Shop) -> None:
    recorded = record(shop, "personalize_keep = userId")

    assert recorded.count("ann@example.com") == 3
    assert "visit-" not in recorded


def test_unknown_member_is_refused(shop: Shop) -> None:
    shop.ini("personalize_keep = itemId")
    shop.tests(TEST)
    result = shop.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*personalize_keep = itemId: it must be one of sessionId, userId*"]
    )
