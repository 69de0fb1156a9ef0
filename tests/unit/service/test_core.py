"""The service as a function from request to response."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from helpers.command import ACTIVE, IN_USE, MISSING
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service.core import respond
from personalize_contract.service.store import Store

GOOD = {"datasetArn": ACTIVE, "items": [{"itemId": "1", "properties": '{"category": "tea"}'}]}


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    store.add_dummies()
    yield store
    store.close()


def request(body: object = GOOD, **changed: Any) -> Request:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    return replace(Request("POST", "http://localhost/items", headers, text), **changed)


def items(*several: object) -> Request:
    return request({**GOOD, "items": several})


def named(response: Response) -> tuple[int, str | None]:
    return response.status, response.headers.get("x-amzn-errortype")


def test_a_success_has_no_body(store: Store) -> None:
    response = respond(request(), store)

    assert (response.status, response.body) == (200, b"")
    assert response.headers["content-length"] == "0"
    assert "content-type" not in response.headers
    assert response.headers["x-amzn-requestid"]


def test_put_items_are_stored(store: Store) -> None:
    respond(items({"itemId": "1", "properties": "{}"}, {"itemId": "2"}), store)

    assert store.items(ACTIVE) == {"1": "{}", "2": None}


ANSWERS: dict[str, tuple[Request, tuple[int, str | None]]] = {
    "missing": (request({**GOOD, "datasetArn": MISSING}), (404, "ResourceNotFoundException")),
    "never mentioned": (
        request({**GOOD, "datasetArn": ACTIVE.replace("active", "other")}),
        (404, "ResourceNotFoundException"),
    ),
    "another partition": (
        request({**GOOD, "datasetArn": ACTIVE.replace("arn:aws:", "arn:aws-cn:")}),
        (404, "ResourceNotFoundException"),
    ),
    "in use": (request({**GOOD, "datasetArn": IN_USE}), (409, "ResourceInUseException")),
    "eleven": (
        items(*({"itemId": str(n)} for n in range(11))),
        (400, "InvalidInputException"),
    ),
    "none": (items(), (400, "InvalidInputException")),
    "a bad ARN": (request({**GOOD, "datasetArn": "shop"}), (400, "InvalidInputException")),
    "no ARN": (request({"items": GOOD["items"]}), (400, "InvalidInputException")),
    "no id": (items({"properties": "{}"}), (400, "InvalidInputException")),
    "a long id": (items({"itemId": "x" * 257}), (400, "InvalidInputException")),
    "long properties": (
        items({"itemId": "1", "properties": "x" * 32001}),
        (400, "InvalidInputException"),
    ),
    "an id of a wrong type": (items({"itemId": 1}), (400, "SerializationException")),
    "properties of a wrong type": (
        items({"itemId": "1", "properties": {}}),
        (400, "SerializationException"),
    ),
    "not JSON": (request(b"{"), (400, "SerializationException")),
    "nothing": (request(b""), (400, "SerializationException")),
    "deep": (request(b"[" * 10**6), (400, "SerializationException")),
    "another media type": (
        request(headers={"content-type": "text/plain"}),
        (415, "UnsupportedMediaTypeException"),
    ),
    "another method": (request(method="GET"), (404, None)),
    "another path": (request(url="http://localhost/"), (404, None)),
    "a slash too many": (request(url="http://localhost/items/"), (404, None)),
    "URI parameters": (request(url="http://localhost/items?a=1"), (200, None)),
}


@pytest.mark.parametrize(("sent", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_a_request_is_answered(
    sent: Request, expected: tuple[int, str | None], store: Store
) -> None:
    response = respond(sent, store)

    assert named(response) == expected
    assert response.headers["content-length"] == str(len(response.body))


@pytest.mark.parametrize(
    "name", [name for name, (_, (status, _)) in ANSWERS.items() if status > 299]
)
def test_a_rejected_request_is_not_stored(name: str, store: Store) -> None:
    respond(ANSWERS[name][0], store)

    assert (store.items(ACTIVE), store.items(IN_USE), store.items(MISSING)) == ({}, {}, {})


@pytest.mark.parametrize(
    "name", [name for name, (_, (_, code)) in ANSWERS.items() if code is not None]
)
def test_an_error_is_framed_as_rest_json(name: str, store: Store) -> None:
    response = respond(ANSWERS[name][0], store)

    assert response.headers["content-type"] == "application/json"
    assert list(json.loads(response.body)) == ["message"]


def test_an_undeclared_dataset_is_named_with_the_ways_to_declare_it(store: Store) -> None:
    own = "arn:aws:personalize:eu-west-1:123456789012:dataset/shop/ITEMS"
    message = json.loads(respond(request({**GOOD, "datasetArn": own}), store).body)["message"]

    assert message.startswith(
        "Could not find the specified resource: this reference service has no dataset "
        "arn:aws:personalize:eu-west-1:000000000000:dataset/shop/ITEMS. Declare it by "
    )
    assert "personalize_dataset in pytest's ini file, personalize_service.add_dataset" in message
    assert (
        b"reference service has no"
        not in respond(request({**GOOD, "datasetArn": MISSING}), store).body
    )


def test_one_bad_item_rejects_the_batch(store: Store) -> None:
    response = respond(items(*({"itemId": str(n)} for n in range(9)), {"itemId": ""}), store)

    assert named(response) == (400, "InvalidInputException")
    assert "items[9].itemId" in json.loads(response.body)["message"]
    assert store.items(ACTIVE) == {}


SECRET = "canary-of-the-shop"
ECHOES = {
    "long": items({"itemId": "1", "properties": SECRET * 2000}),
    "object": items({"itemId": "1", "properties": {SECRET: SECRET}}),
    "number in a list": items({"itemId": "1", "properties": [SECRET]}),
    "cut": request(b'{"items": [{"itemId": "1", "properties": "' + SECRET.encode()),
    "not UTF-8": request(b'{"properties": "' + SECRET.encode() + b'\xff"}'),
    "no such dataset": request(
        {"datasetArn": MISSING, "items": [{"itemId": "1", "properties": SECRET}]}
    ),
    "in use": request({"datasetArn": IN_USE, "items": [{"itemId": "1", "properties": SECRET}]}),
    "eleven": items(*({"itemId": str(n), "properties": SECRET} for n in range(11))),
    "another media type": request(
        {**GOOD, "items": [{"itemId": "1", "properties": SECRET}]},
        headers={"content-type": "text/plain"},
    ),
    "another path": request(
        {**GOOD, "items": [{"itemId": "1", "properties": SECRET}]}, url="http://localhost/x"
    ),
    "as its id": items({"itemId": SECRET * 100, "properties": SECRET}),
}


@pytest.mark.parametrize("sent", ECHOES.values(), ids=ECHOES)
def test_no_error_repeats_properties(sent: Request, store: Store) -> None:
    response = respond(sent, store)

    assert response.status >= 400
    assert SECRET not in response.body.decode()
    assert SECRET not in str(response.headers)


def test_a_rejected_sender_learns_nothing_about_the_datasets(store: Store) -> None:
    refuse = lambda request: ("AccessDeniedException", "no")  # noqa: E731 - as short as it is

    answers = {
        named(respond(request({**GOOD, "datasetArn": arn}), store, refuse))
        for arn in (ACTIVE, IN_USE, MISSING)
    }

    assert answers == {(403, "AccessDeniedException")}
    assert store.items(ACTIVE) == {}
