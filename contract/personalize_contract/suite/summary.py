"""Summarizes the evidence of a run for its reports: each fact computed once."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from personalize_contract import clock
from personalize_contract.model.contract import Clause, Contract
from personalize_contract.model.provenance import model_digest
from personalize_contract.report.headline import headline
from personalize_contract.report.view import (
    NOT_REACHED,
    STATUSES,
    Cell,
    Change,
    Flake,
    Report,
    Row,
    RunFacts,
    TargetSummary,
)
from personalize_contract.suite import service_model
from personalize_contract.suite.evidence import Evidence

_SECTIONS = {
    "Request Syntax": "RequestSyntax",
    "URI Request Parameters": "RequestParameters",
    "Request Body": "RequestBody",
    "Response Elements": "ResponseElements",
    "Errors": "Errors",
}
"""The sections of an API reference, and how their anchors end."""


def summarize(evidence: Evidence, allowed: Iterable[str] = ()) -> Report:
    """Return the report of a run.

    Args:
        evidence: the evidence of the run.
        allowed: the ids of the clauses that may stay unreached.
    """
    contract, allowed = evidence.contract, set(allowed)
    targets = tuple(_target(evidence, name) for name in evidence.targets)
    return Report(
        operation=contract.operation,
        page=contract.page,
        headline=headline(contract.operation, targets, evidence.partial),
        exit_status=evidence.exit_status(allowed),
        targets=targets,
        rows=tuple(
            Row(
                clause,
                link(contract, clause.source),
                tuple(_cell(evidence, clause, target, allowed) for target in evidence.targets),
            )
            for clause in contract.clauses.values()
        ),
        obstacles=tuple(evidence.obstacles()),
        kept=tuple(evidence.kept()),
        model_differs=tuple(service_model.installed(contract)),
        versions={
            "personalize-contract": version("personalize-contract"),
            "botocore": version("botocore"),
            "Python": platform.python_version(),
        },
        service_model=model_digest(),
        reported_at=clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _target(evidence: Evidence, name: str) -> TargetSummary:
    compared = [comparison for _, comparison in evidence.compared(name)]
    changed = [comparison for comparison in compared if comparison["changed"]]
    changes, others = (
        tuple(
            Change(difference, tuple(scenarios))
            for difference, scenarios in evidence.differences(name, changed=counts).items()
        )
        for counts in (True, False)
    )
    untouched = ""
    if name in evidence.untouched():
        untouched = next(cell.why for (_, target), cell in evidence.cells.items() if target == name)
    return TargetSummary(
        name=name,
        answered_by=tuple(evidence.answered_by(name)),
        counts={status: len(evidence.clauses(status, name)) for status in STATUSES},
        recorded_by=tuple(
            sorted({comparison["recorded_by"] for comparison in changed or compared})
        ),
        compared=len(compared),
        comparable=sum(comparison["counts"] for comparison in compared),
        changed=len(changed),
        changes=changes,
        other_differences=others,
        flaky=tuple(
            Flake(outcome.scenario, outcome.first or {}, outcome.exchange or {})
            for outcome in evidence.flaky(name)
        ),
        not_asked=evidence.not_asked(name),
        not_shipped=tuple(evidence.not_shipped(name)),
        untouched=untouched,
        facts=evidence.facts.get(name, RunFacts()),
    )


def _cell(evidence: Evidence, clause: Clause, target: str, allowed: set[str]) -> Cell:
    cell = evidence.cells[clause.id, target]
    return Cell(
        target=target,
        status=cell.status,
        why=cell.why,
        answered_by=tuple(cell.answered_by),
        changed=cell.changed,
        flaky=cell.is_flaky,
        is_allowed=cell.status == NOT_REACHED
        and evidence.may_stay_unreached(clause.id, target, allowed),
        exchanges=tuple(cell.exchanges),
        seconds=evidence.seconds(clause.id, target),
        notes=cell.notes,
    )


def link(contract: Contract, source: str) -> str:
    """The URL of the section that a clause is from; `""` if it is from no section of the page.

    >>> from personalize_contract.model.contract import load
    >>> link(load("PutItems"), "Request Body: items").rpartition("#")[2]
    'personalize-UBS_PutItems-request-items'
    """
    section, _, member = source.partition(": ")
    if section not in _SECTIONS:
        return ""
    name = PurePosixPath(urlsplit(contract.page).path).stem
    if section == "Request Body" and member:
        return f"{contract.page}#personalize-{name.removeprefix('API_')}-request-{member}"
    return f"{contract.page}#{name}_{_SECTIONS[section]}"
