"""The table of scenarios: no clause without one, no recording without one."""

from collections import Counter
from pathlib import Path

import pytest

from helpers import groups
from personalize_contract.cassette import group, loader
from personalize_contract.model.contract import load, operations
from personalize_contract.suite import shipped
from personalize_contract.suite.scenario import SENSITIVE, Call, RawRequest
from personalize_contract.suite.scenario import text as sent
from personalize_contract.suite.tables.scenarios import SCENARIOS

ARN = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"
PUT_ITEMS = {scenario.id: scenario for scenario in SCENARIOS["PutItems"]}


def sends(scenario: str) -> Call | RawRequest:
    return PUT_ITEMS[scenario].sends


def items(scenario: str) -> list[dict[str, str]]:
    batch = sent(sends(scenario), ARN)["items"]
    assert isinstance(batch, list)
    return batch


@pytest.mark.parametrize("operation", operations())
def test_every_clause_has_a_scenario(operation: str) -> None:
    proved = {clause for scenario in SCENARIOS[operation] for clause, _ in scenario.expects}

    assert set(load(operation).clauses) - proved == set()


@pytest.mark.parametrize("operation", operations())
def test_every_scenario_names_existing_clauses(operation: str) -> None:
    named = {clause for scenario in SCENARIOS[operation] for clause, _ in scenario.expects}

    assert named - set(load(operation).clauses) == set()


@pytest.mark.parametrize("operation", operations())
def test_every_clause_that_can_fail_has_its_own_scenario(operation: str) -> None:
    subjects = {scenario.expects[0][0] for scenario in SCENARIOS[operation]}
    clauses = load(operation).clauses.values()

    assert {clause.id for clause in clauses if clause.can_fail} - subjects == set()


@pytest.mark.parametrize("operation", operations())
def test_scenario_names_are_unique(operation: str) -> None:
    count = Counter(scenario.id for scenario in SCENARIOS[operation])

    assert [name for name, number in count.items() if number > 1] == []


def test_exactly_the_scenarios_are_recorded() -> None:
    recorded = {
        (path.name, name)
        for path in (shipped.cassettes() / "PutItems").iterdir()
        if path.name != "large.personalize.yaml"
        for name in group.load(path)
    }

    assert recorded == {
        (f"{scenario.group}.personalize.yaml", scenario.id)
        for scenario in SCENARIOS["PutItems"]
        if scenario.group != "large"
    }


def test_exactly_the_large_recordings_do_not_ship() -> None:
    assert {
        "PutItems": {scenario.id for scenario in SCENARIOS["PutItems"] if scenario.group == "large"}
    } == shipped.NOT_SHIPPED
    assert len(shipped.NOT_SHIPPED["PutItems"]) == 23
    for path in (shipped.cassettes() / "PutItems").iterdir():
        if path.name != "large.personalize.yaml":
            assert max(len(text.encode()) for text in groups.texts(path).values()) <= 20_000


@pytest.mark.parametrize("operation", operations())
def test_groups_are_few_and_small(operation: str) -> None:
    count = Counter(scenario.group for scenario in SCENARIOS[operation])

    assert 10 <= len(count) <= 35
    assert max(count.values()) <= 100


# Counted here, and not by the table's own helpers.
SIZES = [
    ("items-1", "items", 1),
    ("items-10", "items", 10),
    ("items-11", "items", 11),
    ("items-11-the-same", "items", 11),
    ("item-id-1", "itemId", 1),
    ("item-id-256", "itemId", 256),
    ("item-id-257", "itemId", 257),
    ("item-id-256-emoji", "itemId", 256),
    ("item-id-257-emoji", "itemId", 257),
    ("properties-1", "properties", 1),
    ("properties-32000", "properties", 32000),
    ("properties-32001", "properties", 32001),
    ("properties-32000-emoji", "properties", 32000),
    ("arn-256", "datasetArn", 256),
    ("arn-257", "datasetArn", 257),
]


@pytest.mark.parametrize(("scenario", "member", "size"), SIZES)
def test_scenario_sends_the_size_of_its_name(scenario: str, member: str, size: int) -> None:
    body = sent(sends(scenario), ARN)
    measured = body[member] if member in body else items(scenario)[0][member]

    assert len(measured) == size


def test_only_the_last_of_ten_items_is_too_long() -> None:
    only_the_last = [False] * 9 + [True]
    ids = [len(item["itemId"]) for item in items("item-id-257-last")]
    properties = [len(item["properties"]) for item in items("properties-32001-last")]

    assert [length > 256 for length in ids] == only_the_last
    assert [length > 32000 for length in properties] == only_the_last


def test_the_same_item_is_sent_twice() -> None:
    first, second = items("same-item-twice")

    assert first == second


RAW = {
    "items-0": b'"items": []',
    "item-id-0": b'"itemId": ""',
    "properties-0": b'"properties": ""',
    "arn-null": b'"datasetArn": null',
    "items-null": b'"items": null',
    "item-null": b'"items": [null]',
    "item-id-null": b'"itemId": null',
    "item-id-number": b'"itemId": 1',
    "item-id-true": b'"itemId": true',
    "properties-object": b'"properties": {"category"',
    "items-object": b'"items": {"itemId"',
}


@pytest.mark.parametrize("scenario", RAW)
def test_requests_that_no_sdk_sends_are_raw(scenario: str) -> None:
    assert isinstance(sends(scenario), RawRequest)
    assert RAW[scenario] in sent(sends(scenario), ARN)


def test_every_item_has_the_sensitive_text() -> None:
    calls = [name for name in PUT_ITEMS if isinstance(sends(name), Call)]
    quiet = {
        name
        for name in calls
        if not any(SENSITIVE in item.get("properties", "") for item in items(name))
        and not name.startswith("bare-")
    }

    # These have properties of one character, none, or ones without text.
    assert quiet == {
        "properties-1",
        "properties-absent",
        "properties-other-type",
        "properties-null-field",
    }


def test_every_recording_has_provenance_and_scenario() -> None:
    origins = [
        (path, origin)
        for path in shipped.cassettes().rglob("*.personalize.yaml")
        for origin in loader.load(path).origins
    ]
    assert len(origins) > len(PUT_ITEMS) - 30
    for path, provenance in origins:
        assert provenance.recorded_for in PUT_ITEMS
        assert provenance.answered_by == "reference", f"{Path(path).name} says otherwise"
        assert provenance.recorded_at
        assert provenance.sdk.startswith("botocore ")
