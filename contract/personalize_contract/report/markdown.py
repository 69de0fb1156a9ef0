"""The report in Markdown: for a pull request, a chat, or the summary of a GitHub job.

What an answer had a say in stands as code in character references, so that none of it can be
taken for Markdown, HTML or a mention. The size has a bound far below the 1 MiB of a job's summary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from personalize_contract.model.contract import Clause
from personalize_contract.report.headline import headline
from personalize_contract.report.markdown_text import code as _code
from personalize_contract.report.markdown_text import plain as _plain
from personalize_contract.report.markdown_text import table as _table
from personalize_contract.report.page_links import link
from personalize_contract.suite import service_model
from personalize_contract.suite.evidence import BROKEN, HOLDS, NOT_REACHED, Evidence, noted, some

_SIGNS = {HOLDS: "✅", BROKEN: "❌", NOT_REACHED: "⚪"}
_CHANGED = "🔺"
MOST = 40
"""Differences that are listed, of those that count and of the others."""


def text(evidence: Evidence, allowed: Iterable[str]) -> str:
    """The document."""
    parts = [
        f"## {_plain(headline(evidence))}",
        _summary(evidence),
        *_obstacles(evidence),
        *_findings(evidence, set(allowed)),
        *_differences(evidence, changed=True),
        *_model(evidence),
        _folded("Every clause", _matrix(evidence)),
        _folded("Observed, where the page is silent", _observed(evidence)),
        *(
            _folded("What differs and does not count", table)
            for table in _differences(evidence, changed=False)
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def _summary(evidence: Evidence) -> str:
    rows = []
    for target in evidence.targets:
        counts = [str(len(evidence.clauses(one, target))) for one in (HOLDS, BROKEN, NOT_REACHED)]
        compared = [one for _, one in evidence.compared(target)]
        changed = f"{sum(one['changed'] for one in compared)} of {len(compared)}"
        answered_by = ", ".join(evidence.answered_by(target)) or "nobody"
        rows.append([f"**{target}**", answered_by, *counts, changed if compared else ""])
    head = ["target", "answered by", "holds", "broken", "not reached", "answers changed"]
    return _table(head, rows)


def _obstacles(evidence: Evidence) -> Iterator[str]:
    if found := evidence.obstacles():
        yield "### ⚠️ It could not be done\n\n" + "\n".join(
            f"- {_code(one)}" for one in found[:MOST]
        )


def _findings(evidence: Evidence, allowed: set[str]) -> Iterator[str]:
    for status in (BROKEN, NOT_REACHED):
        lines = [
            f"- `{clause.id}` on {target}"
            + (
                " (allowed)"
                if status == NOT_REACHED and evidence.may_stay_unreached(clause.id, target, allowed)
                else ""
            )
            + f": {_code(evidence.cells[clause.id, target].why)}<br>"
            + f"{_plain(clause.statement)} ({_source(evidence, clause)})"
            for target in evidence.targets
            for clause in evidence.clauses(status, target)
        ]
        if lines:
            yield f"### {_SIGNS[status]} {status.capitalize()}\n\n" + "\n".join(lines)


def _source(evidence: Evidence, clause: Clause) -> str:
    url = link(evidence.contract, clause.source)
    return f"[{clause.source}]({url})" if url else clause.source


def _differences(evidence: Evidence, *, changed: bool) -> Iterator[str]:
    for target in evidence.targets:
        found = evidence.differences(target, changed=changed)
        if not found:
            continue
        rows = (
            [one.part, _code(one.recorded), _code(one.now), some(scenarios)]
            for one, scenarios in list(found.items())[:MOST]
        )
        title = f"### {_CHANGED} What changed on {target}\n\n" if changed else ""
        more = f"\n\nand {len(found) - MOST} more" if len(found) > MOST else ""
        yield title + _table(["part", "recorded", f"{target} now", "in"], rows) + more


def _model(evidence: Evidence) -> Iterator[str]:
    if lines := service_model.installed(evidence.contract):
        told = "\n".join(f"- {_plain(line)}" for line in lines)
        yield f"### The SDK's model differs from the contract\n\n{told}"


def _matrix(evidence: Evidence) -> str:
    rows = (
        [
            f"`{clause.id}`",
            _source(evidence, clause),
            clause.level,
            *(_cell(evidence, clause, target) for target in evidence.targets),
        ]
        for clause in evidence.contract.clauses.values()
        if clause.can_fail
    )
    return _table(["clause", "source", "level", *evidence.targets], rows)


def _cell(evidence: Evidence, clause: Clause, target: str) -> str:
    cell = evidence.cells[clause.id, target]
    return f"{_SIGNS[cell.status]} {cell.status}" + (f" {_CHANGED}" if cell.changed else "")


def _observed(evidence: Evidence) -> str:
    rows = (
        [f"`{clause.id}`", *(_notes(evidence, clause, target) for target in evidence.targets)]
        for clause in evidence.contract.clauses.values()
        if not clause.can_fail
    )
    return _table(["clause", *evidence.targets], rows)


def _notes(evidence: Evidence, clause: Clause, target: str) -> str:
    cell = evidence.cells[clause.id, target]
    return "<br>".join(_code(line) for line in noted(cell.notes)) or cell.status
