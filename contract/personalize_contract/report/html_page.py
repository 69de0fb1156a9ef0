"""The report as one HTML page without scripts or network: light, dark, narrow and printable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from personalize_contract.report import repeat
from personalize_contract.report.page_template import template
from personalize_contract.report.view import (
    BROKEN,
    CHANGED,
    HOLDS,
    NOT_REACHED,
    Report,
    Row,
    RunFacts,
)
from personalize_contract.report.words import noted

MOST = 12
"""Maximum number of scenarios shown for a clause, broken and changed ones first."""

_OPEN = 5
"""Maximum number of rows that are open at first, so that the matrix stays compact."""

_URGENT = (BROKEN, CHANGED)

_PARTS = {
    "status": "status",
    "code": "x-amzn-errortype",
    "code is in": "x-amzn-errortype",
    "headers": "",
    "content type": "content-type",
    "body": "body",
    "message": "body",
}
"""The member of an answer that shows each part of `drift.PARTS`."""

_VERDICTS = {1: "broken", 2: "not-reached", 3: "not-reached", 4: "changed"}
"""The class of the page's head by exit status."""


def text(report: Report) -> str:
    """Return the page."""
    facts = {target.name: target.facts for target in report.targets}
    rows = [_row(row, report.operation, facts) for row in sorted(report.rows, key=_urgency)]
    for row in [row for row in rows if row["state"] in _URGENT][:_OPEN]:
        row["open"] = True
    return template("page.html.jinja").render(
        report=report,
        about=" ".join([f"{report.headline.about}.", *report.headline.changes]),
        verdict=_VERDICTS.get(
            report.exit_status, "not-reached" if report.headline.partial else "holds"
        ),
        promised=[row for row in rows if row["clause"].can_fail],
        observed=[row for row in rows if not row["clause"].can_fail],
        states={
            state: sum(row["clause"].can_fail and row["state"] == state for row in rows)
            for state in ("broken", "not-reached", "changed", "holds")
        },
        flaky=sum(row["flaky"] for row in rows),
        reported_at=f"{report.reported_at[:16].replace('T', ' ')} UTC",
    )


def _urgency(row: Row) -> tuple[int, bool]:
    return (*_URGENT, NOT_REACHED, HOLDS).index(row.state), not _is_flaky(row)


def _is_flaky(row: Row) -> bool:
    return row.clause.can_fail and any(cell.flaky for cell in row.cells)


def _row(row: Row, operation: str, facts: Mapping[str, RunFacts]) -> dict[str, Any]:
    scenarios = _scenarios(row, operation, facts)
    return {
        "clause": row.clause,
        "link": row.link,
        "state": row.state.replace(" ", "-"),
        "flaky": _is_flaky(row),
        "open": False,
        "cells": [
            {
                "target": cell.target,
                "status": cell.status,
                "changed": cell.changed,
                "flaky": cell.flaky,
                "why": "" if cell.notes and cell.status == HOLDS else cell.why,
                "notes": noted(cell.notes, most=50) if cell.notes else [],
                "allowed": cell.is_allowed,
                "answered_by": ", ".join(cell.answered_by) or "nobody",
            }
            for cell in row.cells
        ],
        "scenarios": scenarios[:MOST],
        "more": len(scenarios) - MOST,
    }


def _scenarios(row: Row, operation: str, facts: Mapping[str, RunFacts]) -> list[dict[str, Any]]:
    """Return the scenarios of a clause, each once with the answers of all targets."""
    scenarios: dict[str, dict[str, Any]] = {}
    for cell in row.cells:
        for exchange in cell.exchanges:
            name = exchange["scenario"]
            scenario = scenarios.setdefault(
                name,
                {
                    "name": name,
                    "request": _message(exchange["request"]),
                    "answers": [],
                    "seconds": 0.0,
                    "repeat": [],
                    "curl": repeat.curl(exchange["request"], facts[cell.target]),
                    "broken": False,
                    "changed": False,
                    "flaky": False,
                },
            )
            scenario["broken"] |= exchange["status"] == BROKEN
            scenario["changed"] |= exchange.get("recorded", {}).get("changed", False)
            scenario["flaky"] |= exchange.get("flaky", False)
            scenario["seconds"] += exchange.get("seconds", 0.0)
            command = repeat.verify(operation, cell.target, name, facts[cell.target])
            if command not in scenario["repeat"]:
                scenario["repeat"].append(command)
            scenario["answers"].extend(_answers(cell.target, exchange))
    return sorted(scenarios.values(), key=_interest)


def _interest(scenario: Mapping[str, Any]) -> tuple[bool, ...]:
    return tuple(not scenario[state] for state in ("broken", "changed", "flaky"))


def _answers(target: str, exchange: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield the answer of a target, after the recorded one if the two differ."""
    recorded = exchange.get("recorded", {})
    differences = recorded.get("differences", [])
    attempt = exchange.get("attempt")
    marks = {_PARTS[difference["part"]] for difference in differences}
    if differences:
        yield {
            "title": "recorded before",
            "by": recorded["recorded_by"],
            "at": recorded["recorded_at"],
            "status": "",
            "response": _message(recorded["response"]),
            "marks": marks,
            "differences": [],
            "as_recorded": "",
            "notes": [],
        }
    yield {
        "title": f"{target}, attempt {attempt}" if attempt else target,
        "by": exchange["answered_by"] or "nobody",
        "at": "",
        "status": exchange["status"],
        "response": _message(exchange["response"]),
        "marks": marks,
        "differences": [
            {**difference, "changed": recorded["counts"] and difference["counts"]}
            for difference in differences
        ],
        "as_recorded": "" if differences else recorded.get("recorded_by", ""),
        "notes": _notes(exchange),
    }


def _notes(exchange: Mapping[str, Any]) -> list[str]:
    """Return a live run's notes on an exchange: the dataset's status, and waiting times."""
    dataset = exchange.get("dataset")
    status = [f"{dataset['when']}: the dataset was {dataset['status']}"] if dataset else []
    return [*status, *exchange.get("notes", [])]


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with its body formatted if it is JSON: one line for each array member."""
    try:
        value = json.loads(message["body"])
    except ValueError:
        return dict(message)
    return {**message, "body": _formatted(value)}


def _formatted(value: Any) -> str:
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    lines = []
    for name, member in value.items():
        text = json.dumps(member, ensure_ascii=False)
        if isinstance(member, list) and member:
            lines_of = ",\n".join(f"    {json.dumps(each, ensure_ascii=False)}" for each in member)
            text = f"[\n{lines_of}\n  ]"
        lines.append(f"  {json.dumps(name, ensure_ascii=False)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"
