"""The findings as GitHub annotations: lines that a job's log turns into notes on its page.

GitHub shows ten of each kind for a step, so the last one tells how many more there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from personalize_contract.report.traffic import Traffic
from personalize_contract.report.view import BROKEN, NOT_REACHED, Report
from personalize_contract.report.words import some

MOST = 10


def lines(report: Report) -> Iterator[str]:
    """The annotations: an error for what is broken, a warning for what is to be looked at."""
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
            what = change.difference
            yield f"{what.part}: {what.recorded} -> {what.now} ({some(change.scenarios)})"


def of_traffic(traffic: Traffic) -> Iterator[str]:
    """The annotations of a run of tests, at the lines that sent what was found."""
    problems = [(one.title, one.text, one.site) for one in traffic.problems]
    yield from _few("error", [*problems, *(("changed", line, "") for line in traffic.changed)])
    yield from _few(
        "warning", [(one.name, f"{one.wrong}: {one.instead}", one.site) for one in traffic.advice]
    )


def _few(kind: str, found: Sequence[tuple[str, ...]]) -> Iterator[str]:
    shown = found if len(found) <= MOST else found[: MOST - 1]
    for finding in shown:
        yield _command(kind, *finding)
    if len(found) > len(shown):
        more = len(found) - len(shown)
        yield _command(kind, f"and {more} more", "the report has all of them")


def _command(kind: str, title: str, message: str, site: str = "") -> str:
    """A workflow command, escaped as GitHub's toolkit does it; `site` is `file:line`."""
    text = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    properties = {"title": title}
    if place := re.match(r"(.+):(\d+)", site):
        properties = {"file": place[1], "line": place[2], **properties}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {written}::{text}"


def _property(value: str) -> str:
    escaped = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escaped.replace(":", "%3A").replace(",", "%2C")
