"""The report as one HTML page: no network, no script, light and dark, for a phone and for paper."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore

from personalize_contract import clock
from personalize_contract.model.contract import Clause
from personalize_contract.report.headline import headline, plural
from personalize_contract.report.page_links import link
from personalize_contract.suite import service_model
from personalize_contract.suite.evidence import BROKEN, HOLDS, NOT_REACHED, Evidence, noted

if TYPE_CHECKING:
    from jinja2 import Template

MOST = 12
"""Scenarios of a clause that are shown whole, those that broke or changed first."""

_OPEN = 5
"""Rows that may stand open at first, so that the matrix stays one that is seen at a glance."""

_PARTS = {
    "status": "status",
    "code": "x-amzn-errortype",
    "code is in": "x-amzn-errortype",
    "headers": "",
    "content type": "content-type",
    "body": "body",
    "message": "body",
}
"""Where in an answer each part of `drift.PARTS` stands."""


def text(evidence: Evidence, allowed: Iterable[str]) -> str:
    """The page."""
    rows = [_row(evidence, clause, set(allowed)) for clause in evidence.contract.clauses.values()]
    urgent = [row for row in rows if row["state"] in ("broken", "changed")]
    for row in urgent if len(urgent) <= _OPEN else ():
        row["open"] = True
    found, _, about = headline(evidence).partition(". ")
    return _template().render(
        contract=evidence.contract,
        found=found,
        about=about,
        verdict=_verdict(evidence),
        targets=[_target(evidence, target) for target in evidence.targets],
        promised=[row for row in rows if row["clause"].can_fail],
        observed=[row for row in rows if not row["clause"].can_fail],
        states={
            state: sum(row["clause"].can_fail and row["state"] == state for row in rows)
            for state in ("broken", "not-reached", "changed", "holds")
        },
        obstacles=evidence.obstacles(),
        model=service_model.installed(evidence.contract),
        sdk=f"botocore {botocore.__version__}",
        reported_at=clock.now().strftime("%Y-%m-%d %H:%M UTC"),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("personalize_contract.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["plural"] = plural
    return environment.get_template("page.html.jinja")


def _verdict(evidence: Evidence) -> str:
    """The worst that was found, as the class of the page's head."""
    found = {
        1: "broken",
        2: "not-reached",
        3: "not-reached",
        4: "changed",
    }
    return found.get(evidence.exit_status(), "holds")


def _target(evidence: Evidence, target: str) -> dict[str, Any]:
    counts = {
        status: len(evidence.clauses(status, target)) for status in (HOLDS, BROKEN, NOT_REACHED)
    }
    return {
        "name": target,
        "answered_by": ", ".join(evidence.answered_by(target)) or "nobody",
        "counts": counts,
        "total": sum(counts.values()),
        "changed": sum(one["changed"] for _, one in evidence.compared(target)),
        "compared": len(evidence.compared(target)),
    }


def _row(evidence: Evidence, clause: Clause, allowed: set[str]) -> dict[str, Any]:
    cells = [(target, evidence.cells[clause.id, target]) for target in evidence.targets]
    if any(cell.status == BROKEN for _, cell in cells):
        state = "broken"
    elif any(cell.changed for _, cell in cells):
        state = "changed"
    else:
        state = "not-reached" if any(cell.status == NOT_REACHED for _, cell in cells) else "holds"
    scenarios = _scenarios(evidence, clause)
    return {
        "clause": clause,
        "link": link(evidence.contract, clause.source),
        "state": state,
        "open": False,
        "cells": [
            {
                "target": target,
                "status": cell.status,
                "changed": cell.changed,
                "why": "" if cell.notes and cell.status == HOLDS else cell.why,
                "notes": noted(cell.notes, most=50) if cell.notes else [],
                "allowed": cell.status == NOT_REACHED
                and evidence.may_stay_unreached(clause.id, target, allowed),
                "answered_by": ", ".join(cell.answered_by) or "nobody",
            }
            for target, cell in cells
        ],
        "scenarios": scenarios[:MOST],
        "more": len(scenarios) - MOST,
    }


def _scenarios(evidence: Evidence, clause: Clause) -> list[dict[str, Any]]:
    """What was sent for a clause, once each, with the answer of every target beside it."""
    found: dict[str, dict[str, Any]] = {}
    for target in evidence.targets:
        for one in evidence.cells[clause.id, target].exchanges:
            row = found.setdefault(
                one["scenario"],
                {
                    "name": one["scenario"],
                    "request": _message(one["request"]),
                    "answers": [],
                    "broken": False,
                    "changed": False,
                },
            )
            row["broken"] = row["broken"] or one["status"] == BROKEN
            row["changed"] = row["changed"] or one.get("recorded", {}).get("changed", False)
            row["answers"].extend(_answers(target, one))
    return sorted(found.values(), key=lambda row: (not row["broken"], not row["changed"]))


def _answers(target: str, exchange: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The answer of a target, behind the one that was recorded where the two differ."""
    recorded = exchange.get("recorded", {})
    differences = recorded.get("differences", [])
    marks = {_PARTS[one["part"]] for one in differences}
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
        "title": target,
        "by": exchange["answered_by"],
        "at": "",
        "status": exchange["status"],
        "response": _message(exchange["response"]),
        "marks": marks,
        "differences": [
            {**one, "changed": recorded["counts"] and one["counts"]} for one in differences
        ],
        "as_recorded": "" if differences else recorded.get("recorded_by", ""),
        "notes": _notes(exchange),
    }


def _notes(exchange: Mapping[str, Any]) -> list[str]:
    """What a live run says about an exchange: the dataset's status then, and what it waited for."""
    dataset = exchange.get("dataset")
    told = [f"{dataset['when']}: the dataset was {dataset['status']}"] if dataset else []
    return [*told, *exchange.get("notes", [])]


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message with its body laid out, where it is whole JSON: what is in an array a line each."""
    try:
        value = json.loads(message["body"])
    except ValueError:
        return dict(message)
    return {**message, "body": _laid_out(value)}


def _laid_out(value: Any) -> str:
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    lines = []
    for name, member in value.items():
        text = json.dumps(member, ensure_ascii=False)
        if isinstance(member, list) and member:
            each = ",\n".join(f"    {json.dumps(one, ensure_ascii=False)}" for one in member)
            text = f"[\n{each}\n  ]"
        lines.append(f"  {json.dumps(name, ensure_ascii=False)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"
