"""Legal ways to answer that differ from the usual one: the suite must pass every one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mutants.listening import Wire, whole
from mutants.service import Answer, Frame, Operation, Rule, Sent, Service, in_header, right


@dataclass(frozen=True)
class Dialect:
    """A service that breaks nothing, and how it sends its answers."""

    name: str
    service: Service
    wire: Callable[[Sent, Answer], Wire] | None = None


def _header(name: str, code: str, member: str = "message") -> Frame:
    """The code in a header."""

    def frame(status: int, of: str, message: str) -> Answer:
        body = json.dumps({member: message}).encode()
        return Answer(status, body, (("Content-Type", "application/json"), (name, code.format(of))))

    return frame


def _body(member: str, code: str, kind: str = "application/json") -> Frame:
    """The code in the body."""

    def frame(status: int, of: str, message: str) -> Answer:
        body = json.dumps({member: code.format(of), "Message": message}).encode()
        return Answer(status, body, (("Content-Type", kind),))

    return frame


_FRAMES: dict[str, Frame] = {
    "header as the siblings have it": in_header,
    "header in lower case": _header("x-amzn-errortype", "{}"),
    "header in upper case": _header("X-AMZN-ERRORTYPE", "{}"),
    "header with a URI": _header("x-amzn-ErrorType", "{}:http://internal.amazon.com/coral/x/"),
    "header with a namespace": _header("x-amzn-ErrorType", "com.amazonaws.personalize#{}"),
    "header, and Message": _header("x-amzn-ErrorType", "{}", "Message"),
    "__type": _body("__type", "{}"),
    "__type with a namespace": _body("__type", "com.amazonaws.personalizeevents#{}"),
    "__type with a namespace and a URI": _body("__type", "aws#{}:http://aws.amazon.com/"),
    "code": _body("code", "{}"),
    "amz-json": _body("__type", "{}", "application/x-amz-json-1.1"),
    "a charset": _body("__type", "{}", "application/json; charset=utf-8"),
    "no content type": lambda status, code, message: Answer(
        status, json.dumps({"message": message}).encode(), (("x-amzn-ErrorType", code),)
    ),
    "an empty message": lambda status, code, message: in_header(status, code, ""),
    "a message in another language": lambda status, code, message: in_header(
        status, code, "Ung\N{LATIN SMALL LETTER U WITH DIAERESIS}ltig \N{TEACUP WITHOUT HANDLE}"
    ),
    "more members": lambda status, code, message: Answer(
        status,
        json.dumps({"message": message, "fieldList": [1], "reason": None}, indent=2).encode(),
        (("Content-Type", "application/json"), ("x-amzn-ErrorType", code)),
    ),
    "chunked": lambda status, code, message: replace(
        in_header(status, code, message), chunked=True
    ),
}

_SUCCESSES: dict[str, Answer] = {
    "chunked": Answer(200, chunked=True),
    "with a content type": Answer(200, headers=(("Content-Type", "application/json"),)),
    "with many headers": Answer(
        200,
        headers=(
            ("Date", "Mon, 23 Nov 2026 20:16:42 GMT"),
            ("x-amzn-RequestId", "11111111-2222-3333-4444-555555555555"),
            ("Connection", "keep-alive"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
        ),
    ),
    "closing": Answer(200, headers=(("Connection", "close"),)),
    "in HTTP/1.0": Answer(200, headers=(("Connection", "close"),), version="1.0"),
}


def _strictly(body: bytes) -> Any:
    """JSON as RFC 8259 has it, where Python is lenient."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    def constant(name: str) -> Any:
        raise ValueError(name)

    text = body.decode("utf-8")
    if re.search(r"\\ud[89a-f]", text) and "\\ud83c" not in text:
        raise ValueError
    return json.loads(text, object_pairs_hook=members, parse_constant=constant)


def dialects(of: Operation) -> Iterator[Dialect]:
    """All of them; their names differ."""
    usual = right(of)
    for words, frame in _FRAMES.items():
        yield Dialect(f"errors: {words}", replace(usual, frame=frame))
    for words, success in _SUCCESSES.items():
        yield Dialect(f"success: {words}", replace(usual, success=success))
    for code in ("InvalidInputException", "ValidationException", "BadRequest"):
        kinds = {**usual.kinds, "malformed": (400, code)}
        yield Dialect(f"malformed: {code}", replace(usual, kinds=kinds))
    yield Dialect("rules: the dataset's state comes first", replace(usual, state_first=True))
    yield Dialect("rules: in another order", replace(usual, rules=tuple(reversed(of.rules))))
    yield Dialect("JSON: strict", replace(usual, reads=_strictly))
    yield Dialect("JSON: Python's, from bytes", replace(usual, reads=json.loads))
    yield Dialect(
        "media type: only JSON", replace(usual, media_types=lambda value: "json" in value)
    )
    no_object = Rule(
        "more",
        f"{of.batch}[].{of.document}",
        "more",
        None,
        "invalid-input",
        lambda place: isinstance(place.value, str) and place.value[:1] != "{",
    )
    yield Dialect(
        "rules: a document is the text of an object",
        replace(usual, rules=(*of.rules, no_object)),
    )
    for status in (400, 403):
        yield Dialect(
            f"states: who asks elsewhere is not let in, with {status}",
            replace(usual, around=_elsewhere(status)),
        )
    known = {"datasetArn", of.batch}
    yield Dialect(
        "members: unknown ones are refused",
        replace(usual, reads=lambda body: _known(json.loads(body.decode()), known)),
    )

    def closing(sent: Sent, answer: Answer) -> Answer:
        return answer.plus(("Connection", "close")) if answer.status >= 400 else answer

    yield Dialect("wire: closes after an error", replace(usual, around=closing))
    yield Dialect("wire: 100 Continue first", usual, lambda sent, answer: _continued)
    yield Dialect("wire: 103 Early Hints first", usual, lambda sent, answer: _hinted)
    yield Dialect("wire: blanks around the length", usual, lambda sent, answer: _blanks)
    yield Dialect("wire: in small pieces", usual, lambda sent, answer: _in_pieces)


def _known(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict) and set(value) - names:
        raise ValueError
    return value


def _continued(connection: Any, data: bytes) -> bool:
    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return whole(connection, data)


def _elsewhere(status: int) -> Callable[[Sent, Answer], Answer]:
    def around(sent: Sent, answer: Answer) -> Answer:
        abroad = answer.status == 404 and b":us-east-1:" not in sent.body
        return in_header(status, "AccessDeniedException", "You may not.") if abroad else answer

    return around


def _hinted(connection: Any, data: bytes) -> bool:
    connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </tea>\r\n\r\n")
    return whole(connection, data)


def _blanks(connection: Any, data: bytes) -> bool:
    return whole(connection, data.replace(b"Content-Length: 0", b"Content-Length:  0 \t"))


def _in_pieces(connection: Any, data: bytes) -> bool:
    for start in range(0, len(data), 7):
        connection.sendall(data[start : start + 7])
    return True
