"""Illegal ways to answer: services with one rule changed, and the clauses that say so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from support.command import ACTIVE, IN_USE, MISSING
from support.theirs import KINDS, Answer, Rules, Sent, framed_in_header


@dataclass(frozen=True)
class Defect:
    """One rule changed, the clause that says so, and what can't but break with it.

    `also` holds the beginnings of those other clauses' ids.
    """

    clause: str
    rules: Rules
    also: tuple[str, ...] = ()


def _on(kind: str, change: Callable[[Answer], Answer]) -> Callable[[int, str, str], Answer]:
    """The usual errors, changed where the code is of one kind."""

    def frame(status: int, code: str, message: str) -> Answer:
        usual = framed_in_header(status, code, message)
        return change(usual) if code == KINDS[kind][1] else usual

    return frame


def _lenient(body: bytes) -> Any:
    """Reads the first JSON value and forgets what follows."""
    return json.JSONDecoder().raw_decode(body.decode())[0]


def _sloppy(body: bytes) -> Any:
    text = body.decode("latin-1").replace("'", '"').replace(",}", "}")
    return json.loads(text)


def _every(n: int, bad: Answer) -> Callable[[int, Sent, Answer], Answer]:
    return lambda number, sent, usual: bad if number % n == 0 else usual


def _if(
    condition: Callable[[Sent, Answer], object], bad: Callable[[Answer], Answer]
) -> Callable[[int, Sent, Answer], Answer]:
    return lambda number, sent, usual: bad(usual) if condition(sent, usual) else usual


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _without(name: str) -> frozenset[str]:
    return Rules().required - {name}


def _any_type(name: str) -> frozenset[str]:
    return Rules().types - {name}


def _kinds(**changed: tuple[int, str]) -> dict[str, tuple[int, str]]:
    return KINDS | {name.replace("_", "-"): kind for name, kind in changed.items()}


def _state(arn: str, state: str | None) -> dict[str, str]:
    states = {MISSING: "missing", IN_USE: "in-use", arn: state or ""}
    return {one: what for one, what in states.items() if what}


_PATTERN = re.compile(r"arn:([a-z\d-]+):personalize:.*:.*:.+")

DEFECTS: dict[str, Defect] = {
    # limits, off by one and gone
    "eleven items are accepted": Defect(
        "request.items.max-members", Rules(max_items=11), also=("error.invalid-input.status",)
    ),
    "any number of items": Defect(
        "request.items.max-members", Rules(max_items=10**6), also=("error.invalid-input.status",)
    ),
    "nine items are the most": Defect(
        "request.items.max-members", Rules(max_items=9), also=("error.", "request.")
    ),
    "no item is accepted": Defect("request.items.min-members", Rules(min_items=0)),
    "two items are the least": Defect(
        "request.items.min-members",
        Rules(min_items=2),
        also=("request.", "error.not-found", "error.in-use", "response.success.status"),
    ),
    "itemId up to 257": Defect("request.item-id.max-length", Rules(max_id=257)),
    "itemId up to 255": Defect("request.item-id.max-length", Rules(max_id=255)),
    "empty itemId": Defect("request.item-id.min-length", Rules(min_id=0)),
    "itemId from 2": Defect("request.item-id.min-length", Rules(min_id=2)),
    "properties up to 32001": Defect("request.properties.max-length", Rules(max_properties=32001)),
    "properties up to 31999": Defect("request.properties.max-length", Rules(max_properties=31999)),
    "the old 24262": Defect("request.properties.max-length", Rules(max_properties=24262)),
    "empty properties": Defect("request.properties.min-length", Rules(min_properties=0)),
    "properties from 2": Defect("request.properties.min-length", Rules(min_properties=2)),
    "ARN up to 257": Defect(
        "request.dataset-arn.max-length", Rules(max_arn=257), also=("error.invalid-input",)
    ),
    "ARN up to 255": Defect("request.dataset-arn.max-length", Rules(max_arn=255)),
    "lengths in bytes": Defect(
        "request.item-id.max-length",
        Rules(length=lambda text: len(text.encode())),
        also=("request.properties.max-length",),
    ),
    "lengths in UTF-16": Defect(
        "request.properties.max-length", Rules(length=_utf16), also=("request.item-id.max-length",)
    ),
    # the pattern
    "any ARN": Defect("request.dataset-arn.pattern", Rules(arn=lambda arn: True)),
    "only the aws partition": Defect(
        "request.dataset-arn.pattern",
        Rules(arn=lambda arn: arn.startswith("arn:aws:personalize:") and _PATTERN.fullmatch(arn)),
    ),
    "the pattern in any case": Defect(
        "request.dataset-arn.pattern", Rules(arn=re.compile(_PATTERN.pattern, re.IGNORECASE).match)
    ),
    "no resource is needed": Defect(
        "request.dataset-arn.pattern",
        Rules(arn=re.compile(r"arn:([a-z\d-]+):personalize:.*:.*:.*").fullmatch),
    ),
    "any service": Defect(
        "request.dataset-arn.pattern", Rules(arn=re.compile(r"arn:[a-z\d-]+:.*:.*:.*:.+").fullmatch)
    ),
    # what is required, and of which type
    "datasetArn is optional": Defect(
        "request.dataset-arn.required", Rules(required=_without("datasetArn"))
    ),
    "items is optional": Defect("request.items.required", Rules(required=_without("items"))),
    "itemId is optional": Defect("request.item-id.required", Rules(required=_without("itemId"))),
    "properties is required": Defect(
        "request.properties.optional",
        Rules(required=Rules().required | {"properties"}),
        also=("error.", "request."),
    ),
    "datasetArn of any type": Defect(
        "request.dataset-arn.type", Rules(types=_any_type("datasetArn"))
    ),
    "items of any type": Defect("request.items.type", Rules(types=_any_type("items"))),
    "an item of any type": Defect("request.item.type", Rules(types=_any_type("item"))),
    "itemId of any type": Defect("request.item-id.type", Rules(types=_any_type("itemId"))),
    "properties of any type": Defect(
        "request.properties.type", Rules(types=_any_type("properties"))
    ),
    "only the first item is checked": Defect(
        "request.item-id.max-length",
        Rules(checked=slice(0, 1)),
        also=("request.",),
    ),
    "the last item is not checked": Defect(
        "request.properties.max-length",
        Rules(checked=slice(0, -1)),
        also=("request.item", "request.properties"),
    ),
    "the same item twice is refused": Defect("request.items.max-members", Rules(duplicates=False)),
    # JSON
    "junk after the body": Defect("request.body.json-object", Rules(loads=_lenient)),
    "single quotes": Defect(
        "request.body.json-object",
        Rules(loads=_sloppy),
        # Text may have a single quote in it.
        also=("request.item-id.max-length", "request.properties.max-length", "response.success"),
    ),
    "no charset": Defect(
        "request.media-type", Rules(media_types=lambda value: "charset" not in value)
    ),
    # success
    "201": Defect("response.success.status", Rules(success=Answer(201))),
    "204": Defect("response.success.status", Rules(success=Answer(204))),
    "a body of {}": Defect("response.success.empty-body", Rules(success=Answer(200, b"{}"))),
    "a body of a blank": Defect("response.success.empty-body", Rules(success=Answer(200, b" "))),
    "a chunked body": Defect(
        "response.success.empty-body", Rules(success=Answer(200, b"null", chunked=True))
    ),
    # errors
    "422": Defect(
        "error.invalid-input.status", Rules(kinds=_kinds(invalid=(422, "InvalidInputException")))
    ),
    "ValidationException": Defect(
        "error.invalid-input.code", Rules(kinds=_kinds(invalid=(400, "ValidationException")))
    ),
    "invalid input is 500": Defect(
        "error.invalid-input.status", Rules(kinds=_kinds(invalid=(500, "InvalidInputException")))
    ),
    "malformed is 500": Defect(
        "error.malformed.status", Rules(kinds=_kinds(malformed=(500, "InternalFailure")))
    ),
    "malformed is 422": Defect(
        "error.malformed.status", Rules(kinds=_kinds(malformed=(422, "SerializationException")))
    ),
    "missing is 400": Defect(
        "error.not-found.status", Rules(kinds=_kinds(missing=(400, "ResourceNotFoundException")))
    ),
    "missing is UnknownOperation": Defect(
        "error.not-found.code", Rules(kinds=_kinds(missing=(404, "UnknownOperationException")))
    ),
    "missing is InvalidInput": Defect(
        "error.not-found.code", Rules(kinds=_kinds(missing=(404, "InvalidInputException")))
    ),
    "missing is accepted": Defect("error.not-found.status", Rules(states=_state(MISSING, None))),
    "in use is 423": Defect(
        "error.in-use.status", Rules(kinds=_kinds(in_use=(423, "ResourceInUseException")))
    ),
    "in use is 400": Defect(
        "error.in-use.status", Rules(kinds=_kinds(in_use=(400, "ResourceInUseException")))
    ),
    "in use is ConflictException": Defect(
        "error.in-use.code", Rules(kinds=_kinds(in_use=(409, "ConflictException")))
    ),
    "in use is accepted": Defect("error.in-use.status", Rules(states=_state(IN_USE, None))),
    "states swapped": Defect(
        "error.in-use.code",
        Rules(states={MISSING: "in-use", IN_USE: "missing"}),
        also=("error.in-use", "error.not-found"),
    ),
    "a 404 that says nothing": Defect(
        "error.not-found.code", Rules(error=_on("missing", lambda usual: Answer(404, b"nope")))
    ),
    "a 409 without a code": Defect(
        "error.in-use.code", Rules(error=_on("in-use", lambda usual: replace(usual, headers={})))
    ),
    "no message": Defect(
        "error.message", Rules(error=_on("invalid", lambda usual: replace(usual, body=b"{}")))
    ),
    "the message repeats properties": Defect(
        "error.message", Rules(message=lambda kind, body: body.decode("utf-8", "replace"))
    ),
    # the wire
    "reset at eleven items": Defect(
        "request.items.max-members",
        Rules(error=_on("invalid", lambda usual: replace(usual, reset=True))),
        also=("request.", "error.", "response."),
    ),
    "errors cut short": Defect(
        "error.not-found.status",
        Rules(error=_on("missing", lambda usual: replace(usual, cut=True))),
        also=("error.not-found.code", "error.message", "request.dataset-arn.max-length"),
    ),
    "one in five is 500": Defect(
        "response.success.status",
        Rules(around=_every(5, Answer(500))),
        also=("request.", "error.", "response."),
    ),
    "one in seven is reset": Defect(
        "request.items.max-members",
        Rules(around=_every(7, Answer(200, reset=True))),
        also=("request.", "error.", "response."),
    ),
    "the last one fails": Defect(
        "response.success.status",
        Rules(around=lambda number, sent, usual: Answer(500) if number > 90 else usual),
        also=("request.", "error.", "response."),
    ),
}


# --- such as others may think of


def _body(answer: Answer) -> Answer:
    return replace(answer, body=b"{}") if answer.status == 200 else answer


def _echo_of(member: str) -> Callable[[str, bytes], str]:
    """A message that quotes the value of one member."""

    def message(kind: str, body: bytes) -> str:
        found = re.search(rb'"%b": "((?:[^"\\]|\\.)*)' % member.encode(), body)
        return f"Value '{found[1].decode('latin-1') if found else ''}' is not valid"

    return message


def _before(number: int, bad: Answer) -> Callable[[int, Sent, Answer], Answer]:
    return lambda at, sent, usual: bad if at < number else usual


def _coded(change: Callable[[str], str]) -> Callable[[int, str, str], Answer]:
    return lambda status, code, message: framed_in_header(status, change(code), message)


def _other_order(body: bytes) -> Any:
    value = json.loads(body)
    if isinstance(value, dict) and len(value) == 2 and next(iter(value)) != "datasetArn":
        raise ValueError
    return value


def _if_it_has(wanted: bytes) -> Callable[[bytes], Any]:
    def loads(body: bytes) -> Any:
        value = json.loads(body)
        if wanted not in body:
            raise ValueError
        return value

    return loads


def _ascii(body: bytes) -> Any:
    return json.loads(body.decode("ascii"))


def _distinct(items: list[Any]) -> int:
    return len({str(item) for item in items})


KNOWN = frozenset({ACTIVE, IN_USE})
EVERY_CODE = ("error.invalid-input.code", "error.not-found.code", "error.in-use.code")

DEFECTS |= {
    # an ARN that is looked up before it is looked at
    "no pattern, and unknown is missing": Defect(
        "request.dataset-arn.pattern",
        Rules(known=KNOWN, arn=lambda arn: True),
        also=("error.invalid-input",),
    ),
    "no length, and unknown is missing": Defect(
        "request.dataset-arn.max-length",
        Rules(known=KNOWN, max_arn=10**6),
        also=("error.invalid-input",),
    ),
    "no ARN is a missing one": Defect(
        "request.dataset-arn.required",
        Rules(known=KNOWN, required=_without("datasetArn")),
        also=("error.invalid-input",),
    ),
    "an ARN of any type is a missing one": Defect(
        "request.dataset-arn.type",
        Rules(known=KNOWN, types=_any_type("datasetArn")),
        also=("error.malformed.status",),
    ),
    # nearly the pattern
    "the pattern is searched for": Defect(
        "request.dataset-arn.pattern", Rules(arn=_PATTERN.search)
    ),
    "no field may be empty": Defect(
        "request.dataset-arn.pattern",
        Rules(arn=re.compile(r"arn:([a-z\d-]+):personalize:.+:.+:.+").fullmatch),
    ),
    "no partition is needed": Defect(
        "request.dataset-arn.pattern",
        Rules(arn=re.compile(r"arn:([a-z\d-]*):personalize:.*:.*:.+").fullmatch),
    ),
    "a partition of any letters": Defect(
        "request.dataset-arn.pattern",
        Rules(arn=re.compile(r"arn:(\w+|[a-z\d-]+):personalize:.*:.*:.+").fullmatch),
    ),
    "an account of digits": Defect(
        "request.dataset-arn.pattern",
        Rules(arn=re.compile(r"arn:([a-z\d-]+):personalize:.*:\d{12}:.+").fullmatch),
    ),
    # only sometimes
    "different items are counted": Defect("request.items.max-members", Rules(count=_distinct)),
    "a body for ten items": Defect(
        "response.success.empty-body",
        Rules(around=_if(lambda sent, usual: len(sent.items) == 10, _body)),
    ),
    "a body without properties": Defect(
        "response.success.empty-body",
        Rules(around=_if(lambda sent, usual: b"properties" not in sent.body, _body)),
    ),
    "a body for a charset": Defect(
        "response.success.empty-body",
        Rules(
            around=_if(lambda sent, usual: "charset" in sent.headers.get("content-type", ""), _body)
        ),
    ),
    "a body for emoji": Defect(
        "response.success.empty-body",
        Rules(around=_if(lambda sent, usual: b"\\ud83c" in sent.body, _body)),
    ),
    "201 for a large item": Defect(
        "response.success.status",
        Rules(
            around=_if(
                lambda sent, usual: len(sent.body) > 30000 and usual.status == 200,
                lambda usual: Answer(201),
            )
        ),
    ),
    "202 without the SDK": Defect(
        "response.success.status",
        Rules(
            around=_if(
                lambda sent, usual: (
                    "amz-sdk-invocation-id" not in sent.headers and usual.status == 200
                ),
                lambda usual: Answer(202),
            )
        ),
    ),
    "307 without the SDK": Defect(
        "response.success.status",
        Rules(
            around=_if(
                lambda sent, usual: (
                    "amz-sdk-invocation-id" not in sent.headers and usual.status == 200
                ),
                lambda usual: Answer(307, headers={"Location": "/items"}),
            )
        ),
        also=("request.",),
    ),
    "missing is invalid for ten items": Defect(
        "error.not-found.code",
        Rules(
            around=_if(
                lambda sent, usual: usual.status == 404 and len(sent.items) == 10,
                lambda usual: framed_in_header(404, "InvalidInputException", "no"),
            )
        ),
    ),
    "in use is accepted for ten items": Defect(
        "error.in-use.status",
        Rules(
            around=_if(
                lambda sent, usual: usual.status == 409 and len(sent.items) == 10,
                lambda usual: Answer(200),
            )
        ),
    ),
    "the first ones fail": Defect("response.success.status", Rules(around=_before(2, Answer(500)))),
    "one success, and then in use": Defect(
        "request.items.max-members",
        Rules(
            around=lambda number, sent, usual: (
                framed_in_header(409, "ResourceInUseException", "in use")
                if number > 1 and usual.status == 200
                else usual
            )
        ),
        also=("request.", "response."),
    ),
    # JSON in other words
    "members in this order only": Defect("request.body.json-object", Rules(loads=_other_order)),
    "a blank after a colon": Defect(
        "request.body.json-object",
        Rules(loads=_if_it_has(b": ")),
    ),
    "ASCII only": Defect(
        "request.body.json-object",
        Rules(loads=_ascii),
        also=("request.properties.max-length",),
    ),
    "a form feed is white space": Defect(
        "request.body.json-object", Rules(loads=lambda body: json.loads(body.strip()))
    ),
    "comments": Defect(
        "request.body.json-object",
        Rules(loads=lambda body: json.loads(re.sub(rb" //.*", b"", body))),
    ),
    "lists close themselves": Defect(
        "request.body.json-object",
        Rules(loads=lambda body: json.loads(re.sub(rb"}}$", b"}]}", body))),
    ),
    "braces close themselves": Defect(
        "request.body.json-object",
        Rules(loads=lambda body: json.loads(body if body.endswith(b"}") else body + b"}")),
    ),
    "Latin-1": Defect(
        "request.body.json-object",
        Rules(loads=lambda body: json.loads(body.decode("latin-1"))),
        also=("request.properties.max-length",),  # whose emoji are four characters each then
    ),
    "an array of one body": Defect(
        "request.body.json-object",
        Rules(
            loads=lambda body: (lambda v: v[0] if isinstance(v, list) and v else v)(
                json.loads(body)
            )
        ),
    ),
    "null is left out": Defect(
        "request.properties.optional",
        Rules(required=Rules().required | {"properties"}),
        also=("request.", "error."),
    ),
    # codes and messages
    "codes in lower case": Defect(
        "error.invalid-input.code",
        Rules(error=_coded(str.lower)),
        also=EVERY_CODE,
    ),
    "codes without Exception": Defect(
        "error.in-use.code",
        Rules(error=_coded(lambda code: code.removesuffix("Exception"))),
        also=EVERY_CODE,
    ),
    "codes in a header of another name": Defect(
        "error.not-found.code",
        Rules(
            error=lambda status, code, message: Answer(
                status, json.dumps({"message": message}).encode(), {"x-amz-error-type": code}
            )
        ),
        also=EVERY_CODE,
    ),
    "codes in a member of another name": Defect(
        "error.not-found.code",
        Rules(
            error=lambda status, code, message: Answer(
                status, json.dumps({"message": message, "errorCode": code}).encode()
            )
        ),
        also=EVERY_CODE,
    ),
    "codes in XML": Defect(
        "error.not-found.code",
        Rules(
            error=lambda status, code, message: Answer(
                status, f"<Error><Code>{code}</Code></Error>".encode()
            )
        ),
        also=EVERY_CODE,
    ),
    "every error is 400": Defect(
        "error.not-found.status",
        Rules(kinds=_kinds(missing=(400, KINDS["missing"][1]), in_use=(400, KINDS["in-use"][1]))),
        also=("error.in-use.status",),
    ),
    "every error is InvalidInputException": Defect(
        "error.not-found.code",
        Rules(error=_coded(lambda code: "InvalidInputException")),
        also=("error.in-use.code",),
    ),
    "in use is 404": Defect(
        "error.in-use.status",
        Rules(kinds=_kinds(in_use=(404, "ResourceNotFoundException"))),
        also=("error.in-use.code",),
    ),
    "eleven items are 413": Defect(
        "error.invalid-input.status",
        Rules(
            around=_if(
                lambda sent, usual: len(sent.items) > 10,
                lambda usual: replace(usual, status=413),
            )
        ),
    ),
    "a null message": Defect(
        "error.message",
        Rules(error=_on("in-use", lambda usual: replace(usual, body=b'{"message": null}'))),
    ),
    "a message that is an object": Defect(
        "error.message",
        Rules(error=_on("missing", lambda usual: replace(usual, body=b'{"message": {}}'))),
    ),
    "a message in plain text": Defect(
        "error.message",
        Rules(error=_on("missing", lambda usual: replace(usual, body=b"not found"))),
    ),
    "the message quotes a long value": Defect(
        "error.message", Rules(message=_echo_of("properties"))
    ),
    "only a 404 repeats properties": Defect(
        "error.message",
        Rules(
            message=lambda kind, body: body.decode("utf-8", "replace") if kind == "missing" else ""
        ),
    ),
    "a header repeats properties": Defect(
        "error.message",
        Rules(
            around=_if(
                lambda sent, usual: usual.status == 409,
                lambda usual: replace(
                    usual, headers=usual.headers | {"x-more": "tea-and-a-secret"}
                ),
            )
        ),
    ),
}
