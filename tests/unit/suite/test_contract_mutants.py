"""The suite proves each clause of the newer contracts: it detects a service that breaks it.

The reference service gets a contract with one clause missing or changed, or its responses are
changed; the suite must then report exactly that clause as broken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from personalize_contract.model import contract_files
from personalize_contract.model.contract import Clause, Contract, load
from personalize_contract.model.datasets import State, dummies
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.parsed_request import parse
from personalize_contract.report.view import BROKEN
from personalize_contract.service import core
from personalize_contract.service.store import Store
from personalize_contract.suite.judge import judge
from personalize_contract.suite.messages import messages
from personalize_contract.suite.scenario import Call, Scenario
from personalize_contract.suite.tables.scenarios import SCENARIOS

OWN = Path(__file__).with_name("contracts")
OPERATIONS = ("PutEvents", "PutActionInteractions", "PutReviews")
"""The last is a test's own: its file alone adds it."""

Change = Callable[[Response], Response]


@pytest.fixture(autouse=True)
def own_contracts() -> Iterator[None]:
    contract_files.use(OWN)
    yield
    contract_files.use(None)


class AnyTracker(Store):
    """Accepts requests to unknown resources, so that only their names are checked."""

    def state(self, arn: str) -> State:
        return self._states.get(arn, "active")


@cache
def store(*, any_tracker: bool) -> Store:
    store = AnyTracker() if any_tracker else Store()
    store.add_dummies()
    return store


def answer(scenario: Scenario, contract: Contract, change: Change) -> Exchange:
    """Return the exchange of a scenario with a service of this contract."""
    arn = dummies(contract.resource_type)[scenario.state]
    *_, message = messages(scenario, arn)
    sends = scenario.sends
    content_type = "application/json" if isinstance(sends, Call) else sends.content_type
    headers = {"content-type": content_type} if content_type else {}
    url = f"https://personalize-events.us-east-1.amazonaws.com{message.target}"
    request = parse(
        Request(message.method, url, headers, message.body),
        contract if message.target.startswith(contract.path) else None,
    )
    # Not every operation documents the answer for a missing tracker.
    any_tracker = "ResourceNotFoundException" not in contract.errors
    try:
        response = core.respond(request, store(any_tracker=any_tracker))
    except (KeyError, TypeError, AttributeError):
        response = core.response(200, b"")  # it accepted a request that can't be stored
    return Exchange(request, change(response), "reference")


def broken(
    operation: str, clause: str, contract: Contract, change: Change = lambda response: response
) -> bool:
    """Return whether the suite reports this clause as broken."""
    return any(
        finding.clause == clause and finding.status == BROKEN
        for scenario in SCENARIOS[operation]
        if any(expected == clause for expected, _ in scenario.expects)
        for finding in judge(scenario, answer(scenario, contract, change))
    )


def with_clause(contract: Contract, clause: Clause, check: Mapping[str, Any] | None) -> Contract:
    """Return a contract with another check for a clause, or without it."""
    clauses = {
        name: replace(each, check=check) if each is clause and check else each
        for name, each in contract.clauses.items()
        if each is not clause or check
    }
    return replace(contract, clauses=clauses)


LIMITS = ("min-length", "max-length", "min-members", "max-members", "minimum", "maximum")

UNKNOWN = {"PutEvents": ("request.tracking-id.min-length", "request.tracking-id.max-length")}
"""The clauses for which a stricter service can't be detected: the answer to a legal tracking id
that names nothing is not documented."""


def mutants(contract: Contract, clause: Clause) -> Iterator[tuple[str, Contract]]:
    """Yield contracts in which a caller's clause is wrong."""
    yield "without it", with_clause(contract, clause, None)
    for rule, value in clause.check.items():
        if rule not in LIMITS:
            continue
        laxer = -1 if rule.startswith("min") else 1
        steps = (laxer,) if clause.id in UNKNOWN.get(contract.operation, ()) else (laxer, -laxer)
        for step in steps:
            yield (
                f"{rule} {value + step}",
                with_clause(contract, clause, {**clause.check, rule: value + step}),
            )


def of_callers(operation: str) -> list[Clause]:
    contract_files.use(OWN)
    try:
        return [
            clause
            for clause in load(operation).clauses.values()
            if clause.binds == "caller"
            and clause.refused != "unspecified"
            # Parsing JSON is not a rule of a contract.
            and clause.id != "request.body.json-object"
        ]
    finally:
        contract_files.use(None)


@pytest.mark.parametrize(
    ("operation", "name"),
    [(operation, clause.id) for operation in OPERATIONS for clause in of_callers(operation)],
)
def test_a_service_with_another_limit_is_detected(operation: str, name: str) -> None:
    contract = load(operation)
    clause = contract.clauses[name]
    assert not broken(operation, name, contract)

    for label, mutant in mutants(contract, clause):
        assert broken(operation, name, mutant), label


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_service_that_requires_an_optional_member_is_detected(operation: str) -> None:
    contract = load(operation)
    for clause in list(contract.clauses.values()):
        if not clause.id.endswith(".optional"):
            continue
        type_of = contract.clauses[clause.id.replace(".optional", ".type")]
        required = replace(
            type_of,
            id="request.mutant",
            check={"at": type_of.check["at"], "required": True},
            refused="invalid-input",
        )
        mutant = replace(contract, clauses={**contract.clauses, "request.mutant": required})
        assert not broken(operation, clause.id, contract)
        assert broken(operation, clause.id, mutant), clause.id


def _recoded(response: Response) -> Response:
    if response.status < 400:
        return response
    return replace(response, headers={**response.headers, "x-amzn-errortype": "TeaException"})


def _without_message(response: Response) -> Response:
    return replace(response, body=b"{}") if response.status >= 400 else response


def _telling(response: Response) -> Response:
    if response.status < 400:
        return response
    return replace(response, body=json.dumps({"message": "tea-and-a-secret"}).encode())


def _status(status: int) -> Change:
    return lambda response: replace(response, status=status) if response.status >= 400 else response


ANSWERS: Mapping[str, Change] = {
    "response.success.status": lambda r: replace(r, status=202) if r.status == 200 else r,
    "response.success.empty-body": lambda r: replace(r, body=b"{}") if r.status == 200 else r,
    "error.invalid-input.status": _status(422),
    "error.invalid-input.code": _recoded,
    "error.malformed.status": _status(422),
    "error.not-found.status": _status(400),
    "error.not-found.code": _recoded,
    "error.in-use.status": _status(400),
    "error.in-use.code": _recoded,
    "error.message": _telling,
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_service_with_other_answers_is_detected(operation: str) -> None:
    contract = load(operation)
    bound = [
        clause.id
        for clause in contract.clauses.values()
        if clause.binds == "service" and clause.can_fail and not clause.id.endswith(".optional")
    ]
    for clause in bound:
        assert not broken(operation, clause, contract)
        assert broken(operation, clause, contract, ANSWERS[clause]), clause
    assert broken(operation, "error.message", contract, _without_message)


LEGAL = ("request.method", "request.path", "request.no-uri-parameters", "request.media-type")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_service_that_rejects_valid_requests_is_detected(operation: str) -> None:
    """Covers the clauses without a documented answer to breaking them."""
    contract = load(operation)
    refusal = core.error(400, "InvalidInputException", "no")
    names = [*LEGAL, *(name for name in contract.clauses if name.endswith("reserved-keys"))]
    for clause in names:
        assert broken(operation, clause, contract, lambda response: refusal), clause
