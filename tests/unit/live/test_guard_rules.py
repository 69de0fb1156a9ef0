"""The guard of a live run sends only requests that mean the same to every parser."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_contract.live.guard import WriteGuard
from personalize_contract.model.contract import load
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import ParsedRequest, parse

URL = "https://personalize-events.us-east-1.amazonaws.com"
SHOP = "arn:aws:personalize:us-east-1:111122223333:dataset/shop/ITEMS"
OWN = "arn:aws:personalize:us-east-1:111122223333:dataset/own/ITEMS"
PROD = "arn:aws:personalize:us-east-1:111122223333:dataset/prod/ITEMS"
ID = "personalize-contract-1"
GUARD = WriteGuard(URL, [SHOP, OWN], ["PutItems"], "--{}".format, own_ids=[OWN])


def request(body: str | bytes, path: str = "/items", **headers: str) -> Request:
    data = body.encode() if isinstance(body, str) else body
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("POST", f"{URL}{path}", {"content-type": "application/json", **sent}, data)


def items(count: int = 1, arn: Any = SHOP, **members: Any) -> str:
    items_sent = [{"itemId": f"{ID}{number}", **members} for number in range(count)]
    return json.dumps({"datasetArn": arn, "items": items_sent})


GOOD = items()
SENT = {
    "one item": request(GOOD),
    "properties": request(items(properties='{"category": "tea"}')),
    "eleven items": request(items(11)),
    "no items": request(items(0)),
    "no items at all": request(json.dumps({"datasetArn": SHOP})),
    "no ARN": request(json.dumps({"items": [{"itemId": ID}]})),
    "an id that is too long": request(items().replace(ID, ID + "x" * 257)),
    "properties of another type": request(items(properties={"category": "tea"})),
    "another media type": request(GOOD, content_type="text/plain"),
    "a URI parameter": request(GOOD, "/items?tea=1"),
    "an id of the owner's": request(items(arn=OWN).replace(ID, "tea-")),
    "its host": request(GOOD, host="personalize-events.us-east-1.amazonaws.com"),
    "its length": request(GOOD, content_length=str(len(GOOD))),
}
REFUSED = {
    "to two slashes": (request(GOOD, "//items"), "is not one of the operations"),
    "below the path": (request(GOOD, "/items/tea"), "is not one of the operations"),
    "with a slash behind": (request(GOOD, "/items/"), "is not one of the operations"),
    "to an escaped path": (request(GOOD, "/%69tems"), "is not one of the operations"),
    "of another operation": (request(GOOD, "/users"), "is not one of the operations"),
    "of events": (request('{"trackingId": "t"}', "/events"), "is not one of the operations"),
    "by another method": (replace(request(GOOD), method="PUT"), "is not one of the operations"),
    "to another host": (
        replace(request(GOOD), url="https://x.example/items"),
        "not addressed to https://personalize-events",
    ),
    "to another port": (
        replace(request(GOOD), url=f"{URL}:8443/items"),
        "not addressed to https://personalize-events",
    ),
    "in clear": (
        replace(request(GOOD), url=f"http{URL[5:]}/items"),
        "not addressed to https://personalize-events",
    ),
    "that names another host": (
        request(GOOD, host="x.example"),
        "not addressed to https://personalize-events",
    ),
    "with a dataset in its query": (
        request(GOOD, "/items?DatasetArn=x"),
        "its query string has the",
    ),
    "with an item in its query": (
        request(GOOD, "/items?items[0].itemId=x"),
        "its query string has the",
    ),
    "with an ARN in its query": (
        request(GOOD, f"/items?to={SHOP}-2"),
        "its query string has an ARN",
    ),
    "that is longer": (request(GOOD, content_length=str(len(GOOD) + 1)), "content-length"),
    "that is shorter": (request(GOOD, content_length="2"), "content-length"),
    "that has two lengths": (request(GOOD, content_length=f"{len(GOOD)}, 2"), "content-length"),
    "that is zipped": (request(GOOD, content_encoding="gzip"), "content-encoding"),
    "that is coded": (request(GOOD, transfer_encoding="gzip, chunked"), "transfer-encoding"),
    "with a target": (
        request(GOOD, x_amz_target="AmazonPersonalize.X"),
        "another operation: remove it",
    ),
    "by a method in a header": (
        request(GOOD, x_http_method_override="PUT"),
        "another operation: remove it",
    ),
    "that is no JSON": (request(GOOD[:-1]), "from the reference service"),
    "that is empty": (request(""), "from the reference service"),
    "that is an array": (request(f"[{GOOD}]"), "not a JSON object"),
    "with a BOM": (request(b"\xef\xbb\xbf" + GOOD.encode()), "from the reference service"),
    "with NaN": (request(GOOD.replace(f'"{ID}0"', "NaN")), "from the reference service"),
    "with an ARN twice": (
        request(f'{{"datasetArn": "{SHOP}", ' + items(arn=PROD)[1:]),
        "from the reference service",
    ),
    "with an id twice": (
        request(GOOD.replace('{"itemId"', '{"itemId": "tea", "itemId"')),
        "from the reference service",
    ),
    "with an ARN in capitals": (request(GOOD[:-1] + f', "DatasetArn": "{PROD}"}}'), "member"),
    "with more things": (request(GOOD[:-1] + ', "Items": [{"itemId": "tea"}]}'), "member"),
    "with more of a thing": (request(items(ItemId="tea")), "member"),
    "to another dataset": (request(items(arn=PROD)), "names an undeclared dataset"),
    "to a longer ARN": (request(items(arn=f"{SHOP}-other")), "names an undeclared dataset"),
    "to a shorter ARN": (request(items(arn=SHOP[:-1])), "names an undeclared dataset"),
    "to an ARN in capitals": (request(items(arn=SHOP.upper())), "names an undeclared dataset"),
    "to an empty ARN": (request(items(arn="")), "names an undeclared dataset"),
    "to null": (request(items(arn=None)), "not a string"),
    "to a list of ARNs": (request(items(arn=[SHOP])), "not a string"),
    "of one item alone": (request(json.dumps({"datasetArn": SHOP, "items": {}})), "not an array"),
    "of null": (request(json.dumps({"datasetArn": SHOP, "items": [None]})), "not an array"),
    "of another id": (request(GOOD.replace(ID, "tea-")), "does not begin with"),
    "of a short id": (request(GOOD.replace(f"{ID}0", "p")), "does not begin with"),
    "of an id in capitals": (request(GOOD.replace(ID, ID.upper())), "does not begin with"),
    "of an empty id": (request(GOOD.replace(f"{ID}0", "")), "does not begin with"),
    "of a number": (request(GOOD.replace(f'"{ID}0"', "1")), "is not a string with"),
    "of nothing": (request(GOOD.replace("itemId", "properties")), "is not a string"),
    "of one id among ten": (request(items(10).replace(f"{ID}7", "tea")), r"items\[7\].itemId"),
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_a_clear_and_allowed_request_is_sent(sent: Request) -> None:
    assert GUARD.refusal(parse(sent)) is None


@pytest.mark.parametrize(("sent", "why"), REFUSED.values(), ids=REFUSED)
def test_everything_else_is_refused(sent: Request, why: str) -> None:
    import re

    assert re.search(why, GUARD.refusal(parse(sent)) or "")


def test_a_refusal_does_not_repeat_the_request() -> None:
    for sent, _ in REFUSED.values():
        assert "111122223333" not in (GUARD.refusal(parse(sent)) or "")


def test_the_path_of_the_endpoint_is_checked() -> None:
    guard = WriteGuard(f"{URL}/personalize", [SHOP], ["PutItems"], "--{}".format)

    def sent(path: str) -> ParsedRequest:
        return parse(request(GOOD, path), load("PutItems"))

    assert guard.refusal(sent("/personalize/items")) is None
    assert guard.refusal(sent("/items"))
    assert guard.refusal(sent("/personalize-other/items"))
    assert guard.refusal(sent("/personalize//items"))


def readings(body: bytes) -> list[Any]:
    """Return the body as read by parsers that keep the first, or the last, of two members."""
    text = body.decode("utf-8-sig", "replace")
    bodies = []
    for first in (False, True):

        def members(pairs: list[tuple[str, Any]], first: bool = first) -> dict[str, Any]:
            return {name.lower(): value for name, value in (pairs[::-1] if first else pairs)}

        bodies.append(json.loads(text, object_pairs_hook=members))
    return bodies


PIECES = [
    *('"', "'", "\\", "{", "}", "[", "]", ",", ":", "\0", "x", " ", "\ufeff", "\\u0041", "null"),
    *(f'"datasetArn": "{PROD}",', f'"DATASETARN": "{PROD}",', '"itemId": "tea",', '"ItemId": 1,'),
    *(f', "datasetArn": "{PROD}"', ', {"itemId": "tea"}', ', "items": []', PROD, "tea", "//"),
]
edits = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30), st.sampled_from(PIECES)))


@given(edits)
def test_a_sent_request_means_the_same_to_every_parser(changes: list[tuple[int, int, str]]) -> None:
    text = items(2)
    for start, length, piece in changes:
        text = text[:start] + piece + text[start + length :]
    sent = request(text)
    if GUARD.refusal(parse(sent)) is None:
        for body in readings(sent.body):
            assert body.get("datasetarn", SHOP) in (SHOP, OWN)
            for item in body.get("items", []):
                assert body.get("datasetarn") == OWN or item["itemid"].startswith(ID[:-1])
