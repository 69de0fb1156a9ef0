"""Runs the suite against a service in this process."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from adversary.defects.attribution import BESIDE
from adversary.defects.mutant import ANY, Mutant
from adversary.listening import Choice, plainly, served
from adversary.service import Answer, Sent, Service, operation, right
from personalize_contract.live.access import Live
from personalize_contract.model.datasets import STATES, State
from personalize_contract.model.exchange import Response, headers
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.report.view import BROKEN
from personalize_contract.settings import Settings
from personalize_contract.suite.evidence import Evidence, Outcome
from personalize_contract.suite.run import Run
from personalize_contract.suite.scenario import Scenario
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets.base import InProcess, Target
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

ALL = SCENARIOS[operation().name]
TIMEOUT = 0.5
"""Seconds that a service has for an answer here; the command gives it more."""


def about(clause: str) -> list[Scenario]:
    """Return the scenarios with an expectation of a clause, its own first."""
    named = [scenario for scenario in ALL if clause in dict(scenario.expects)]
    return sorted(named, key=lambda scenario: scenario.expects[0][0] != clause)


def answered_differently(service: Service, scenarios: Sequence[Scenario] = ALL) -> list[Scenario]:
    """Return the scenarios that a service doesn't answer exactly as the correct one does.

    The verdicts on the others are those on the correct service. Returns all if the service has
    memory, since its answers then depend on the scenarios before.
    """
    service.memory.clear()
    different = [
        scenario
        for scenario in scenarios
        if any(service.answer(sent) != answer for sent, answer in _exchanges()[scenario.id])
    ]
    return [*scenarios] if service.memory else different


@functools.cache
def _exchanges() -> dict[str, list[tuple[Sent, Answer]]]:
    """Return the requests of each scenario with the answers of the correct service."""
    exchanges: dict[str, list[tuple[Sent, Answer]]] = {}

    def log(sent: Sent, answer: Answer) -> Answer:
        exchanges[scenario.id].append((sent, answer))
        return answer

    with _run(replace(right(), around=log), None, STATES, timeout=10.0) as run:
        for scenario in ALL:
            exchanges[scenario.id] = []
            run.outcome(scenario)
    return exchanges


def one_of_each() -> list[Scenario]:
    """Return the first own scenario of each clause, and those that reuse their connection."""
    first = {scenario.expects[0][0]: scenario.id for scenario in reversed(ALL)}
    return [scenario for scenario in ALL if scenario.before or scenario.id in first.values()]


def evidence(
    service: Service,
    wire: Choice | None = None,
    *,
    scenarios: Iterable[Scenario] = ALL,
    states: Sequence[State] = STATES,
    enough: str | None = None,
    timeout: float = 10.0,
) -> Evidence:
    """Run scenarios against a service, and return the evidence.

    Args:
        service: the service.
        wire: the way in which its answers are sent over HTTP; None to call it directly.
        scenarios: the scenarios, in order.
        states: the states with a declared dataset.
        enough: the clause that ends the run once it is broken; ANY for any clause.
        timeout: the time-out for an answer over HTTP in seconds.
    """
    with _run(service, wire, states, timeout) as run:
        outcomes = list(_until_broken(run, scenarios, enough))
    return Evidence(run.contract, {"live": outcomes})


def broken(shown: Evidence) -> set[str]:
    """Return the clauses that a service broke."""
    return {clause.id for clause in shown.clauses(BROKEN, "live")}


def survives(mutant: Mutant, *, whole: bool = False) -> str | None:
    """Return the reason that the suite doesn't kill a mutant, or None if it names the defect.

    Args:
        mutant: the mutant, run with the scenarios about its clause.
        whole: whether to run every scenario in the suite's order over HTTP, as `verify` does, and
            check that no other clause is named.
    """
    if whole:
        return _unkilled(mutant, ALL, whole=True)
    scenarios = ALL if mutant.clause == ANY else about(mutant.clause)
    if not mutant.wire:
        # Few scenarios show a defect, unless it is intermittent.
        few = answered_differently(mutant.service, scenarios)
        if _unkilled(mutant, few) is None:
            return None
    return _unkilled(mutant, scenarios)


def _unkilled(mutant: Mutant, scenarios: Sequence[Scenario], *, whole: bool = False) -> str | None:
    shown = evidence(
        mutant.service,
        mutant.wire or (plainly if whole else None),
        scenarios=scenarios,
        enough=None if whole else mutant.clause,
        timeout=TIMEOUT if mutant.wire else 10.0,
    )
    if shown.exit_status() != 1:
        return f"exit status {shown.exit_status()}"
    if mutant.clause != ANY and mutant.clause not in broken(shown):
        return f"{mutant.clause} is not named, but {', '.join(sorted(broken(shown)))}"
    if whole and (innocent := misnamed(mutant, shown)):
        return f"{', '.join(innocent)} is named, but the defect breaks {mutant.clause}"
    return None


def misnamed(mutant: Mutant, shown: Evidence) -> list[str]:
    """Return the clauses that are named without being broken, according to the table."""
    if mutant.name not in BESIDE:
        return []
    excused = (mutant.clause, *BESIDE[mutant.name])
    return sorted(clause for clause in broken(shown) if not clause.startswith(excused))


@contextlib.contextmanager
def _run(
    service: Service, wire: Choice | None, states: Sequence[State], timeout: float
) -> Iterator[Run]:
    service.memory.clear()  # an earlier trial may have left state
    arns = {state: service.of.dataset(state) for state in states}
    settings = Settings(
        target="reference",  # recordings are of another service, and not compared
        datasets={arn: state for state, arn in arns.items()},
        operation=service.of.name,
    )
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(served(service, wire)) if wire else "http://127.0.0.1:1"
        connection = Connection(url, "us-east-1", DUMMY_CREDENTIALS, "endpoint")
        target: Target = (
            Endpoint(url, "endpoint", timeout=timeout)
            if wire
            else InProcess(_Called(service), "endpoint")
        )
        yield Run(settings, Live(connection, target, arns))


class _Called:
    """A service as a function from request to response, without HTTP."""

    def __init__(self, service: Service) -> None:
        self._service, self._numbers = service, itertools.count(1)

    def __call__(self, request: ParsedRequest) -> Response:
        path = request.path + (f"?{request.query}" if request.query else "")
        answer = self._service.answer(
            Sent(next(self._numbers), request.method, path, request.headers, request.body)
        )
        assert not answer.chunked, "an answer in chunks has to be sent over HTTP"
        assert answer.version == "1.1", "an answer of another version has to be sent over HTTP"
        body = b"" if answer.status in (199, 204, 304) else answer.body
        length = ("content-length", str(len(body)))
        return Response(answer.status, "", headers([*answer.headers, length]), body)


def _until_broken(run: Run, scenarios: Iterable[Scenario], enough: str | None) -> Iterator[Outcome]:
    for scenario in scenarios:
        outcome = run.outcome(scenario)
        yield outcome
        named = [
            finding.clause
            for finding in outcome.findings
            if finding.status == BROKEN and run.contract.clauses[finding.clause].can_fail
        ]
        if enough is not None and (enough in named or (named and enough == ANY)):
            return
