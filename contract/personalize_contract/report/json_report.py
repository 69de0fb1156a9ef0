"""The report as a JSON document. Scripts rely on its members."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from personalize_contract.report.view import Cell, Report


def document(report: Report) -> dict[str, Any]:
    """Return the report as builtins; `summary` counts the clauses that can fail."""
    return {
        "operation": report.operation,
        "headline": str(report.headline),
        "clauses": [
            {
                "id": row.clause.id,
                "statement": row.clause.statement,
                "source": row.clause.source,
                "level": row.clause.level,
                "binds": row.clause.binds,
                "targets": {cell.target: _cell(cell) for cell in row.cells},
            }
            for row in report.rows
        ],
        "summary": {target.name: dict(target.counts) for target in report.targets},
        "runs": {target.name: asdict(target.facts) for target in report.targets},
        "partial": report.headline.partial,
        "obstacles": list(report.obstacles),
        "not_shipped": {target.name: list(target.not_shipped) for target in report.targets},
        "provenance": {
            "reported_at": report.reported_at,
            "sdk": f"botocore {report.versions['botocore']}",
            "versions": dict(report.versions),
            "service_model": report.service_model,
            "model_differs": list(report.model_differs),
            "page": report.page,
        },
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "status": cell.status,
        "why": cell.why,
        "answered_by": ", ".join(cell.answered_by),
        "changed": cell.changed,
        "flaky": cell.flaky,
        "exchanges": list(cell.exchanges),
        **({"notes": cell.notes} if cell.notes else {}),
    }


def text(report: Report) -> str:
    """Return the document as indented JSON."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"
