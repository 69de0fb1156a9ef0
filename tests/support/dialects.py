"""Legal ways to answer: services that the suite has nothing against."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from support.command import ACTIVE, IN_USE
from support.theirs import KINDS, Answer, Rules, framed_in_header

Frame = Callable[[int, str, str], Answer]


def _in_header(name: str, code: str, member: str = "message") -> Frame:
    def frame(status: int, of: str, message: str) -> Answer:
        headers = {"Content-Type": "application/json", name: code.format(of)}
        return Answer(status, json.dumps({member: message}).encode(), headers)

    return frame


def _in_body(kind: str, member: str, code: str, message_as: str = "message") -> Frame:
    def frame(status: int, of: str, message: str) -> Answer:
        text = json.dumps({member: code.format(of), message_as: message}).encode()
        return Answer(status, text, {"Content-Type": kind} if kind else {})

    return frame


def _errors(**changed: object) -> Frame:
    return lambda *given: replace(framed_in_header(*given), **changed)  # type: ignore[arg-type]


def _with_more(status: int, code: str, message: str) -> Answer:
    body = {"Message": message, "message": message, "__type": code, "fault": "client", "more": [1]}
    headers = {
        "x-amzn-RequestId": "c0ffee",
        "Date": "Mon, 23 Nov 2026 20:16:42 GMT",
        "x-amzn-ErrorType": code,
    }
    return Answer(status, json.dumps(body, indent=2).encode(), headers)


DIALECTS: dict[str, Rules] = {
    "as the facts have it": Rules(),
    "header in lower case": Rules(error=_in_header("x-amzn-errortype", "{}")),
    "header in upper case": Rules(error=_in_header("X-AMZN-ERRORTYPE", "{}")),
    "header with a URI": Rules(
        error=_in_header(
            "x-amzn-ErrorType", "{}:http://internal.amazon.com/coral/com.amazonaws.personalize/"
        )
    ),
    "header with a namespace": Rules(error=_in_header("x-amzn-ErrorType", "aws.personalize#{}")),
    "Message": Rules(error=_in_header("x-amzn-ErrorType", "{}", "Message")),
    "__type": Rules(error=_in_body("application/json", "__type", "{}")),
    "__type with a namespace": Rules(
        error=_in_body("application/json", "__type", "com.amazonaws.personalize#{}")
    ),
    "__type with a namespace and a URI": Rules(
        error=_in_body("application/json", "__type", "aws#{}:http://x.amazon.com/", "Message")
    ),
    "code": Rules(error=_in_body("application/json", "code", "{}")),
    "amz-json-1.0": Rules(error=_in_body("application/x-amz-json-1.0", "__type", "a.b#{}")),
    "amz-json-1.1": Rules(error=_in_body("application/x-amz-json-1.1", "__type", "a.b#{}")),
    "charset": Rules(error=_in_body("application/json; charset=utf-8", "__type", "{}")),
    "no content type": Rules(error=_in_body("", "__type", "{}")),
    "all of it at once, and more": Rules(error=_with_more),
    "chunked empty success": Rules(success=Answer(200, chunked=True)),
    "chunked errors": Rules(error=_errors(chunked=True)),
    "success with a content type": Rules(
        success=Answer(200, headers={"Content-Type": "application/json"})
    ),
    "success until the connection closes": Rules(success=Answer(200, until_close=True)),
    "errors until the connection closes": Rules(error=_errors(until_close=True)),
    "reasons of its own": Rules(
        success=Answer(200, reason="Fine"), error=_errors(reason="Not like this")
    ),
    "no reasons": Rules(success=Answer(200, reason=""), error=_errors(reason="")),
    "HTTP/1.0": Rules(protocol="HTTP/1.0"),
    "malformed is InvalidInputException": Rules(
        kinds={**KINDS, "malformed": (400, "InvalidInputException")}
    ),
    "malformed is ValidationException": Rules(
        kinds={**KINDS, "malformed": (400, "ValidationException")}
    ),
    "malformed has no code": Rules(
        error=lambda status, code, message: (
            Answer(400, b"bad request")
            if code == "SerializationException"
            else framed_in_header(status, code, message)
        )
    ),
    "a dataset never mentioned is missing": Rules(known=frozenset({ACTIVE, IN_USE})),
    "a message with a word like the properties": Rules(
        message=lambda kind, body: f"steady on: this is {kind}, try tea instead"
    ),
    "an empty message": Rules(message=lambda kind, body: ""),
    "other media types are refused": Rules(
        media_types=lambda value: value.partition(";")[0] == "application/json"
    ),
}
