"""Successes with the wrong status, or with a body."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adversary.defects.altered import (
    around,
)
from adversary.defects.mutant import ANY, Mutant, Mutants
from adversary.listening import plainly
from adversary.service import (
    Answer,
    Operation,
    Sent,
    Service,
    right,
)


def mutants(of: Operation) -> Mutants:
    def success(name: str, clause: str, answer: Answer) -> Mutant:
        wire = plainly if answer.chunked else None
        return Mutant(f"success: {name}", clause, replace(right(of), success=answer), wire)

    for status in (201, 202, 203, 204, 205, 206, 299):
        yield success(str(status), "response.success.status", Answer(status))
    for status in (100 + 99, 300, 304, 400, 403, 404, 409, 410, 500, 501):
        answer = Answer(status, b"", (("Location", "/"),) if status // 100 == 3 else ())
        yield success(str(status), ANY, answer)
    for words, body in {
        "{}": b"{}",
        "null": b"null",
        "a blank": b" ",
        "a line break": b"\r\n",
        "a NUL": b"\0",
        "a BOM": b"\xef\xbb\xbf",
        "OK": b"OK",
        "JSON": b'{"message": "accepted"}',
        "a megabyte": b"x" * 2**20,
    }.items():
        yield success(f"a body of {words}", "response.success.empty-body", Answer(200, body))
        chunked = Answer(200, body, chunked=True)
        yield success(f"a chunked body of {words}", "response.success.empty-body", chunked)
    gzip = bytes.fromhex("1f8b08000000000000ff03000000000000000000")
    coded = Answer(200, gzip, (("Content-Encoding", "gzip"),))
    yield success("nothing, in gzip", "response.success.empty-body", coded)

    def sometimes(when: Callable[[dict[str, Any]], bool]) -> Service:
        def around(sent: Sent, answer: Answer) -> Answer:
            if answer.status != 200:
                return answer
            return replace(answer, body=b"{}") if when(json.loads(sent.body)) else answer

        return replace(right(of), around=around)

    for words, when in (
        ("for a full batch", lambda body: len(body[of.batch]) == 10),
        ("for one", lambda body: len(body[of.batch]) == 1),
        ("without a document", lambda body: of.document not in body[of.batch][0]),
        ("for non-ASCII text", lambda body: not json.dumps(body, ensure_ascii=False).isascii()),
        ("for a large body", lambda body: len(json.dumps(body)) > 100_000),
    ):
        yield Mutant(
            f"success: a body of {{}} {words}", "response.success.empty-body", sometimes(when)
        )

    def if_sent(when: Callable[[Sent], object], wrong: Answer) -> Service:
        return around(
            of, lambda sent, answer: answer.status == 200 and when(sent), lambda usual: wrong
        )

    def without_sdk(sent: Sent) -> bool:
        return "amz-sdk-invocation-id" not in sent.headers

    for name, clause, service in (
        (
            "a body of {} for a charset",
            "response.success.empty-body",
            if_sent(
                lambda sent: "charset" in sent.headers.get("content-type", ""), Answer(200, b"{}")
            ),
        ),
        (
            "a body of {} for an emoji",
            "response.success.empty-body",
            if_sent(lambda sent: b"\\ud83c" in sent.body, Answer(200, b"{}")),
        ),
        (
            "201 for a large body",
            "response.success.status",
            if_sent(lambda sent: len(sent.body) > 30_000, Answer(201)),
        ),
        ("202 without the SDK", "response.success.status", if_sent(without_sdk, Answer(202))),
    ):
        yield Mutant(f"success: {name}", clause, service)
