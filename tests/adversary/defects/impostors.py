"""Services that aren't PutItems."""

from __future__ import annotations

from dataclasses import replace

from adversary.defects.mutant import ANY, Mutant, Mutants
from adversary.service import (
    Answer,
    Operation,
    Sent,
    in_header,
    right,
)


def mutants(of: Operation) -> Mutants:
    def always(name: str, answer: Answer, clause: str = ANY) -> Mutant:
        service = replace(right(of), around=lambda sent, usual: answer)
        return Mutant(f"impostor: {name}", clause, service)

    yield always("not implemented", Answer(404, b"Not yet implemented"), "error.not-found.code")
    yield always(
        "unknown operation", Answer(404, b"<UnknownOperationException/>\n"), "error.not-found.code"
    )
    yield always("takes everything", Answer(200))
    yield always("takes nothing", in_header(400, "InvalidInputException", "no"))
    yield always("knows no dataset", in_header(404, "ResourceNotFoundException", "no"))
    yield always("is always in use", in_header(409, "ResourceInUseException", "no"))
    json_type = (("Content-Type", "application/json"),)
    recommendations = b'{"itemList": [], "recommendationId": "RID-1"}'
    yield always("GetRecommendations", Answer(200, recommendations, json_type))

    def not_there(sent: Sent, answer: Answer) -> Answer:
        return Answer(404, b"Not yet implemented") if answer.status == 404 else answer

    yield Mutant(
        "impostor: only its 404 is one",
        "error.not-found.code",
        replace(right(of), around=not_there),
    )
