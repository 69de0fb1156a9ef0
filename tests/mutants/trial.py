"""Puts a service before the suite, in this process, and says which clauses it was seen to break."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mutants.defects import ANY, Mutant
from mutants.listening import Wire, listening
from mutants.service import Answer, Sent, Service
from personalize_contract.live.access import Live
from personalize_contract.model.datasets import STATES
from personalize_contract.settings import Settings
from personalize_contract.suite.evidence import Evidence
from personalize_contract.suite.run import Run
from personalize_contract.suite.scenario import Scenario
from personalize_contract.suite.tables.scenarios import SCENARIOS
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

TIMEOUT = 2.0
"""Seconds that a service has for an answer here; the command gives it more."""


@dataclass(frozen=True)
class Verdict:
    """What the suite says of a service: exit status, and the broken clauses with a reason each."""

    exit_status: int
    broken: dict[str, str]


def verdict(
    service: Service,
    wire: Callable[[Sent, Answer], Wire] | None = None,
    *,
    about: str | None = None,
    timeout: float = 10.0,
) -> Verdict:
    """Run the suite against a service.

    Args:
        wire: how its answers are sent.
        about: a clause; what is about it is tried first, and once it is seen broken the rest of
            the suite is left out (ANY: in the suite's order, until anything is broken).
    """
    of = service.of
    arns = {state: of.dataset(state) for state in STATES}
    settings = Settings(
        target="reference", datasets={arn: state for state, arn in arns.items()}, operation=of.name
    )
    outcomes = []
    with listening(service.answer, wire) as url:
        to = Connection(url, "us-east-1", DUMMY_CREDENTIALS, "endpoint")
        run = Run(settings, Live(to, Endpoint(url, "endpoint", timeout=timeout), arns))
        for scenario in _ordered(SCENARIOS[of.name], about):
            outcomes.append(run.outcome(scenario))
            broken = [
                one.clause
                for one in outcomes[-1].findings
                if one.status == "broken" and run.contract.clauses[one.clause].can_fail
            ]
            if about is not None and (about in broken or (broken and about == ANY)):
                break
    evidence = Evidence(run.contract, {"live": outcomes})
    return Verdict(
        evidence.exit_status(),
        {one.id: evidence.cells[one.id, "live"].why for one in evidence.clauses("broken", "live")},
    )


def _ordered(scenarios: Iterable[Scenario], about: str | None) -> Iterable[Scenario]:
    if not about:
        return scenarios
    return sorted(scenarios, key=lambda one: about not in [clause for clause, _ in one.expects])


def survives(mutant: Mutant, *, whole: bool = False) -> str | None:
    """Why a mutant counts as not killed, or None if the suite names what is wrong with it.

    Args:
        whole: run all of the suite in its own order, as `verify` does.
    """
    about = None if whole else mutant.clause
    seen = verdict(mutant.service, mutant.wire, about=about, timeout=TIMEOUT)
    if seen.exit_status != 1:
        return f"exit status {seen.exit_status}"
    if mutant.clause != ANY and mutant.clause not in seen.broken:
        return f"{mutant.clause} is not named, but {', '.join(seen.broken)}"
    return None
