"""Advice names each mistake, and a good request gets none."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.command import ACTIVE
from personalize_contract.errors import UsageError
from personalize_contract.feedback.adviser import Adviser
from personalize_contract.model import put
from personalize_contract.model.advice import TABLE, known
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import parse
from unit.feedback.test_event_advice import CASES as EVENT_CASES

URL = "https://personalize-events.us-east-1.amazonaws.com"
HEADERS = {"content-type": "application/json"}


def request(items: Any, arn: str = ACTIVE, path: str = "/items") -> Request:
    body = json.dumps({"datasetArn": arn, "items": items}).encode()
    return Request("POST", f"{URL}{path}", HEADERS, body)


def item(properties: str, name: str = "tea-1") -> dict[str, str]:
    return {"itemId": name, "properties": properties}


def names(*requests: Request) -> list[str]:
    adviser = Adviser()
    return [advice.row.name for sent in requests for advice in adviser.advice(parse(sent))]


def advised(sent: Request) -> list[tuple[str, str]]:
    return [(advice.row.name, advice.where) for advice in Adviser().advice(parse(sent))]


GOOD = '{"category": "tea|green", "price": 3.5, "creationTimestamp": 1763990000}'

# Properties, each with the name of the advice and its place.
PROPERTIES = {
    **{
        f"a timestamp that is {value}": (
            f'{{"creationTimestamp": {value}}}',
            "timestamp-kind",
            ".creationTimestamp",
        )
        for value in ('"1763990000"', "1763990000.5", "-1", "true")
    },
    "dumped twice": (json.dumps(GOOD), "double-escaped", ""),
    "escaped by hand": ('{\\"category\\": \\"tea\\"}', "double-escaped", ""),
    "two objects": ('{"a": 1}, {"b": 2}', "several-objects", ""),
    "NaN": ('{"price": NaN}', "not-a-number", ""),
    "Infinity": ('{"price": -Infinity}', "not-a-number", ""),
    "Python's own": ("{'category': 'tea'}", "not-an-object", ""),
    "an unescaped quote": ('{"title": "The "best" tea"}', "not-an-object", ""),
    "a trailing comma": ('{"category": "tea",}', "not-an-object", ""),
    "no JSON at all": ("category=tea", "not-an-object", ""),
    "a list": ('["tea"]', "not-an-object", ""),
    "a number": ("1", "not-an-object", ""),
    "a plain string": ('"tea"', "not-an-object", ""),
    "null": ("null", "not-an-object", ""),
    "snake case": ('{"unit_price": 1}', "key-case", ".unit_price"),
    "upper case": ('{"PRICE": 1}', "key-case", ".PRICE"),
    "capitals": ('{"Price": 1}', "key-case", ".Price"),
    "kebab case": ('{"unit-price": 1}', "key-case", ".unit-price"),
    "milliseconds": (
        '{"creationTimestamp": 1763990000000}',
        "milliseconds",
        ".creationTimestamp",
    ),
    "milliseconds, a string": (
        '{"creationTimestamp": "1763990000000"}',
        "milliseconds",
        ".creationTimestamp",
    ),
    "an array": ('{"category": ["tea"]}', "array-value", ".category"),
    "an object": ('{"price": {"amount": 1}}', "nested-object", ".price"),
}


@pytest.mark.parametrize("case", PROPERTIES)
def test_each_mistake_in_properties_is_named(case: str) -> None:
    properties, name, where = PROPERTIES[case]
    sent = request([item(GOOD), item(properties, "tea-2")])
    assert advised(sent) == [(name, f"items[1].properties{where}")]


@pytest.mark.parametrize("name", ["None", "null", "NaN", "nan", "undefined", " none "])
def test_a_stringified_null_is_not_an_id(name: str) -> None:
    assert advised(request([item(GOOD, name), item(GOOD)])) == [("no-id", "items[0].itemId")]


def test_duplicate_ids_in_one_call_are_named() -> None:
    twice = request([item(GOOD, "a"), item(GOOD, "b"), item(GOOD, "a")])
    assert advised(twice) == [("duplicate-ids", "items[2].itemId")]


@pytest.mark.parametrize(
    "resource",
    [
        "dataset/shop/USERS",
        "dataset/shop/INTERACTIONS",
        "dataset/shop/ACTIONS",
        "dataset/shop/ACTION_INTERACTIONS",
        "dataset-group/shop",
        "schema/shop",
        "campaign/shop",
    ],
)
def test_an_arn_of_another_resource_is_named(resource: str) -> None:
    arn = f"arn:aws:personalize:us-east-1:000000000000:{resource}"
    assert advised(request([item(GOOD), item(GOOD, "b")], arn)) == [("other-dataset", "datasetArn")]


def test_every_row_of_the_table_has_a_case_here() -> None:
    tested = {name for _, name, _ in PROPERTIES.values()}
    tested |= {"no-id", "duplicate-ids", "other-dataset", "one-at-a-time", "sent-nothing"}
    tested |= set(EVENT_CASES)
    assert tested == {row.name for row in TABLE}


class TestOneAtATime:
    def test_three_items_from_one_line_are_a_loop(self) -> None:
        adviser = Adviser()
        counts = [
            len(adviser.advice(parse(request([item(GOOD, str(number))])))) for number in range(5)
        ]
        # The third call reveals the loop, and is reported for all three.
        assert counts == [0, 0, 3, 1, 1]

    def test_the_same_item_again_is_no_loop(self) -> None:
        assert names(*[request([item(GOOD)]) for _ in range(5)]) == []

    def test_a_last_batch_of_one_is_no_loop(self) -> None:
        adviser = Adviser()
        full = [item(GOOD, str(number)) for number in range(10)]
        batches = [[*full], [item(GOOD, "x")], [*full], [item(GOOD, "y")], [*full]]
        batches.append([item(GOOD, "z")])
        assert [each for batch in batches for each in adviser.advice(parse(request(batch)))] == []

    def test_lines_are_counted_separately(self) -> None:
        adviser = Adviser()
        assert adviser.advice(parse(request([item(GOOD, "a")]))) == []
        assert adviser.advice(parse(request([item(GOOD, "b")]))) == []
        assert adviser.advice(parse(request([item(GOOD, "c")]))) == []

    def test_datasets_are_counted_separately(self) -> None:
        arns = [ACTIVE.replace("contract-active", name) for name in ("a", "b", "c")]
        assert names(*[request([item(GOOD, arn)], arn) for arn in arns]) == []


# --- no false alarms

KEYS = st.from_regex(r"[a-z][A-Za-z0-9]{0,20}", fullmatch=True)
VALUES = st.one_of(
    st.text(),
    st.booleans(),
    st.none(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
)
DOCUMENTS = st.builds(
    lambda members, at: {**members, "creationTimestamp": at},
    st.dictionaries(KEYS, VALUES, max_size=6),
    st.integers(0, 4_102_444_800),
)
IDS = st.lists(
    st.text(min_size=1, max_size=30).filter(
        lambda name: name.strip().lower() not in ("none", "null", "nil", "nan", "undefined")
    ),
    min_size=2,
    max_size=10,
    unique=True,
)


@given(IDS, DOCUMENTS, st.booleans())
def test_a_good_request_gets_none(ids: list[str], document: dict[str, Any], escaped: bool) -> None:
    properties = json.dumps(document, ensure_ascii=escaped)
    assert advised(request([item(properties, name) for name in ids])) == []


@pytest.mark.parametrize(
    "record",
    [
        {"itemId": "tea"},
        item("{}"),
        item('{"title": "The \\"best\\" tea, {really}, {yes}"}'),
        item('{"title": "NaN"}'),
        item('{"title": "None", "category": null}'),
        item('{"title": "\\u007b\\\\"}'),
        item('{"creationTimestamp": 0}'),
        item('{"price": 1763990000000}'),
        item(GOOD, "Nonesuch"),
        item(GOOD, "nullable"),
    ],
)
def test_values_that_only_look_wrong_get_none(record: dict[str, str]) -> None:
    assert advised(request([record, item(GOOD, "another")])) == []


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:personalize:us-east-1:000000000000:dataset/USERS/ITEMS",
        "arn:aws-cn:personalize:cn-north-1:000000000000:dataset/shop/ITEMS",
        "arn:aws:personalize:::x",
        "shop",
        "",
    ],
)
def test_an_arn_that_may_be_right_gets_none(arn: str) -> None:
    assert advised(request([item(GOOD), item(GOOD, "b")], arn)) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"items": 1}', b'{"items": [1, null, "x"]}', b"\xff"],
)
def test_an_unreadable_body_gets_none(body: bytes) -> None:
    assert advised(Request("POST", f"{URL}/items", HEADERS, body)) == []


def test_another_operation_gets_none() -> None:
    assert advised(request([item("nonsense", "None")], path="/events")) == []


def test_properties_that_are_not_a_string_are_left_to_the_contract() -> None:
    sent = request([{"itemId": 1, "properties": {"A": 1}}, {"itemId": None, "properties": ""}])
    assert advised(sent) == []


def test_advice_can_be_turned_off() -> None:
    sent = request([item('{"A": [1]}'), item(GOOD, "b")])
    assert [advice.row.name for advice in Adviser(("key-case",)).advice(parse(sent))] == [
        "array-value"
    ]


def test_an_unknown_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="there is no advice 'case'; did you mean key-case"):
        known("case")


def test_no_value_is_ever_shown() -> None:
    sent = request([item('{"UNIT_PRICE": [4711], "' + "x" * 100 + '_": {"a": 4711}}')])
    advice = Adviser().advice(parse(sent))
    assert advice
    assert "4711" not in repr(advice)
    assert all(len(each.where) < 80 for each in advice)


def test_advice_names_the_call_site() -> None:
    (advice,) = Adviser().advice(parse(request([item('{"A": 1}'), item(GOOD, "b")])))
    assert advice.sent.startswith("tests/unit/feedback/test_advice.py:")


TEXTS = [r'"tea"', r'"1763990000000"', r'"\u00e9"', r'"\ud800"', r'"\x"', '""', "[]", "{}"]
NUMBERS = ["1763990000", "1763990000000", "99999999999.9", "-1", "01", "1.", "1e12", "NaN"]
VALUES = st.sampled_from([*TEXTS, *NUMBERS, "true", "null"])
NAMES = st.sampled_from(
    ["category", "Category", "unit_price", "creationTimestamp", "CREATIONTIMESTAMP", "c", ""]
)
SPACE = st.sampled_from(["", " ", "\n", "\x0b"])


@given(
    st.lists(st.tuples(SPACE, NAMES, SPACE, VALUES, SPACE), max_size=3),
    st.sampled_from(["", ",", "x"]),
)
def test_the_fast_path_skips_only_good_documents(members: list[tuple[str, ...]], end: str) -> None:
    text = ",".join(f'{a}"{name}"{b}:{value}{c}' for a, name, b, value, c in members)
    document = f"{{{text}}}{end}"
    with pytest.MonkeyPatch.context() as patch:
        quickly = advised(request([item(document)]))
        patch.setattr(put, "_PLAIN", re.compile("(?!)"))
        assert advised(request([item(document)])) == quickly
