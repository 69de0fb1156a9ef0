"""The malformed-request cases of Smithy's restJson1 protocol tests that apply to this operation.

Each case has three answers: the one that Smithy expects, with its own error codes, the one that the
page of PutItems supports (`""` if it is silent), and that of the reference service. If they differ,
the page decides; if it is silent, the observed behaviour of clients does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from personalize_contract.model import rest_json
from personalize_contract.model.datasets import DUMMY
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import parse
from personalize_contract.service.core import respond
from personalize_contract.service.store import Store

SERIALIZATION = "400 SerializationException"
VALIDATION = "400 ValidationException"
INVALID = "400 InvalidInputException"
UNSUPPORTED = "415 UnsupportedMediaTypeException"
MALFORMED = "400"
"""The documented answer to invalid JSON and wrong JSON types: the page names no code."""

SECRET = "canary-of-the-shop"
ARN = DUMMY["active"]
CUP = "\N{TEACUP WITHOUT HANDLE}"


@dataclass(frozen=True)
class Case:
    """A request and its answers: a status, followed by the code if it is known."""

    body: str
    smithy: str
    page: str
    answer: str
    content_type: str | None = "application/json"


def item(name: object = "tea-1", **members: object) -> dict[str, object]:
    return {"itemId": name, **members}


def put(*items: object, arn: object = ARN) -> str:
    return json.dumps({"datasetArn": arn, "items": list(items)})


GOOD = put(item(properties=f'{{"category": "{SECRET}"}}'))


def malformed(body: str) -> Case:
    return Case(body, SERIALIZATION, MALFORMED, SERIALIZATION)


def constraint(body: str) -> Case:
    return Case(body, VALIDATION, INVALID, INVALID)


CASES = {
    # --- RestJsonInvalidJsonBody
    "an object that is never closed": malformed("{["),
    "junk behind": malformed(GOOD + "abc"),
    "junk before": malformed("abc" + GOOD),
    "a comment to the end of the line": malformed(GOOD[:-1] + "// tea\n}"),
    "a comment between marks": malformed(GOOD[:-1] + "/* tea */}"),
    "a form feed": malformed(GOOD.replace(": ", ":\f", 1)),
    "single quotes": malformed(GOOD.replace('"', "'")),
    "a trailing comma": malformed(GOOD[:-1] + ",}"),
    # --- RestJsonTechnicallyValidJsonBody
    "an array around it": malformed(f"[{GOOD}]"),
    "a number": malformed("10"),
    "null": malformed("null"),
    # --- RestJsonWithBodyExpectsApplicationJsonContentType, and ...NoHeaders
    "another media type": Case(GOOD, UNSUPPORTED, "", UNSUPPORTED, "application/hal+json"),
    # botocore sent none in the operation's first year, and was answered.
    "no media type": Case(GOOD, UNSUPPORTED, "", "200", None),
    # --- RestJsonBodyMalformedListNullItem, RestJsonBodyMalformedListUnclosed
    "null in the list": malformed(put(item("a"), None, item("b"))),
    "a list that is never closed": malformed(GOOD[:-2] + "}"),
    # --- RestJsonMalformedRequiredBodyUnset, ...ExplicitNull
    "a required member unset": constraint(json.dumps({"items": [item()]})),
    # Absent in Smithy; the page gives no code for it.
    "a required member null": Case(put(item(), arn=None), VALIDATION, MALFORMED, SERIALIZATION),
    # --- RestJsonMalformedLength...
    "a string that is too short": constraint(put(item(""))),
    "a string that is too long": constraint(put(item("x" * 257))),
    "characters outside the BMP": constraint(put(item(CUP * 257))),
    "below a minimum alone": constraint(put(item(properties=""))),
    "above a maximum alone": constraint(put(item(), arn=ARN.ljust(257, "x"))),
    "a list that is too short": constraint(put()),
    "a list that is too long": constraint(put(*map(item, "abcdefghijk"))),
    "the first of a list too short": constraint(put(item(""), item())),
    "the first of a list too long": constraint(put(item("x" * 257), item())),
    # --- RestJsonMalformedLength...Override: limits of the member itself, not of its type
    "too short for this member": constraint(put(item(), item(properties=""))),
    "too long for this member": constraint(put(item(properties="x" * 32001))),
    "characters outside the BMP, for this member": constraint(put(item(properties=CUP * 32001))),
    "below the minimum of this member": constraint(put(item(), item(""))),
    "above the maximum of this member": constraint(put(item(), item("x" * 257))),
    "a list too short for this member": constraint(json.dumps({"items": [], "datasetArn": ARN})),
    "a list too long for this member": constraint(put(*map(item, "abcdefghijklmnopqrst"))),
    # --- RestJsonMalformedPatternString, ...ReDOSString
    "another pattern": constraint(put(item(), arn="contract")),
    "a pattern in capitals": constraint(put(item(), arn=ARN.upper())),
    "a pattern to be tried in every way": constraint(
        put(item(), arn=f"arn:aws:personalize{':' * 170}\n")
    ),
    # --- RestJsonMalformedPatternSensitiveString
    "a sensitive member": constraint(put(item(properties=SECRET * 2000))),
}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    dummies = Store()
    dummies.add_dummies()
    yield dummies
    dummies.close()


def answer_to(body: str, store: Store, content_type: str | None = "application/json") -> Response:
    headers = {"content-type": content_type} if content_type else {}
    return respond(Request("POST", "http://service.example/items", headers, body.encode()), store)


def status_and_code(response: Response) -> str:
    return " ".join(filter(None, [str(response.status), rest_json.error_code(response)]))


def test_all_cases_are_covered() -> None:
    by_bytes = [case for case in CASES.values() if case.smithy != VALIDATION]
    assert (len(by_bytes), len(CASES)) == (15, 37)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_case_is_answered_as_in_the_table(case: Case, store: Store) -> None:
    response = answer_to(case.body, store, case.content_type)

    assert status_and_code(response) == case.answer
    assert case.answer.startswith(case.page)
    assert SECRET.encode() not in response.body


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_only_a_missing_media_type_is_not_a_violation(case: Case) -> None:
    headers = {"content-type": case.content_type} if case.content_type else {}
    request = Request("POST", "http://service.example/items", headers, case.body.encode())

    assert bool(parse(request).violations) == (case.answer != "200")


def test_an_optional_member_that_is_null_is_not_set(store: Store) -> None:
    """RestJsonServersDontSerializeNullStructureValues: the page is silent."""
    body = put(item("null-tea", properties=None))
    request = Request("POST", "http://service.example/items", {}, body.encode())

    assert status_and_code(answer_to(body, store)) == "200"
    assert store.items(ARN)["null-tea"] is None
    assert parse(request).violations == ()
