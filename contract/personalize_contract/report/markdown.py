"""The report in Markdown: for a pull request, a chat, or the summary of a GitHub job.

Text from answers is written as code with character references, so that it can't be interpreted as
Markdown, HTML or a mention. The size is bounded far below the 1 MiB limit of a job's summary.
"""

from __future__ import annotations

from collections.abc import Iterator

from personalize_contract.report.markdown_text import code as _code
from personalize_contract.report.markdown_text import plain as _plain
from personalize_contract.report.markdown_text import table as _table
from personalize_contract.report.view import BROKEN, HOLDS, NOT_REACHED, STATUSES, Cell, Report, Row
from personalize_contract.report.words import answered, noted, sent, some

_SIGNS = {HOLDS: "✅", BROKEN: "❌", NOT_REACHED: "⚪"}
_CHANGED, _FLAKY = "🔺", "🔁"
MOST = 40
"""Maximum number of differences listed, for those that count and for the others."""


def text(report: Report) -> str:
    """Return the report as Markdown."""
    parts = [
        f"## {_plain(str(report.headline))}",
        _summary(report),
        *_obstacles(report),
        *_findings(report),
        *_differences(report, changed=True),
        *_flaky(report),
        *_model(report),
        _folded("Every clause", _matrix(report)),
        _folded("Observed, where the page is silent", _observed(report)),
        *(
            _folded("Differences that don't count", table)
            for table in _differences(report, changed=False)
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def _summary(report: Report) -> str:
    rows = []
    for target in report.targets:
        counts = [str(number) for number in target.counts.values()]
        changed = f"{target.changed} of {target.compared}" if target.compared else ""
        rows.append([f"**{target.name}**", target.who, *counts, changed])
    return _table(["target", "answered by", *STATUSES, "answers changed"], rows)


def _obstacles(report: Report) -> Iterator[str]:
    if report.obstacles:
        yield "### ⚠️ It could not be done\n\n" + "\n".join(
            f"- {_code(line)}" for line in report.obstacles[:MOST]
        )


def _findings(report: Report) -> Iterator[str]:
    for status in (BROKEN, NOT_REACHED):
        lines = [
            f"- `{row.clause.id}` on {cell.target}{' (allowed)' if cell.is_allowed else ''}: "
            f"{_code(cell.why)}<br>{_plain(row.clause.statement)} ({_source(row)})"
            for row, cell in report.findings(status)
        ]
        if lines:
            yield f"### {_SIGNS[status]} {status.capitalize()}\n\n" + "\n".join(lines)


def _source(row: Row) -> str:
    return f"[{row.clause.source}]({row.link})" if row.link else row.clause.source


def _differences(report: Report, *, changed: bool) -> Iterator[str]:
    for target in report.targets:
        changes = target.changes if changed else target.other_differences
        if not changes:
            continue
        rows = (
            [
                change.difference.part,
                _code(change.difference.recorded),
                _code(change.difference.now),
                some(change.scenarios),
            ]
            for change in changes[:MOST]
        )
        title = f"### {_CHANGED} Changed on {target.name}\n\n" if changed else ""
        more = f"\n\nand {len(changes) - MOST} more" if len(changes) > MOST else ""
        yield title + _table(["part", "recorded", f"{target.name} now", "in"], rows) + more


def _flaky(report: Report) -> Iterator[str]:
    for target in report.targets:
        if target.flaky:
            rows = (
                [f"`{flake.scenario}`", _code(sent(flake.second))]
                + [_code(answered(exchange)) for exchange in (flake.first, flake.second)]
                for flake in target.flaky[:MOST]
            )
            title = f"### {_FLAKY} Flaky on {target.name}: passed when retried"
            yield f"{title}\n\n" + _table(["scenario", "sent", "first answer", "second"], rows)


def _model(report: Report) -> Iterator[str]:
    if report.model_differs:
        lines = "\n".join(f"- {_plain(line)}" for line in report.model_differs)
        yield f"### The SDK's model differs from the contract\n\n{lines}"


def _matrix(report: Report) -> str:
    rows = (
        [f"`{row.clause.id}`", _source(row), row.clause.level, *map(_cell, row.cells)]
        for row in report.promised
    )
    return _table(["clause", "source", "level", *(target.name for target in report.targets)], rows)


def _cell(cell: Cell) -> str:
    changed = f" {_CHANGED}" if cell.changed else ""
    return f"{_SIGNS[cell.status]} {cell.status}{changed}" + (f" {_FLAKY}" if cell.flaky else "")


def _observed(report: Report) -> str:
    rows = ([f"`{row.clause.id}`", *map(_notes, row.cells)] for row in report.observed)
    return _table(["clause", *(target.name for target in report.targets)], rows)


def _notes(cell: Cell) -> str:
    return "<br>".join(_code(line) for line in noted(cell.notes)) or cell.status
