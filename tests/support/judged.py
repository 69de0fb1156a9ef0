"""The suite in this process against an endpoint: what `verify --target live` finds, but faster."""

from __future__ import annotations

from collections.abc import Mapping

from personalize_contract.model.contract import load
from personalize_contract.model.datasets import State
from personalize_contract.settings import Settings
from personalize_contract.suite.evidence import BROKEN, Evidence
from personalize_contract.suite.run import opened
from personalize_contract.suite.tables.scenarios import SCENARIOS
from support.command import ACTIVE, IN_USE, MISSING

DATASETS: Mapping[str, State] = {ACTIVE: "active", IN_USE: "in-use", MISSING: "missing"}


def judged(url: str, datasets: Mapping[str, State] = DATASETS) -> Evidence:
    settings = Settings(target="live", endpoint_url=url, region="us-east-1", datasets=datasets)
    contract = load("PutItems")
    with opened(settings) as run:
        outcomes = [
            run.outcome(scenario)
            for scenario in SCENARIOS["PutItems"]
            # What is only observed fails nothing.
            if any(contract.clauses[clause].can_fail for clause, _ in scenario.expects)
        ]
    return Evidence(contract, {"live": outcomes})


def broken(evidence: Evidence) -> set[str]:
    return {clause.id for clause in evidence.clauses(BROKEN, "live")}
