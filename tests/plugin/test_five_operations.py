"""One marked test, one boto3 client, all five operations of the service."""

from __future__ import annotations

import pytest

from helpers.shop import Shop

CALLS = """
NOW = 1719511760


def event(**more):
    return {"eventType": "watch", "sentAt": NOW, "itemId": "tea", **more}


def interaction(**more):
    return {"actionId": "join", "userId": "ann", "sessionId": "visit-1", "timestamp": NOW,
            "eventType": "Taken", **more}


def arn(kind):
    return ACTIVE.replace("ITEMS", kind)


def put_all(it, tracker):
    it.put_items(datasetArn=ACTIVE, items=[{"itemId": "tea", "properties": '{"category": "tea"}'}])
    it.put_users(datasetArn=arn("USERS"), users=[{"userId": "ann", "properties": '{"age": 40}'}])
    it.put_actions(datasetArn=arn("ACTIONS"), actions=[{"actionId": "join"}])
    it.put_events(trackingId=tracker, userId="ann", sessionId="visit-1",
                  eventList=[event(eventValue=0.5, impression=["tea", "coffee"],
                                   properties='{"numberOfRatings": "12"}')])
    it.put_action_interactions(trackingId=tracker, actionInteractions=[interaction()])
"""

ALL = (
    CALLS
    + """
@pytest.mark.personalize_contract
def test_it(personalize_tracker):
    put_all(client(), personalize_tracker.active)
"""
)


def test_all_five_are_recorded_and_replayed(shop: Shop) -> None:
    shop.tests(ALL)
    shop.record().assert_outcomes(passed=1)
    recorded = shop.cassette("test_it").read_text("utf-8")
    for path in ("items", "users", "actions", "events", "action-interactions"):
        assert f".amazonaws.com/{path}\n" in recorded
    result = shop.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*5 exchanges replayed (reference 5*"])


BROKEN = {
    "request.event-list.max-members": "client().put_events(trackingId=tracker, sessionId='v', "
    "userId='ann', eventList=[event(eventId=str(n)) for n in range(11)])",
    "request.recommendation-id.max-length": "client().put_events(trackingId=tracker, "
    "sessionId='v', userId='ann', eventList=[event(recommendationId='x' * 41)])",
    "request.impression.max-members": "client().put_events(trackingId=tracker, sessionId='v', "
    "userId='ann', eventList=[event(impression=['tea'] * 26)])",
    "request.properties.reserved-keys": "client().put_events(trackingId=tracker, sessionId='v', "
    "userId='ann', eventList=[event(properties='{\"USERID\": \"ann\"}')])",
    "request.action-interactions.max-members": "client().put_action_interactions("
    "trackingId=tracker, actionInteractions=[interaction()] * 11)",
    "request.action-id.max-length": "client().put_action_interactions("
    "trackingId=tracker, actionInteractions=[interaction(actionId='x' * 257)])",
}
"""A call of boto3 that breaks each of these clauses."""


@pytest.mark.parametrize("clause", BROKEN)
def test_call_that_breaks_a_clause_fails_with_its_id(shop: Shop, clause: str) -> None:
    shop.tests(
        CALLS
        + f"""
@pytest.mark.personalize_contract
def test_it(personalize_tracker):
    tracker = personalize_tracker.active
    try:
        {BROKEN[clause]}
    except botocore.exceptions.ClientError:
        pass
"""
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{clause} is broken by this test's request*"])


def test_service_stores_events_in_order_with_user_and_session(shop: Shop) -> None:
    shop.tests(
        CALLS
        + """
def test_it(personalize_service, personalize_tracker):
    shop, tracker = client(), personalize_tracker.active
    shop.put_events(trackingId=tracker, userId="ann", sessionId="visit-1",
                    eventList=[event(eventId="1"), event(eventId="2")])
    shop.put_action_interactions(trackingId=tracker, actionInteractions=[interaction(eventId="3")])
    stored = personalize_service.events(tracker)
    assert [stored_event["eventId"] for stored_event in stored] == ["1", "2", "3"]
    assert stored[0] == {"userId": "ann", "sessionId": "visit-1", **event(eventId="1")}
    assert stored[2] == interaction(eventId="3")


def test_a_tracker_of_its_own(personalize_service):
    with pytest.raises(botocore.exceptions.ClientError):
        client().put_events(trackingId="our-tracker-1", userId="ann", sessionId="visit-1",
                            eventList=[event()])
    personalize_service.add_tracker("our-tracker-1")
    client().put_events(trackingId="our-tracker-1", userId="ann", sessionId="visit-1",
                        eventList=[event()])
    assert len(personalize_service.events("our-tracker-1")) == 1
"""
    )
    shop.run().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("state", "code", "status"),
    [("missing", "ResourceNotFoundException", 404), ("in_use", "ResourceInUseException", 409)],
)
def test_interaction_needs_an_active_tracker(
    shop: Shop, state: str, code: str, status: int
) -> None:
    shop.tests(
        CALLS
        + f"""
@pytest.mark.personalize_contract
def test_it(personalize_tracker):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client().put_action_interactions(
            trackingId=personalize_tracker.{state}, actionInteractions=[interaction()])
    answer = refused.value.response
    assert answer["Error"]["Code"] == "{code}"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == {status}
"""
    )
    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("state", ["missing", "in_use"])
def test_put_events_returns_documented_errors_only(shop: Shop, state: str) -> None:
    shop.tests(
        CALLS
        + f"""
@pytest.mark.personalize_contract
def test_it(personalize_tracker):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client().put_events(trackingId=personalize_tracker.{state}, userId="ann", sessionId="v",
                            eventList=[event()])
    assert refused.value.response["Error"]["Code"] == "InvalidInputException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
"""
    )
    shop.run("--personalize-target=reference").assert_outcomes(passed=1)


def test_events_match_by_meaning_and_a_member_can_be_ignored(shop: Shop) -> None:
    source = (
        CALLS
        + """
@pytest.mark.personalize_contract(ignore=["eventList[].sentAt"])
def test_it(personalize_tracker):
    client().put_events(trackingId=personalize_tracker.active, userId="ann", sessionId="visit-1",
                        eventList=[{EVENT}])
"""
    )
    before = """event(properties='{"a": 1, "b": "2"}', eventValue=1.0)"""
    after = """event(properties='{"b":"2","a":1}', sentAt=NOW + 5, eventValue=1)"""
    other = """event(properties='{"b":"2","a":2}')"""
    shop.tests(source.replace("{EVENT}", before))
    shop.record().assert_outcomes(passed=1)
    shop.tests(source.replace("{EVENT}", after))
    shop.run().assert_outcomes(passed=1)
    shop.tests(source.replace("{EVENT}", other))
    result = shop.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no recorded exchange answers this PutEvents request*"])


def test_fault_applies_to_events(shop: Shop) -> None:
    shop.tests(
        CALLS
        + """
def test_it(personalize_service, personalize_tracker):
    personalize_service.fail_next("InvalidInputException")
    with pytest.raises(botocore.exceptions.ClientError):
        client().put_events(trackingId=personalize_tracker.active, userId="ann", sessionId="v",
                            eventList=[event()])
    assert personalize_service.events(personalize_tracker.active) == []
"""
    )
    shop.run().assert_outcomes(passed=1)
