"""The checker: an exchange in, every violation out, each with its clause, place and culprit."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from personalize_contract.model.checker import Violation
from personalize_contract.model.contract import load
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.parsed_request import parse, violations

ARN = "arn:aws:personalize:us-east-1:000000000000:dataset/shop/ITEMS"
TEACUP = "\N{TEACUP WITHOUT HANDLE}"
GOOD = {"datasetArn": ARN, "items": [{"itemId": "1", "properties": "{}"}]}


def broken_by(sent: Request) -> list[Violation]:
    return list(parse(sent, load("PutItems")).violations)


def request(body: object, raw: bytes | None = None, **changed: Any) -> Request:
    text = json.dumps(body).encode() if raw is None else raw
    headers = {"content-type": "application/json"}
    return replace(Request("POST", "https://x.amazonaws.com/items", headers, text), **changed)


def raw(text: bytes) -> Request:
    return request(None, text)


def arn(value: object) -> Request:
    return request({**GOOD, "datasetArn": value})


def items(value: object) -> Request:
    return request({**GOOD, "items": value})


def item(**members: object) -> Request:
    return items([members])


def accepted(*, properties: int = 2, letter: str = "x") -> Request:
    return item(itemId=letter * 256, properties=letter * properties)


LEGAL = {
    "an item": request(GOOD),
    "ten items": items([{"itemId": str(n)} for n in range(10)]),
    "the same item twice": items([{"itemId": "1"}, {"itemId": "1"}]),
    "a charset": request(GOOD, headers={"content-type": "application/json; charset=utf-8"}),
    "no media type": request(GOOD, headers={}),
    "properties that are null": item(itemId="1", properties=None),
    "a media type in upper case": request(GOOD, headers={"content-type": "APPLICATION/JSON"}),
    "the longest of all": accepted(properties=32000),
    "the longest of all, in emoji": accepted(properties=32000, letter=TEACUP),
    "properties that are no JSON": item(itemId="1", properties="tea"),
    "an unknown member": request({**GOOD, "tea": 1}),
    "an unknown member of an item": item(itemId="1", tea=1),
    "an ARN of 256": arn(ARN.ljust(256, "x")),
    "an ARN of 256 emoji": arn(ARN.ljust(256, TEACUP)),
    "an ARN of empty fields": arn("arn:aws:personalize:::x"),
    "an ARN in China": arn(ARN.replace("aws", "aws-cn")),
    "an ARN of the government": arn(ARN.replace("aws", "aws-us-gov")),
    "an ARN with digits": arn(ARN.replace("aws", "aws2-x")),
    "white space": raw(b" \n" + json.dumps(GOOD, indent=4).encode() + b"\r\n\t"),
}

# Each request with all its violations: (clause, place).
ILLEGAL: dict[str, tuple[Request, set[tuple[str, str]]]] = {
    "GET": (request(GOOD, method="GET"), {("request.method", "method")}),
    "post in lower case": (request(GOOD, method="post"), {("request.method", "method")}),
    "another path": (
        request(GOOD, url="https://x/item"),
        {("request.path", "path")},
    ),
    "a slash too many": (request(GOOD, url="https://x/items/"), {("request.path", "path")}),
    "a URI parameter": (
        request(GOOD, url="https://x/items?dry-run=1"),
        {("request.no-uri-parameters", "query")},
    ),
    "another media type": (
        request(GOOD, headers={"content-type": "application/x-amz-json-1.1"}),
        {("request.media-type", "media-type")},
    ),
    "everything about the message": (
        request(GOOD, method="PUT", url="https://x/?a", headers={"content-type": "text/plain"}),
        {
            ("request.method", "method"),
            ("request.path", "path"),
            ("request.no-uri-parameters", "query"),
            ("request.media-type", "media-type"),
        },
    ),
    "an empty body": (raw(b""), {("request.body.json-object", "body")}),
    "an array": (request([GOOD]), {("request.body.json-object", "body")}),
    "null": (request(None), {("request.body.json-object", "body")}),
    "a string": (request("{}"), {("request.body.json-object", "body")}),
    "a BOM": (
        raw(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()),
        {("request.body.json-object", "body")},
    ),
    "a name twice": (
        raw(b'{"items": [], ' + json.dumps(GOOD).encode()[1:]),
        {("request.body.json-object", "body")},
    ),
    "deep": (raw(b"[" * 100_000), {("request.body.json-object", "body")}),
    "an empty object": (
        request({}),
        {("request.dataset-arn.required", "datasetArn"), ("request.items.required", "items")},
    ),
    "names in another case": (
        request({"DatasetArn": ARN, "Items": []}),
        {("request.dataset-arn.required", "datasetArn"), ("request.items.required", "items")},
    ),
    "null for both": (
        request({"datasetArn": None, "items": None}),
        {("request.dataset-arn.type", "datasetArn"), ("request.items.type", "items")},
    ),
    "an ARN of 257": (
        arn(ARN.ljust(257, "x")),
        {("request.dataset-arn.max-length", "datasetArn")},
    ),
    "an ARN of 257 emoji": (
        arn(ARN.ljust(257, TEACUP)),
        {("request.dataset-arn.max-length", "datasetArn")},
    ),
    **{
        f"the ARN {text!r}": (arn(text), {("request.dataset-arn.pattern", "datasetArn")})
        for text in (
            "",
            "shop",
            f" {ARN}",
            f"x{ARN}",
            f"{ARN}\n",
            ARN.upper(),
            "arn::personalize:us-east-1:000000000000:x",
            "arn:aws:s3:us-east-1:000000000000:x",
            "arn:AWS:personalize:us-east-1:000000000000:x",
            "arn:a_s:personalize:us-east-1:000000000000:x",
            "arn:\N{ARABIC-INDIC DIGIT ONE}:personalize:us-east-1:000000000000:x",
            "arn:aws:personalize:us-east-1:000000000000:",
            "arn:aws:personalize:us-east-1:000000000000",
            "arn:aws:personalize",
        )
    },
    "an ARN that is a number": (arn(1), {("request.dataset-arn.type", "datasetArn")}),
    "an ARN that is an array": (arn([ARN]), {("request.dataset-arn.type", "datasetArn")}),
    "no items": (items([]), {("request.items.min-members", "items")}),
    "eleven items": (
        items([{"itemId": str(n)} for n in range(11)]),
        {("request.items.max-members", "items")},
    ),
    "an object of items": (items({"itemId": "1"}), {("request.items.type", "items")}),
    "a string of items": (items("x" * 20), {("request.items.type", "items")}),
    "items of every wrong kind": (
        items([None, "1", 1, True, [], {"itemId": "1"}]),
        {("request.item.type", f"items[{n}]") for n in range(5)},
    ),
    "an item without anything": (item(), {("request.item-id.required", "items[0].itemId")}),
    "an itemId that is a number": (item(itemId=1), {("request.item-id.type", "items[0].itemId")}),
    "an itemId that is true": (item(itemId=True), {("request.item-id.type", "items[0].itemId")}),
    "an itemId that is null": (item(itemId=None), {("request.item-id.type", "items[0].itemId")}),
    "an empty itemId": (item(itemId=""), {("request.item-id.min-length", "items[0].itemId")}),
    "an itemId of 257": (
        item(itemId="x" * 257),
        {("request.item-id.max-length", "items[0].itemId")},
    ),
    "an itemId of 257 emoji": (
        item(itemId=TEACUP * 257),
        {("request.item-id.max-length", "items[0].itemId")},
    ),
    "empty properties": (
        item(itemId="1", properties=""),
        {("request.properties.min-length", "items[0].properties")},
    ),
    "properties of 32001": (
        item(itemId="1", properties="x" * 32001),
        {("request.properties.max-length", "items[0].properties")},
    ),
    "properties of 32001 emoji": (
        item(itemId="1", properties=TEACUP * 32001),
        {("request.properties.max-length", "items[0].properties")},
    ),
    "properties that are an object": (
        item(itemId="1", properties={"category": "tea"}),
        {("request.properties.type", "items[0].properties")},
    ),
    "all of it at once": (
        request(
            {
                "datasetArn": "shop",
                "items": [
                    *({"itemId": str(n)} for n in range(8)),
                    {"properties": ""},
                    {"itemId": "", "properties": 1},
                    7,
                    {"itemId": "x" * 257, "properties": "x" * 32001},
                ],
            },
            method="PUT",
        ),
        {
            ("request.method", "method"),
            ("request.dataset-arn.pattern", "datasetArn"),
            ("request.items.max-members", "items"),
            ("request.item.type", "items[10]"),
            ("request.item-id.required", "items[8].itemId"),
            ("request.item-id.min-length", "items[9].itemId"),
            ("request.item-id.max-length", "items[11].itemId"),
            ("request.properties.min-length", "items[8].properties"),
            ("request.properties.type", "items[9].properties"),
            ("request.properties.max-length", "items[11].properties"),
        },
    ),
}


@pytest.mark.parametrize("sent", LEGAL.values(), ids=LEGAL)
def test_a_valid_request_breaks_nothing(sent: Request) -> None:
    assert broken_by(sent) == []


@pytest.mark.parametrize(("sent", "broken"), ILLEGAL.values(), ids=ILLEGAL)
def test_an_invalid_request_breaks_exactly_these_clauses(
    sent: Request, broken: set[tuple[str, str]]
) -> None:
    violations_ = broken_by(sent)

    assert {(each.clause.id, each.where) for each in violations_} == broken
    assert len(violations_) == len(broken)
    assert {each.by for each in violations_} == {"caller"}


def test_a_violation_has_clause_source_place_and_finding() -> None:
    (violation,) = broken_by(ILLEGAL["eleven items"][0])

    assert str(violation) == (
        "request.items.max-members: items has at most 10 members. [Request Body: items] "
        "items: it has 11 members"
    )


@pytest.mark.parametrize(
    ("sent", "finding"),
    [
        (item(itemId=None), "it is null"),
        (item(itemId=1), "it is a number"),
        (item(itemId=[]), "it is an array"),
        (request(GOOD, method="GET"), "it is GET"),
        (request(GOOD, method="X" * 100), f"it is {'X' * 80}"),
        (arn("tea".ljust(256, "x")), "it does not match"),
    ],
)
def test_a_finding_is_in_words(sent: Request, finding: str) -> None:
    assert [violation.found for violation in broken_by(sent)] == [finding]


@pytest.mark.parametrize(
    ("code", "finding"),
    [("ValidationException", "it is ValidationException"), ("", "it is absent")],
)
def test_the_code_of_a_response_is_in_words(code: str, finding: str) -> None:
    broken = violations(Exchange(ELEVEN, answer(400, code)))

    assert [each.found for each in broken if each.by == "service"] == [finding]


@pytest.mark.parametrize(
    "properties", ["canary" * 6000, {"canary": "canary"}, ["canary"], "\ud83cX canary"]
)
def test_a_finding_never_shows_properties(properties: object) -> None:
    sent = item(itemId="1", properties=properties)
    broken = raw(sent.body + b"canary")

    findings = [*broken_by(sent), *broken_by(broken)]

    assert len(findings) == 2
    assert "canary" not in "".join(map(str, findings))


PROBE = """
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import parse
for probe in (":" * 10**6, "a-" * 10**6, "personalize:" * 10**5):
    for length in (256, 4096, 10**6):
        arn = ("arn:aws:personalize:" + probe)[:length]
        body = '{"datasetArn": "%s\\\\n", "items": []}' % arn
        broken = parse(Request("POST", "http://x/items", {}, body.encode())).violations
        assert "request.dataset-arn" in str([each.clause.id for each in broken]), broken
"""


def test_no_arn_slows_down_the_checker() -> None:
    # Backtracking over a million characters would take hours.
    subprocess.run([sys.executable, "-c", PROBE], check=True, timeout=60)


# --- violations by the service


def answer(status: int, code: str = "", body: bytes = b'{"message": "no"}') -> Response:
    headers = {"x-amzn-errortype": code} if code else {}
    return Response(status, "", headers, b"" if status < 300 and body[:2] == b'{"' else body)


OK = answer(200)
INVALID = answer(400, "InvalidInputException")
ELEVEN = ILLEGAL["eleven items"][0]
OBJECT = ILLEGAL["properties that are an object"][0]
BOTH = items([{"itemId": str(n), "properties": {}} for n in range(11)])

SERVICES: dict[str, tuple[Request, Response, set[str]]] = {
    "a success": (request(GOOD), OK, set()),
    "a missing dataset": (
        request(GOOD),
        answer(404, "ResourceNotFoundException"),
        set(),
    ),
    "a dataset in use": (request(GOOD), answer(409, "ResourceInUseException"), set()),
    "eleven items are rejected": (ELEVEN, INVALID, set()),
    "eleven items are accepted": (ELEVEN, OK, {"request.items.max-members"}),
    "eleven items are accepted, with a body": (
        ELEVEN,
        answer(200, body=b"null"),
        {"request.items.max-members", "response.success.empty-body"},
    ),
    "eleven items are accepted with 201": (ELEVEN, answer(201), {"request.items.max-members"}),
    "eleven items are an error of the server": (
        ELEVEN,
        answer(500, "InternalFailure"),
        {"error.invalid-input.status", "error.invalid-input.code"},
    ),
    "eleven items have another code": (
        ELEVEN,
        answer(400, "ValidationException"),
        {"error.invalid-input.code"},
    ),
    "eleven items have no code": (ELEVEN, answer(400), {"error.invalid-input.code"}),
    "eleven items have another status": (
        ELEVEN,
        answer(422, "InvalidInputException"),
        {"error.invalid-input.status"},
    ),
    "an error without a message": (
        ELEVEN,
        answer(400, "InvalidInputException", b"{}"),
        {"error.message"},
    ),
    "a message that is a number": (
        ELEVEN,
        answer(400, "InvalidInputException", b'{"message": 1}'),
        {"error.message"},
    ),
    "a malformed body has any code": (OBJECT, answer(400, "SerializationException"), set()),
    "a malformed body has no code": (OBJECT, answer(400), set()),
    "a malformed body is accepted": (OBJECT, OK, {"request.properties.type"}),
    "a malformed body is an error of the server": (
        OBJECT,
        answer(500),
        {"error.malformed.status"},
    ),
    "two violations get the error of either": (BOTH, answer(400, "SerializationException"), set()),
    "two violations are accepted": (
        BOTH,
        OK,
        {"request.items.max-members", "request.properties.type"},
    ),
    "a success with another status": (request(GOOD), answer(204), {"response.success.status"}),
    "a success that failed": (request(GOOD), answer(500), {"response.success.status"}),
    "a success with a body": (
        request(GOOD),
        answer(200, body=b" "),
        {"response.success.empty-body"},
    ),
    "not found without its code": (request(GOOD), answer(404), {"error.not-found.code"}),
    "not found with another code": (
        request(GOOD),
        answer(404, "UnknownOperationException"),
        {"error.not-found.code"},
    ),
    "not found with another status": (
        request(GOOD),
        answer(400, "ResourceNotFoundException"),
        {"error.not-found.status"},
    ),
    "in use without its code": (request(GOOD), answer(409), {"error.in-use.code"}),
    "in use with another status": (
        request(GOOD),
        answer(423, "ResourceInUseException"),
        {"error.in-use.status"},
    ),
    "a valid request is rejected as invalid": (request(GOOD), INVALID, set()),
    "a valid request is rejected with another status": (request(GOOD), answer(499), set()),
    "a valid request is redirected": (
        request(GOOD),
        answer(396),
        {"response.success.status"},
    ),
    "eleven items are accepted with 299": (ELEVEN, answer(299), {"request.items.max-members"}),
    "a success with status 299, an error code and a body": (
        request(GOOD),
        answer(299, "InvalidInputException", b" "),
        {
            "response.success.status",
            "response.success.empty-body",
            "error.invalid-input.status",
        },
    ),
    "eleven items are answered 300": (
        ELEVEN,
        answer(300),
        {"error.invalid-input.status", "error.invalid-input.code"},
    ),
    "a success that names an error": (
        request(GOOD),
        answer(200, "InvalidInputException"),
        {"error.invalid-input.status"},
    ),
    "an undocumented error without a message": (
        request(GOOD),
        answer(500, "InternalFailure", b"{}"),
        {"response.success.status"},
    ),
    "a redirection that names an error, without a message": (
        ELEVEN,
        answer(300, "InvalidInputException", b"{}"),
        {"error.invalid-input.status", "error.message"},
    ),
    "an undocumented method": (
        ILLEGAL["GET"][0],
        answer(404, "UnknownOperationException"),
        set(),
    ),
    "throttled": (request(GOOD), answer(400, "ThrottlingException"), set()),
    "unavailable": (ELEVEN, answer(503), set()),
    "no permission": (ELEVEN, answer(403, "AccessDeniedException"), set()),
}


@pytest.mark.parametrize(("sent", "received", "broken"), SERVICES.values(), ids=SERVICES)
def test_a_response_breaks_exactly_these_clauses(
    sent: Request, received: Response, broken: set[str]
) -> None:
    violations_ = violations(Exchange(sent, received))

    assert {each.clause.id for each in violations_ if each.by == "service"} == broken


def test_eleven_items_answered_400_blame_the_caller_alone() -> None:
    (violation,) = violations(Exchange(ELEVEN, INVALID))

    assert (violation.clause.id, violation.by) == ("request.items.max-members", "caller")


def test_eleven_items_answered_200_blame_both() -> None:
    violations_ = violations(Exchange(ELEVEN, OK))

    assert [(each.clause.id, each.by, each.found) for each in violations_] == [
        ("request.items.max-members", "caller", "it has 11 members"),
        ("request.items.max-members", "service", "it was accepted anyway"),
    ]
