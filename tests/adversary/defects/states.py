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

    def with_states(name: str, clause: str, states: dict[str, str]) -> Mutant:
        return Mutant(f"states: {name}", clause, replace(usual, states=states))

    yield with_states("all are active", "error.not-found.status", {"": "active"})
    yield with_states("all are missing", ANY, {"": "missing"})
    yield with_states("all are in use", ANY, {"": "in-use"})
    yield with_states(
        "in use is not looked at",
        "error.in-use.status",
        {active: "active", in_use: "active", "": "missing"},
    )
    yield with_states(
        "a dataset in use is missing", "error.in-use.status", {active: "active", "": "missing"}
    )
    yield with_states(
        "a missing dataset is in use", "error.not-found.status", {active: "active", "": "in-use"}
    )
    yield with_states(
        "the two are swapped",
        "error.in-use.code",
        {active: "active", in_use: "missing", "": "in-use"},
    )
    yield with_states(
        "a missing dataset counts as active",
        "error.not-found.status",
        {active: "active", in_use: "in-use", "": "active"},
    )
    yield with_states(
        "only one ARN is missing",
        "error.not-found.status",
        {missing: "missing", in_use: "in-use", "": "active"},
    )

    def looked_at(when: Callable[[dict[str, Any]], bool]) -> Service:
        def state_of(service: Service, body: Any, sent: Sent) -> str:
            batch = body.get(of.batch) if isinstance(body, dict) else None
            readable = isinstance(batch, list) and batch and isinstance(batch[0], dict)
            return service.state(body, sent) if not readable or when(body) else "active"

        return replace(usual, state_of=state_of)

    for words, when in (
        ("in a batch of one", lambda body: len(body[of.batch]) == 1),
        ("in a batch of several", lambda body: len(body[of.batch]) > 1),
        ("where there is a document", lambda body: of.document in body[of.batch][0]),
        ("where there is no document", lambda body: of.document not in body[of.batch][0]),
    ):
        yield Mutant(f"states: only looked at {words}", ANY, looked_at(when))

    for state, clause in (
        ("in-use", "error.in-use.status"),
        ("missing", "error.not-found.status"),
    ):

        def once(service: Service, body: Any, sent: Sent, state: str = state) -> str:
            current = service.state(body, sent)
            requests = service.memory.setdefault(state, [])
            if current == state:
                requests.append(sent.number)
            return "active" if current == state and len(requests) > 1 else current

        def later(service: Service, body: Any, sent: Sent, state: str = state) -> str:
            current = service.state(body, sent)
            requests = service.memory.setdefault(state, [])
            if current == state:
                requests.append(sent.number)
            return "active" if current == state and len(requests) == 1 else current

        for words, state_of in (("only the first time", once), ("not the first time", later)):
            service = replace(usual, state_of=state_of, memory={})
            yield Mutant(f"states: {state} {words}", clause, service)

    ten = f'"{of.identity}"'.encode()
    for words, clause, status, wrong in (
        ("a dataset in use is accepted", "error.in-use.status", 409, Answer(200)),
        (
            "a missing dataset is invalid input",
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
        current = service.state(body, sent)
        if current == "in-use":
            service.memory["in use"] = True
        return "in-use" if service.memory.get("in use") and current == "active" else current

    stuck = replace(usual, state_of=stays, memory={})
    yield Mutant("states: once one is in use, all are", ANY, stuck)


def _full(identity: bytes, status: int) -> Callable[[Sent, Answer], bool]:
    """Return a test for answers with a status to requests with ten items."""
    return lambda sent, answer: answer.status == status and sent.body.count(identity) == 10


def _instead(wrong: Answer) -> Callable[[Answer], Answer]:
    return lambda usual: wrong
