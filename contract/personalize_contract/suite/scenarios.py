"""The scenarios of PutItems: what is sent, in which state, and what must come back.

Every expectation is written out here from the page. None is computed from the contract file or
taken from the reference service, so that a mistake in those can't hide itself.

`@dataset@` stands for the dataset's ARN, and `@dataset:256@` for it made 256 characters long.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from personalize_contract.datasets import State
from personalize_contract.suite.expect import (
    Accepted,
    Code,
    EmptyBody,
    Expectation,
    Message,
    Observed,
    Refused,
    Status,
    WellFormed,
)

PREFIX = "personalize-contract-"
"""Begins every itemId, so that a dataset's owner knows them: items can't be deleted."""

DATASET = "@dataset@"
SENSITIVE = "tea-and-a-secret"

Expects = tuple[tuple[str, Expectation], ...]


@dataclass(frozen=True, slots=True)
class Put:
    """A call of a botocore client's `put_items`; for what botocore lets pass."""

    items: list[dict[str, str]]
    arn: str = DATASET


@dataclass(frozen=True, slots=True)
class Wire:
    """A signed HTTP request as written here; for what no SDK would send."""

    body: str | bytes
    method: str = "POST"
    path: str = "/items"
    content_type: str | None = "application/json"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation: the state of the dataset, what is sent, and what must come back.

    The first expectation is the scenario's own: a clause isn't verified before each scenario
    that begins with it was reached.
    """

    id: str
    sends: Put | Wire
    expects: Expects
    state: State = "active"


def item_id(length: int) -> str:
    """An itemId of this many characters."""
    return (PREFIX + "x" * length)[:length]


def item(number: int = 1, properties: str | None = '{"category": "tea"}') -> dict[str, str]:
    """An item, without properties where they are None."""
    one = {"itemId": f"{PREFIX}{number}"}
    return one if properties is None else {**one, "properties": properties}


def items(count: int) -> list[dict[str, str]]:
    """That many different items."""
    return [item(number) for number in range(1, count + 1)]


def properties(length: int, letter: str = "x") -> str:
    """The JSON text of an object, of exactly this many characters."""
    return '{"category": "' + letter * (length - 16) + '"}'


# What the page says of an answer, whatever the request was about.
_SUCCESS: Expects = (
    ("response.success.status", Status(200)),
    ("response.success.empty-body", EmptyBody()),
)
_INVALID: Expects = (
    ("error.invalid-input.status", Status(400)),
    ("error.invalid-input.code", Code("InvalidInputException")),
    ("error.message", Message(never=SENSITIVE)),
)
_MALFORMED: Expects = (
    ("error.malformed.status", Status(400)),
    ("error.malformed.code", Observed()),
    ("error.content-type", Observed("content-type")),
)


def _accepted(scenario: str, clause: str, sends: Put | Wire) -> Scenario:
    return Scenario(scenario, sends, ((clause, Accepted()), *_SUCCESS))


def _refused(scenario: str, clause: str, sends: Put | Wire) -> Scenario:
    return Scenario(scenario, sends, ((clause, Refused()), *_INVALID))


def _malformed(scenario: str, clause: str, body: str | bytes) -> Scenario:
    return Scenario(scenario, Wire(body), ((clause, Refused()), *_MALFORMED))


def _near_miss(scenario: str, arn: str) -> Scenario:
    return _refused(f"arn-{scenario}", "request.dataset-arn.pattern", Put(items(1), arn))


_ITEM = '{"itemId": "personalize-contract-1", "properties": "{\\"category\\": \\"tea\\"}"}'
_GOOD = '{"datasetArn": "@dataset@", "items": [' + _ITEM + "]}"


def _with(arn: str = '"@dataset@"', items: str = f"[{_ITEM}]") -> str:
    return f'{{"datasetArn": {arn}, "items": {items}}}'


def _one(item_id: str = '"personalize-contract-1"', properties: str = '"{}"') -> str:
    return _with(items=f'[{{"itemId": {item_id}, "properties": {properties}}}]')


SCENARIOS: tuple[Scenario, ...] = (
    # --- the operation
    Scenario("success", Put(items(1)), _SUCCESS),
    _accepted("post", "request.method", Wire(_GOOD)),
    _accepted("path", "request.path", Wire(_GOOD)),
    _accepted("no-uri-parameters", "request.no-uri-parameters", Wire(_GOOD)),
    _accepted("media-type", "request.media-type", Wire(_GOOD)),
    _accepted(
        "media-type-charset",
        "request.media-type",
        Wire(_GOOD, content_type="application/json; charset=utf-8"),
    ),
    Scenario(
        "media-type-other",
        Wire(_GOOD, content_type="text/plain"),
        (("request.media-type.other", Observed()),),
    ),
    Scenario(
        "media-type-absent",
        Wire(_GOOD, content_type=None),
        (("request.media-type.other", Observed()),),
    ),
    # --- how many items
    _refused("items-0", "request.items.min-members", Wire(_with(items="[]"))),
    _accepted("items-1", "request.items.min-members", Put(items(1))),
    _accepted("items-10", "request.items.max-members", Put(items(10))),
    _refused("items-11", "request.items.max-members", Put(items(11))),
    _refused("items-20", "request.items.max-members", Put(items(20))),
    _accepted("same-item-twice", "request.items.max-members", Put([item(1), item(1)])),
    # --- itemId, in code points
    _refused("item-id-0", "request.item-id.min-length", Wire(_one(item_id='""'))),
    _accepted("item-id-1", "request.item-id.min-length", Put([{"itemId": item_id(1)}])),
    _accepted("item-id-256", "request.item-id.max-length", Put([{"itemId": item_id(256)}])),
    _refused("item-id-257", "request.item-id.max-length", Put([{"itemId": item_id(257)}])),
    _accepted(
        "item-id-256-emoji",
        "request.item-id.max-length",
        Put([{"itemId": PREFIX + "\N{TEACUP WITHOUT HANDLE}" * 235}]),
    ),
    _refused(
        "item-id-257-emoji",
        "request.item-id.max-length",
        Put([{"itemId": PREFIX + "\N{TEACUP WITHOUT HANDLE}" * 236}]),
    ),
    _refused(
        "item-id-257-last",
        "request.item-id.max-length",
        Put([*items(9), {"itemId": item_id(257)}]),
    ),
    # --- properties, in code points
    _accepted("properties-absent", "request.properties.optional", Put([item(1, None)])),
    _refused("properties-0", "request.properties.min-length", Wire(_one(properties='""'))),
    _accepted("properties-1", "request.properties.min-length", Put([item(1, "1")])),
    _accepted("properties-32000", "request.properties.max-length", Put([item(1, properties(32000))])),
    _refused("properties-32001", "request.properties.max-length", Put([item(1, properties(32001))])),
    _accepted(
        "properties-32000-emoji",
        "request.properties.max-length",
        Put([item(1, properties(32000, "\N{TEACUP WITHOUT HANDLE}"))]),
    ),
    _refused(
        "properties-32001-last",
        "request.properties.max-length",
        Put([*items(9), item(10, properties(32001))]),
    ),
    # --- datasetArn
    Scenario(
        "arn-256",
        Put(items(1), "@dataset:256@"),
        (
            ("request.dataset-arn.max-length", WellFormed()),
            ("error.not-found.status", Status(404)),
            ("error.not-found.code", Code("ResourceNotFoundException")),
        ),
        state="missing",
    ),
    _refused("arn-257", "request.dataset-arn.max-length", Put(items(1), "@dataset:257@")),
    _near_miss("not-an-arn", "contract"),
    _near_miss("empty", ""),
    _near_miss("other-service", "arn:aws:s3:us-east-1:000000000000:dataset/contract/ITEMS"),
    _near_miss("upper-case", "ARN:AWS:PERSONALIZE:us-east-1:000000000000:dataset/contract/ITEMS"),
    _near_miss("no-partition", "arn::personalize:us-east-1:000000000000:dataset/contract/ITEMS"),
    _near_miss("bad-partition", "arn:a_s:personalize:us-east-1:000000000000:dataset/c/ITEMS"),
    _near_miss("no-resource", "arn:aws:personalize:us-east-1:000000000000:"),
    _near_miss("too-few-fields", "arn:aws:personalize:us-east-1:000000000000"),
    _near_miss("other-separator", "arn/aws/personalize/us-east-1/000000000000/dataset/c/ITEMS"),
    Scenario(
        "arn-aws-cn",
        Put(items(1), "arn:aws-cn:personalize:cn-north-1:000000000000:dataset/contract/ITEMS"),
        (("request.dataset-arn.pattern", WellFormed()),),
    ),
    Scenario(
        "arn-aws-us-gov",
        Put(items(1), "arn:aws-us-gov:personalize:us-gov-west-1:000000000000:dataset/c/ITEMS"),
        (("request.dataset-arn.pattern", WellFormed()),),
    ),
    # --- what is required
    _refused("arn-absent", "request.dataset-arn.required", Wire(f'{{"items": [{_ITEM}]}}')),
    _refused("items-absent", "request.items.required", Wire('{"datasetArn": "@dataset@"}')),
    _refused(
        "item-id-absent",
        "request.item-id.required",
        Wire(_with(items='[{"properties": "{}"}]')),
    ),
    _refused(
        "item-id-absent-last",
        "request.item-id.required",
        Wire(_with(items=f"[{_ITEM}, {{}}]")),
    ),
    # --- wrong JSON types; null is one
    _malformed("arn-null", "request.dataset-arn.type", _with(arn="null")),
    _malformed("arn-number", "request.dataset-arn.type", _with(arn="1")),
    _malformed("arn-array", "request.dataset-arn.type", _with(arn='["@dataset@"]')),
    _malformed("items-null", "request.items.type", _with(items="null")),
    _malformed("items-object", "request.items.type", _with(items=_ITEM)),
    _malformed("items-string", "request.items.type", _with(items='"none"')),
    _malformed("item-null", "request.item.type", _with(items="[null]")),
    _malformed("item-string", "request.item.type", _with(items='["personalize-contract-1"]')),
    _malformed("item-array", "request.item.type", _with(items=f"[[{_ITEM}]]")),
    _malformed("item-id-null", "request.item-id.type", _one(item_id="null")),
    _malformed("item-id-number", "request.item-id.type", _one(item_id="1")),
    _malformed("item-id-true", "request.item-id.type", _one(item_id="true")),
    _malformed("item-id-object", "request.item-id.type", _one(item_id="{}")),
    _malformed("item-id-array", "request.item-id.type", _one(item_id='["1"]')),
    _malformed("properties-object", "request.properties.type", _one(properties='{"category": "tea"}')),
    _malformed("properties-number", "request.properties.type", _one(properties="1")),
    _malformed("properties-array", "request.properties.type", _one(properties='["tea"]')),
    # --- malformed JSON
    _malformed("body-empty", "request.body.json-object", ""),
    _malformed("body-truncated", "request.body.json-object", _GOOD[:-1]),
    _malformed("body-trailing-junk", "request.body.json-object", _GOOD + " tea"),
    _malformed("body-leading-junk", "request.body.json-object", "tea " + _GOOD),
    _malformed("body-trailing-comma", "request.body.json-object", _GOOD[:-1] + ",}"),
    _malformed("body-single-quotes", "request.body.json-object", _GOOD.replace('"', "'")),
    _malformed("body-array", "request.body.json-object", f"[{_GOOD}]"),
    _malformed("body-null", "request.body.json-object", "null"),
    _malformed("body-number", "request.body.json-object", "10"),
    _malformed("body-string", "request.body.json-object", '"tea"'),
    _malformed("body-form", "request.body.json-object", "datasetArn=@dataset@&items=1"),
    _malformed("body-not-utf-8", "request.body.json-object", b'{"datasetArn": "\xff\xfe"}'),
    # --- the dataset's state
    Scenario(
        "missing",
        Put(items(1)),
        (
            ("error.not-found.status", Status(404)),
            ("error.not-found.code", Code("ResourceNotFoundException")),
            ("error.message", Message(never="tea")),
            ("error.content-type", Observed("content-type")),
        ),
        state="missing",
    ),
    Scenario(
        "in-use",
        Put(items(1)),
        (
            ("error.in-use.status", Status(409)),
            ("error.in-use.code", Code("ResourceInUseException")),
            ("error.message", Message(never="tea")),
            ("error.content-type", Observed("content-type")),
        ),
        state="in-use",
    ),
    Scenario("missing-ten-items", Put(items(10)), (
        ("error.not-found.code", Code("ResourceNotFoundException")),
        ("error.not-found.status", Status(404)),
    ), state="missing"),
    Scenario("in-use-ten-items", Put(items(10)), (
        ("error.in-use.code", Code("ResourceInUseException")),
        ("error.in-use.status", Status(409)),
    ), state="in-use"),
    # --- errors of their own
    Scenario(
        "invalid-input-status",
        Put(items(11)),
        (("error.invalid-input.status", Status(400)),),
    ),
    Scenario(
        "invalid-input-code",
        Put(items(11)),
        (("error.invalid-input.code", Code("InvalidInputException")),),
    ),
    Scenario("malformed-status", Wire("{"), _MALFORMED),
    Scenario(
        "message-keeps-properties",
        Put([item(1, f'{{"category": "{SENSITIVE}"}}'), *items(10)]),
        (("error.message", Message(never=SENSITIVE)),),
    ),
    # --- what the page doesn't say
    Scenario(
        "unknown-member",
        Wire(_GOOD[:-1] + ', "tea": 1}'),
        (("request.unknown-members", Observed()),),
    ),
    # --- still there after all that
    _accepted("success-at-the-end", "response.success.status", Put(items(2))),
)


def text(sends: Put | Wire, arn: str) -> Any:
    """What is sent to a dataset with this ARN: keyword arguments of a Put, the body of a Wire."""
    if isinstance(sends, Put):
        return {"datasetArn": _filled(sends.arn, arn), "items": sends.items}
    body = sends.body if isinstance(sends.body, bytes) else sends.body.encode()
    return body.replace(DATASET.encode(), arn.encode())


LENGTHS = (256, 257)
"""What a dataset's ARN is filled up to."""


def of_length(arn: str, length: int) -> str:
    """A longer ARN, of this many characters, that names nothing."""
    return arn.ljust(length, "x")


def _filled(template: str, arn: str) -> str:
    if template.startswith("@dataset:"):
        return of_length(arn, int(template.strip("@").partition(":")[2]))
    return template.replace(DATASET, arn)


def unproved(clauses: Iterable[str]) -> list[str]:
    """The clauses that no scenario expects anything of."""
    expected = {clause for scenario in SCENARIOS for clause, _ in scenario.expects}
    return [clause for clause in clauses if clause not in expected]
