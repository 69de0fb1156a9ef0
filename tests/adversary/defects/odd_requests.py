"""Wrong answers to requests that the page neither allows nor forbids."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from adversary.defects.mutant import ANY, Mutant, Mutants
from adversary.service import (
    Answer,
    Operation,
    Sent,
    Service,
    in_header,
    right,
)


def mutants(of: Operation) -> Mutants:
    """Yield mutants for undocumented requests: either answer has a documented form."""
    many, error = of.batch, ("InvalidInputException", "Error parsing {}")
    odd: dict[str, Callable[[Sent], object]] = {
        "an unknown member": lambda sent: b'"tea": 1' in sent.body,
        "a name in another case": lambda sent: b'"DatasetArn"' in sent.body,
        "another path": lambda sent: "/tea" in sent.path and "?" not in sent.path,
        "a query": lambda sent: "?" in sent.path,
        "no signature": lambda sent: "authorization" not in sent.headers,
        "another media type": lambda sent: "text" in sent.headers.get("content-type", ""),
        "NaN": lambda sent: b"NaN" in sent.body,
        "deep nesting": lambda sent: b"[[[[" in sent.body,
        "a document that is no JSON": lambda sent: b': "tea-and-a-secret"' in sent.body,
        "an unknown field": lambda sent: b"brew" in sent.body,
        "a field in another case": lambda sent: b"CATEGORY" in sent.body,
        "an ARN of elsewhere": lambda sent: b":eu-west-1:" in sent.body,
        "an ARN of one character more": lambda sent: f"/{of.dataset_type}x".encode() in sent.body,
    }

    def instead(when: Callable[[Sent], object], answer_to: Callable[[Sent], Answer]) -> Service:
        return replace(
            right(of), around=lambda sent, answer: answer_to(sent) if when(sent) else answer
        )

    def echo(sent: Sent) -> Answer:
        return in_header(400, error[0], error[1].format(sent.body[:400].decode("utf-8", "replace")))

    for words, when in odd.items():
        for name, clause, answer_to in (
            ("201", "response.success.status", lambda sent: Answer(201)),
            ("a body of {}", "response.success.empty-body", lambda sent: Answer(200, b"{}")),
        ):
            if words != "another path":  # which may have its own form of success
                yield Mutant(f"{name} for {words}", clause, instead(when, answer_to))
        if "ARN" not in words:
            yield Mutant(f"an echo for {words}", "error.message", instead(when, echo))
    abroad = odd["an ARN of elsewhere"]
    for words, clause, answer in (
        ("300 for", "request.dataset-arn.pattern", Answer(300, b"", (("Location", "/"),))),
        ("404 without a code for", "error.not-found.code", Answer(404, b'{"message": "no"}')),
    ):
        yield Mutant(f"{words} an ARN of elsewhere", clause, instead(abroad, _always(answer)))

    def loud(kind: str, sent: Sent) -> str:
        return f"{kind}: {sent.body.decode('utf-8', 'replace').upper()}"

    yield Mutant("an error shouts the request", "error.message", replace(right(of), message=loud))
    short = re.compile(rb"\{[^{]{0,24}")

    def beginning(kind: str, sent: Sent) -> str:
        cut = [part.decode("utf-8", "replace") for part in short.findall(sent.body)]
        return f"{kind}: {cut[-1] if cut else ''}..."

    cut_short = replace(right(of), message=beginning)
    yield Mutant("an error repeats the beginning of the document", "error.message", cut_short)
    for words, header in (("a retry", "amz-sdk-request"), ("a trace", "x-amzn-trace-id")):

        def rejected(sent: Sent, answer: Answer, header: str = header) -> Answer:
            value = sent.headers.get(header, "")
            return Answer(400) if "attempt=2" in value or "Root=" in value else answer

        service = replace(right(of), around=rejected)
        yield Mutant(f"rejects {words}", "response.success.status", service)
    memory: dict[str, bool] = {}

    def confused(sent: Sent, answer: Answer) -> Answer:
        lost = memory.pop("lost", False) and answer.status == 200
        memory["lost"] = answer.status == 404
        return in_header(404, "ResourceNotFoundException", f"no {many}") if lost else answer

    yield Mutant(
        "an active dataset is missing after a 404", ANY, replace(right(of), around=confused)
    )


def _always(answer: Answer) -> Callable[[Sent], Answer]:
    return lambda sent: answer
