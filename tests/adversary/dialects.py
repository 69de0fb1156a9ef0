"""Valid but unusual ways to answer; the suite must pass every one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from adversary.listening import Choice, Wire, plainly, whole
from adversary.service import (
    Answer,
    Frame,
    Operation,
    Rule,
    Sent,
    Service,
    in_header,
    operation,
    right,
)


@dataclass(frozen=True)
class Dialect:
    """A correct service, and the way in which it sends its answers."""

    name: str
    service: Service
    wire: Choice | None = None


def _header(name: str, code: str, member: str = "message") -> Frame:
    """Return a framing with the code in a header."""

    def frame(status: int, of: str, message: str) -> Answer:
        body = json.dumps({member: message}).encode()
        return Answer(status, body, (("Content-Type", "application/json"), (name, code.format(of))))

    return frame


def _body(member: str, code: str, kind: str | None = "application/json") -> Frame:
    """Return a framing with the code in the body."""

    def frame(status: int, of: str, message: str) -> Answer:
        body = json.dumps({member: code.format(of), "Message": message}).encode()
        return Answer(status, body, (("Content-Type", kind),) if kind else ())

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
    "amz-json 1.0": _body("__type", "a.b#{}", "application/x-amz-json-1.0"),
    "a charset": _body("__type", "{}", "application/json; charset=utf-8"),
    "no content type": lambda status, code, message: Answer(
        status, json.dumps({"message": message}).encode(), (("x-amzn-ErrorType", code),)
    ),
    "__type and no content type": _body("__type", "{}", None),
    "an empty message": lambda status, code, message: in_header(status, code, ""),
    "a message in another language": lambda status, code, message: in_header(
        status, code, "Ung\N{LATIN SMALL LETTER U WITH DIAERESIS}ltig \N{TEACUP WITHOUT HANDLE}"
    ),
    "more members": lambda status, code, message: Answer(
        status,
        json.dumps({"message": message, "fieldList": [1], "reason": None}, indent=2).encode(),
        (("Content-Type", "application/json"), ("x-amzn-ErrorType", code)),
    ),
    "all at once": lambda status, code, message: Answer(
        status,
        json.dumps(
            {"Message": message, "message": message, "__type": code, "fault": "client"}
        ).encode(),
        (
            ("x-amzn-RequestId", "c0ffee"),
            ("Date", "Mon, 23 Nov 2026 20:16:42 GMT"),
            ("x-amzn-ErrorType", code),
        ),
    ),
    "no code for malformed requests": lambda status, code, message: (
        Answer(status, b"bad request")
        if code == "SerializationException"
        else in_header(status, code, message)
    ),
}

_SUCCESSES: dict[str, Answer] = {
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
}


def _strictly(body: bytes) -> Any:
    """Parse JSON as in RFC 8259, unlike Python's lenient parser."""

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


@cache
def dialects() -> dict[str, Dialect]:
    """Return the valid services, by the description of their difference."""
    every = [
        dialect
        for family in (_of_frames, _of_readers, _of_states, _of_wires)
        for dialect in family(operation())
    ]
    table = {dialect.name: dialect for dialect in every}
    assert len(table) == len(every), "two dialects have the same name"
    return table


def _of_frames(of: Operation) -> Iterator[Dialect]:
    usual = right(of)
    for words, frame in _FRAMES.items():
        yield Dialect(f"errors: {words}", replace(usual, frame=frame))
    for words, success in _SUCCESSES.items():
        yield Dialect(f"success: {words}", replace(usual, success=success))
    for code in ("InvalidInputException", "ValidationException", "BadRequest"):
        kinds = {**usual.kinds, "malformed": (400, code)}
        yield Dialect(f"malformed: {code}", replace(usual, kinds=kinds))
    similar = replace(usual, message=lambda kind, sent: f"steady on: {kind}, try tea instead")
    yield Dialect("errors: a message with a word of the document", similar)


def _of_readers(of: Operation) -> Iterator[Dialect]:
    usual, known = right(of), {"datasetArn", of.batch}
    yield Dialect("rules: in another order", replace(usual, rules=tuple(reversed(of.rules))))
    yield Dialect("JSON: strict", replace(usual, reads=_strictly))
    yield Dialect("JSON: Python's, from bytes", replace(usual, reads=json.loads))
    yield Dialect(
        "members: unknown ones are rejected",
        replace(usual, reads=lambda body: _known(json.loads(body.decode()), known)),
    )
    for status, code in ((415, "UnsupportedMediaTypeException"), (400, "SerializationException")):
        service = replace(
            usual,
            media_types=lambda value: "json" in value,
            kinds={**usual.kinds, "media-type": (status, code)},
        )
        yield Dialect(f"media type: others are rejected with {status}", service)
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


def _of_states(of: Operation) -> Iterator[Dialect]:
    usual = right(of)
    yield Dialect("states: looked up first", replace(usual, state_first=True))
    for status in (400, 403):
        yield Dialect(
            f"states: who asks elsewhere is not let in, with {status}",
            replace(usual, around=_elsewhere(status)),
        )

    def of_any(service: Service, body: Any, sent: Sent) -> str:
        # A long ARN is a dataset's with a suffix, so it can't exist.
        return "missing" if len(body["datasetArn"]) > 200 else service.state(body, sent)

    declared = {of.dataset(state): state for state in ("missing", "in-use")}
    everywhere = replace(usual, states=declared | {"": "active"}, state_of=of_any)
    yield Dialect("states: every dataset of anybody is active", everywhere)


def _of_wires(of: Operation) -> Iterator[Dialect]:
    usual = right(of)

    def everywhere(change: Callable[[Answer], Answer]) -> Service:
        return replace(usual, around=lambda sent, answer: change(answer))

    for words, change in _FRAMINGS.items():
        yield Dialect(f"wire: {words}", everywhere(change), plainly)
    for words, send in _SENDERS.items():
        yield Dialect(f"wire: {words}", usual, _always(send))


def _always(send: Wire) -> Choice:
    return lambda sent, answer: send


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


def _status_line(reason: bytes) -> Wire:
    def send(connection: Any, data: bytes) -> bool:
        return whole(connection, re.sub(rb"^(HTTP/1.1 \d{3}) [^\r]*", rb"\1 " + reason, data))

    return send


def _until_it_closes(connection: Any, data: bytes) -> bool:
    connection.sendall(re.sub(rb"Content-Length: \d+\r\n", b"Connection: close\r\n", data))
    return False


_CLOSE = ("Connection", "close")

_FRAMINGS: dict[str, Callable[[Answer], Answer]] = {
    "in chunks": lambda answer: replace(answer, chunked=True),
    "in HTTP/1.0": lambda answer: replace(answer, version="1.0").plus(_CLOSE),
    "closes after a success": lambda a: a.plus(_CLOSE) if a.status < 400 else a,
    "closes after an error": lambda a: a.plus(_CLOSE) if a.status >= 400 else a,
}
_SENDERS: dict[str, Wire] = {
    "100 Continue first": _continued,
    "103 Early Hints first": _hinted,
    "blanks around the length": _blanks,
    "in small pieces": _in_pieces,
    "without a length, until the connection closes": _until_it_closes,
    "with reasons of its own": _status_line(b"Fine"),
    "without reasons": _status_line(b""),
}
