"""Answers for another state than that of the dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adversary.defects.altered import (
    around,
)
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
    usual = right(of)
    active, in_use = of.dataset("active"), of.dataset("in-use")
    missing = of.dataset("missing")

    def states(name: str, clause: str, found: dict[str, str]) -> Mutant:
        return Mutant(f"states: {name}", clause, replace(usual, states=found))

    yield states("all are active", "error.not-found.status", {"": "active"})
    yield states("all are missing", ANY, {"": "missing"})
    yield states("all are in use", ANY, {"": "in-use"})
    yield states(
        "in use is not looked at",
        "error.in-use.status",
        {active: "active", in_use: "active", "": "missing"},
    )
    yield states(
        "what is in use is not there", "error.in-use.status", {active: "active", "": "missing"}
    )
    yield states(
        "what is not there is in use", "error.not-found.status", {active: "active", "": "in-use"}
    )
    yield states(
        "the two are swapped",
        "error.in-use.code",
        {active: "active", in_use: "missing", "": "in-use"},
    )
    yield states(
        "what is not there is active",
        "error.not-found.status",
        {active: "active", in_use: "in-use", "": "active"},
    )
    yield states(
        "only one ARN is missing",
        "error.not-found.status",
        {missing: "missing", in_use: "in-use", "": "active"},
    )

    def looked_at(when: Callable[[dict[str, Any]], bool]) -> Service:
        def state_of(service: Service, body: Any, sent: Sent) -> str:
            batch = body.get(of.batch) if isinstance(body, dict) else None
            seen = isinstance(batch, list) and batch and isinstance(batch[0], dict)
            return service.state(body, sent) if not seen or when(body) else "active"

        return replace(usual, state_of=state_of)

    for words, when in (
        ("in a batch of one", lambda body: len(body[of.batch]) == 1),
        ("in a batch of several", lambda body: len(body[of.batch]) > 1),
        ("where there is a document", lambda body: of.document in body[of.batch][0]),
        ("where there is no document", lambda body: of.document not in body[of.batch][0]),
    ):
        yield Mutant(f"states: only looked at {words}", ANY, looked_at(when))

    for state, clause in (("in-use", "error.in-use.status"), ("missing", "error.not-found.status")):

        def once(service: Service, body: Any, sent: Sent, state: str = state) -> str:
            found = service.state(body, sent)
            asked = service.memory.setdefault(state, [])
            if found == state:
                asked.append(sent.number)
            return "active" if found == state and len(asked) > 1 else found

        def later(service: Service, body: Any, sent: Sent, state: str = state) -> str:
            found = service.state(body, sent)
            asked = service.memory.setdefault(state, [])
            if found == state:
                asked.append(sent.number)
            return "active" if found == state and len(asked) == 1 else found

        for words, state_of in (("only the first time", once), ("not the first time", later)):
            service = replace(usual, state_of=state_of, memory={})
            yield Mutant(f"states: {state} {words}", clause, service)

    ten = f'"{of.identity}"'.encode()
    for words, clause, status, wrong in (
        ("what is in use is accepted", "error.in-use.status", 409, Answer(200)),
        (
            "what is missing is invalid input",
            "error.not-found.code",
            404,
            in_header(404, "InvalidInputException", "no"),
        ),
    ):
        yield Mutant(
            f"states: {words} in a full batch",
            clause,
            around(of, _full(ten, status), _instead(wrong)),
        )

    def used_up(service: Service, body: Any, sent: Sent) -> str:
        state = service.state(body, sent)
        if state != "active":
            return state
        used = service.memory.get("used", False)
        service.memory["used"] = True
        return "in-use" if used else state

    once_only = replace(usual, state_of=used_up, memory={})
    yield Mutant("states: in use after one success", "response.success.status", once_only)

    def stays(service: Service, body: Any, sent: Sent) -> str:
        found = service.state(body, sent)
        if found == "in-use":
            service.memory["in use"] = True
        return "in-use" if service.memory.get("in use") and found == "active" else found

    stuck = replace(usual, state_of=stays, memory={})
    yield Mutant("states: once one is in use, all are", ANY, stuck)


def _full(identity: bytes, status: int) -> Callable[[Sent, Answer], bool]:
    """Return a test for answers with a status to requests with ten items."""
    return lambda sent, answer: answer.status == status and sent.body.count(identity) == 10


def _instead(wrong: Answer) -> Callable[[Answer], Answer]:
    return lambda usual: wrong
