"""Matching: the parts of a request that decide whether a recorded exchange answers it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.command import ACTIVE, MISSING
from helpers.exchanges import URL, Json, put, request
from personalize_contract.cassette.matching import Matching
from personalize_contract.errors import UsageError
from personalize_contract.model.exchange import Request
from personalize_contract.privacy.redaction import Redactor


def matches(first: Request, second: Request, **options: Any) -> bool:
    """Return whether a replay gives the same answer to two requests."""
    redactor, matching = Redactor(), Matching(**options)
    return matching.key(redactor.request(first)) == matching.key(redactor.request(second))


def item(properties: str, **more: Any) -> bytes:
    """Return a body with one item whose `properties` is this JSON text."""
    members = {"itemId": "tea", **more}
    text = json.dumps(members)[1:-1]
    return (
        f'{{"datasetArn": "{ACTIVE}", "items": [{{{text}, "properties": {properties}}}]}}'.encode()
    )


def quoted(document: str) -> bytes:
    """Return a body with one item whose `properties` is a string with this text."""
    return item(json.dumps(document))


ELSEWHERE = ACTIVE.replace("us-east-1", "eu-west-1")

EQUAL = {
    "member order": (b'{"a": 1, "b": 2}', b'{"b": 2, "a": 1}'),
    "white space": (b'{"a": [1, 2]}', b' {\n"a":[1,2]\t}\r\n'),
    "an escape": (b'{"a": "\\u00e9"}', '{"a": "\u00e9"}'.encode()),
    "1 and 1.0": (b'{"a": 1}', b'{"a": 1.0}'),
    "1 and 1e0": (b'{"a": 1}', b'{"a": 1e0}'),
    "0 and -0": (b'{"a": 0}', b'{"a": -0.0}'),
    "a region in the ARN": (put({}), put({}, arn=ELSEWHERE)),
    "an account in the ARN": (put({}), put({}, arn=ACTIVE.replace("0" * 12, "123456789012"))),
    "member order in properties": (
        quoted('{"a": 1, "b": 2}'),
        quoted('{"b": 2, "a": 1}'),
    ),
    "white space in properties": (quoted('{"a": 1}'), quoted('\n{ "a":1 }')),
    "1 and 1.0 in properties": (quoted('{"a": 1}'), quoted('{"a": 1.0}')),
    "an escape in properties": (
        quoted('{"a": "\\u00e9"}'),
        quoted('{"a": "\u00e9"}'),
    ),
    "a path and its empty query": (b"{}", b"{}"),
}

DIFFERENT = {
    "1 and true": (b'{"a": 1}', b'{"a": true}'),
    "0 and false": (b'{"a": 0}', b'{"a": false}'),
    "1 and its text": (b'{"a": 1}', b'{"a": "1"}'),
    "null and absent": (b'{"a": null}', b"{}"),
    "null and its text": (b'{"a": null}', b'{"a": "null"}'),
    "an integer past a double": (b'{"a": 9007199254740993}', b'{"a": 9007199254740992}'),
    "the order of an array": (b'{"a": [1, 2]}', b'{"a": [2, 1]}'),
    "a partition": (put({}), put({}, arn=ACTIVE.replace(":aws:", ":aws-cn:"))),
    "a dataset": (put({}), put({}, arn=MISSING)),
    "a region where no ARN begins": (put({}, arn=f"x{ACTIVE}"), put({}, arn=f"x{ELSEWHERE}")),
    "the order of items": (put({"a": 1}, {"a": 2}), put({"a": 2}, {"a": 1})),
    "1 and true in properties": (quoted('{"a": 1}'), quoted('{"a": true}')),
    "a string and the object in it": (quoted('{"a": 1}'), item('{"a": 1}')),
    "a string and the object in it, empty": (quoted("{}"), item("{}")),
    "a string and the number in it": (quoted("1"), item("1")),
    "JSON and JSON in JSON": (quoted('{"a": 1}'), quoted(json.dumps('{"a": 1}'))),
    "JSON and text with its name": (quoted('{"a": 1}'), quoted('json {"a":1}')),
    "white space in what is not JSON": (quoted("{a: 1}"), quoted("{a:1}")),
    "a name twice in properties": (quoted('{"a": 1, "a": 2}'), quoted('{"a": 2}')),
    "NaN in properties": (quoted('{"a": NaN}'), quoted('{ "a": NaN}')),
    "a document and none": (quoted("{}"), item("{}").replace(b', "properties": {}', b"")),
    "a BOM": (b'\xef\xbb\xbf{"a": 1}', b'{"a": 1}'),
    "NaN": (b'{"a": NaN}', b'{"a":NaN}'),
    "a name twice": (b'{"a": 1, "a": 1}', b'{"a": 1}'),
    "half a character": (b'{"a": "\\ud800"}', b'{"a":"\\ud800"}'),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), b'{"a": 1}'),
    "bodies that are not JSON": (b"tea", b"tea "),
    "nothing and null": (b"", b"null"),
    "deep JSON, by its bytes": (b"[" * 200 + b"]" * 200, b"[" * 200 + b" " + b"]" * 200),
}  # fmt: skip


@pytest.mark.parametrize("case", EQUAL)
def test_requests_with_equal_meaning_match(case: str) -> None:
    first, second = EQUAL[case]
    assert matches(request(first), request(second))


@pytest.mark.parametrize("case", DIFFERENT)
def test_requests_with_different_meaning_do_not_match(case: str) -> None:
    first, second = DIFFERENT[case]
    assert not matches(request(first), request(second))


BASE = request(put({"a": 1}))

FREE = {
    "the host": replace(BASE, url="https://127.0.0.1:8080/items"),
    "the scheme": replace(BASE, url="http://personalize-events.us-east-1.amazonaws.com/items"),
    "an empty query": replace(BASE, url=f"{URL}?"),
    "a header": request(BASE.body, user_agent="another"),
    "a signature": request(BASE.body, authorization="AWS4-HMAC-SHA256 x"),
    "a charset": request(BASE.body) and replace(
        BASE, headers={"content-type": "Application/JSON; charset=utf-8"}
    ),
}  # fmt: skip

BOUND = {
    "the method": replace(BASE, method="PUT"),
    "the path": replace(BASE, url=f"{URL}/"),
    "a query": replace(BASE, url=f"{URL}?a=1"),
    "the media type": replace(BASE, headers={"content-type": "application/x-amz-json-1.1"}),
    "no media type": replace(BASE, headers={}),
}


@pytest.mark.parametrize("case", FREE)
def test_irrelevant_parts_do_not_affect_matching(case: str) -> None:
    assert matches(BASE, FREE[case])


@pytest.mark.parametrize("case", BOUND)
def test_relevant_parts_affect_matching(case: str) -> None:
    assert not matches(BASE, BOUND[case])


IGNORED = {
    "a member of the body": ("datasetArn", put({"a": 1}, arn=MISSING)),
    "a member of each item": ("items[].itemId", put({"a": 1}, first=7)),
    "a member of properties": ("items[].properties.a", put({"a": 2})),
    "a member that is absent there": ("items[].properties.b", put({"a": 1, "b": 3})),
    "all of properties": ("items[].properties", put("tea")),
    "all items": ("items", put({"b": 1}, {"c": 2})),
}


@pytest.mark.parametrize("case", IGNORED)
def test_an_ignored_member_does_not_affect_matching(case: str) -> None:
    path, body = IGNORED[case]
    assert not matches(BASE, request(body))
    assert matches(BASE, request(body), ignore=[path])


def test_ignoring_a_member_keeps_its_parent_an_object() -> None:
    assert not matches(
        request(quoted('{"a": 1}')),
        request(item('{"a": 2}')),
        ignore=["items[].properties.a"],
    )


@pytest.mark.parametrize(
    "path",
    [
        *("", "items[]", "items[].", ".itemId", "items..a", "[]"),
        # A misspelt path would leave the member in.
        *("item[].itemId", "items.properties.a", "items[].Properties", "items[].itemId.a", "tea"),
    ],
)
def test_an_unknown_path_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="write a path such as items"):
        Matching([path])


def test_items_any_order_matches_reordered_items() -> None:
    first, second = {"itemId": "a", "properties": '{"x": 1, "y": 2}'}, {"itemId": "b"}
    third = {"itemId": "a", "properties": '{"y":2,"x":1}'}
    sent = request(json.dumps({"items": [first, second]}).encode())
    turned = request(json.dumps({"items": [second, third]}).encode())
    twice = request(json.dumps({"items": [second, second]}).encode())
    assert not matches(sent, turned)
    assert matches(sent, turned, items_any_order=True)
    assert not matches(sent, twice, items_any_order=True)


def shuffled(value: Any, random: Any) -> Any:
    """Return the same value with its members in another order."""
    if isinstance(value, dict):
        names = list(value)
        random.shuffle(names)
        return {name: shuffled(value[name], random) for name in names}
    return [shuffled(member, random) for member in value] if isinstance(value, list) else value


@given(Json, st.randoms(), st.sampled_from([None, 1]), st.booleans())
def test_the_spelling_of_a_value_does_not_affect_matching(
    value: Any, random: Any, indent: int | None, ascii_only: bool
) -> None:
    again = json.dumps(shuffled(value, random), indent=indent, ensure_ascii=ascii_only)
    assert matches(request(json.dumps(value).encode()), request(again.encode()))
    assert matches(request(put(json.dumps(value))), request(put(again)))


Items = st.lists(
    st.dictionaries(st.sampled_from(["itemId", "properties", "x"]), Json | Json.map(json.dumps)),
    max_size=3,
)
Ignored = st.sets(st.sampled_from([path for path, _ in IGNORED.values()]))


@given(Items, st.randoms(), st.booleans(), Ignored)
def test_requests_with_equal_keys_have_equal_outlines(
    items: Any, random: Any, any_order: bool, ignore: set[str]
) -> None:
    again = shuffled(items, random)
    if any_order:
        random.shuffle(again)
    matching = Matching(sorted(ignore), any_order)
    first, second = (
        request(json.dumps({"datasetArn": ACTIVE, "items": several}).encode())
        for several in (items, again)
    )
    assert matching.key(first) == matching.key(second)
    assert matching.outline(first) == matching.outline(second)


def strictly_typed(value: Any) -> Any:
    """Return a value for which Python's == is JSON's: True differs from 1, 1.0 equals 1."""
    if isinstance(value, dict):
        return {name: strictly_typed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [strictly_typed(member) for member in value]
    # Above 2**53 a real number no longer identifies one integer.
    inexact = isinstance(value, float) and abs(value) >= 2**53
    return (isinstance(value, bool), inexact, value)


@given(Json, Json)
def test_values_match_exactly_if_they_are_equal(first: Any, second: Any) -> None:
    equal = strictly_typed(first) == strictly_typed(second)
    assert (
        matches(request(json.dumps(first).encode()), request(json.dumps(second).encode())) == equal
    )
    assert matches(request(put({"x": first})), request(put({"x": second}))) == equal
