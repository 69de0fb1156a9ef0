"""The report as a JSON document, in the shape that scripts rely on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import botocore

from personalize_contract import clock
from personalize_contract.model.provenance import model_digest
from personalize_contract.report.headline import headline
from personalize_contract.suite import service_model
from personalize_contract.suite.evidence import STATUSES, Evidence


def document(evidence: Evidence) -> dict[str, Any]:
    """The report as builtins; `summary` counts the clauses that can fail."""
    clauses = [
        {
            "id": clause.id,
            "statement": clause.statement,
            "source": clause.source,
            "level": clause.level,
            "binds": clause.binds,
            "targets": {
                target: {
                    "status": cell.status,
                    "why": cell.why,
                    "answered_by": ", ".join(cell.answered_by),
                    "changed": cell.changed,
                    "exchanges": cell.exchanges,
                    **({"notes": cell.notes} if cell.notes else {}),
                }
                for target in evidence.targets
                for cell in (evidence.cells[clause.id, target],)
            },
        }
        for clause in evidence.contract.clauses.values()
    ]
    return {
        "operation": evidence.contract.operation,
        "headline": headline(evidence),
        "clauses": clauses,
        "summary": {
            target: {status: len(evidence.clauses(status, target)) for status in STATUSES}
            for target in evidence.targets
        },
        "obstacles": evidence.obstacles(),
        "not_shipped": {target: evidence.not_shipped(target) for target in evidence.targets},
        "provenance": {
            "reported_at": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sdk": f"botocore {botocore.__version__}",
            "service_model": model_digest(),
            "model_differs": service_model.installed(evidence.contract),
            "page": evidence.contract.page,
        },
    }


def text(evidence: Evidence, allowed: Iterable[str]) -> str:
    """The document as indented JSON. Which clauses are allowed unreached doesn't change it."""
    return json.dumps(document(evidence), indent=2, ensure_ascii=False) + "\n"
