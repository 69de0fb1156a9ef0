"""Errors whose message is absent, or echoes the request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from adversary.defects.altered import (
    around,
    framed,
    framing,
)
from adversary.defects.mutant import Mutant, Mutants
from adversary.service import (
    Answer,
    Frame,
    Operation,
    Sent,
    Service,
    right,
)

_NO_MESSAGE: dict[str, Frame] = {
    "absent": framed("x-amzn-ErrorType", lambda code, message: {}),
    "null": framed("x-amzn-ErrorType", lambda code, message: {"message": None}),
    "a number": framed("x-amzn-ErrorType", lambda code, message: {"message": 1}),
    "true": framed("x-amzn-ErrorType", lambda code, message: {"message": True}),
    "an object": framed("x-amzn-ErrorType", lambda code, message: {"message": {"text": message}}),
    "an array": framed("x-amzn-ErrorType", lambda code, message: {"message": [message]}),
    "in another member": framed("x-amzn-ErrorType", lambda code, message: {"msg": message}),
    "in an array": framed("x-amzn-ErrorType", lambda code, message: [{"message": message}]),
    "in no JSON": framed("x-amzn-ErrorType", lambda code, message: message.encode()),
    "in cut JSON": framed("x-amzn-ErrorType", lambda code, message: b'{"message": "This'),
    "in nothing": lambda status, code, message: Answer(status, b"", (("x-amzn-ErrorType", code),)),
    "in a header": lambda status, code, message: Answer(
        status, b"{}", (("x-amzn-ErrorType", code), ("x-amzn-error-message", message))
    ),
}


def mutants(of: Operation) -> Mutants:
    for code in of.errors:
        for words, frame in _NO_MESSAGE.items():
            yield Mutant(
                f"{code}: its message is {words}", "error.message", framing(of, code, frame)
            )

    def echo(kinds: set[str], cut: Callable[[bytes], bytes]) -> Service:
        return replace(
            right(of),
            message=lambda kind, sent: (
                cut(sent.body).decode("utf-8", "replace") if kind in kinds else "This is wrong."
            ),
        )

    for kind in ("invalid-input", "malformed", "missing", "in-use"):
        service = echo({kind}, lambda body: body)
        yield Mutant(f"{kind}: the message repeats the request", "error.message", service)
    everywhere = {"invalid-input", "malformed", "missing", "in-use"}
    name = f'"{of.document}"'.encode()
    for words, cut in (
        ("the first 40 characters of the properties", lambda b: b[b.find(name) :][:40]),
        ("the last properties", lambda b: b[b.rfind(name) :]),
    ):
        yield Mutant(f"an error repeats {words}", "error.message", echo(everywhere, cut))

    def in_a_header(sent: Sent, answer: Answer) -> Answer:
        line = sent.body.decode("latin-1").replace("\r", " ").replace("\n", " ")
        return (
            answer.plus(("x-amzn-error-details", line[:4000])) if answer.status >= 400 else answer
        )

    yield Mutant(
        "an error repeats the request in a header",
        "error.message",
        replace(right(of), around=in_a_header),
    )
    value = re.compile(rb'"%b": "((?:[^"\\]|\\.)*)' % of.document.encode())

    def quote(kind: str, sent: Sent) -> str:
        quoted = value.search(sent.body)
        return f"Value '{quoted[1].decode('latin-1') if quoted else ''}' is not valid"

    yield Mutant("an error quotes a value", "error.message", replace(right(of), message=quote))
    header = (("x-amzn-error-details", "tea-and-a-secret"),)
    yield Mutant(
        "a 409 tells the document in a header",
        "error.message",
        around(of, lambda sent, answer: answer.status == 409, lambda usual: usual.plus(*header)),
    )
