"""The events of a visit: kept in order, and held against the shop's own contract."""

from datetime import UTC, datetime

from visits import watched

from personalize_contract import Service, Trackers

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_visit_is_recorded(personalize_service: Service, personalize_tracker: Trackers):
    items = [f"tea-{number}" for number in range(12)]
    watched(personalize_tracker.active, "ann", "visit-1", items, NOON, "phone")

    events = personalize_service.events(personalize_tracker.active)
    assert [event["itemId"] for event in events] == items
    assert {event["userId"] for event in events} == {"ann"}
    assert len(personalize_service.exchanges) == 2
