"""The findings as GitHub annotations: lines of a job's log that GitHub shows on the run's page.

GitHub shows ten of each kind for a step, so the last one has the number of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from personalize_contract.report.traffic import Traffic
from personalize_contract.report.view import BROKEN, NOT_REACHED, Report
from personalize_contract.report.words import some

MOST = 10


def lines(report: Report) -> Iterator[str]:
    """Yield the annotations: an error for each broken clause, warnings for the rest."""
    yield from _few("error", _clauses(report, BROKEN))
    yield from _few(
        "warning",
        [
            *(("the service changed", line) for line in _changes(report)),
            *(("the SDK's model changed", line) for line in report.model_differs),
            *(("could not be done", line) for line in report.obstacles),
            *_clauses(report, NOT_REACHED),
        ],
    )
    yield _command("notice", report.operation, str(report.headline))


def _clauses(report: Report, status: str) -> list[tuple[str, str]]:
    return [
        (f"{row.clause.id} {status} on {cell.target}", f"{row.clause.statement} {cell.why}")
        for row, cell in report.findings(status)
        if not cell.is_allowed
    ]


def _changes(report: Report) -> Iterator[str]:
    for target in report.targets:
        for change in target.changes:
            difference = change.difference
            yield (
                f"{difference.part}: {difference.recorded} -> {difference.now} "
                f"({some(change.scenarios)})"
            )


def of_traffic(traffic: Traffic) -> Iterator[str]:
    """Yield the annotations of a run of tests, at the call sites of the requests."""
    findings = (*traffic.problems, *traffic.changed)
    yield from _few("error", [(finding.title, finding.text, finding.site) for finding in findings])
    yield from _few(
        "warning",
        [
            (advice.name, f"{advice.wrong}: {advice.instead}", advice.site)
            for advice in traffic.advice
        ],
    )


def _few(kind: str, findings: Sequence[tuple[str, ...]]) -> Iterator[str]:
    shown = findings if len(findings) <= MOST else findings[: MOST - 1]
    for finding in shown:
        yield _command(kind, *finding)
    if len(findings) > len(shown):
        more = len(findings) - len(shown)
        yield _command(kind, f"and {more} more", "the report has all of them")


def _command(kind: str, title: str, message: str, site: str = "") -> str:
    """Return a workflow command, escaped as in GitHub's toolkit; `site` is `file:line`."""
    text = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    properties = {"title": title}
    if place := re.match(r"(.+):(\d+)", site):
        properties = {"file": place[1], "line": place[2], **properties}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {written}::{text}"


def _property(value: str) -> str:
    escaped = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C")
