"""The report on a terminal: a table of clauses by target, then each finding with its reason."""

from __future__ import annotations

import errno
import os
from typing import NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from personalize_contract.report.view import (
    BROKEN,
    HOLDS,
    NOT_REACHED,
    NOT_SHIPPED,
    Report,
    TargetSummary,
)
from personalize_contract.report.words import answered, noted, some

_STYLES = {HOLDS: "green", BROKEN: "bold red", NOT_REACHED: "yellow"}


class Output(Console):
    """Standard output. A broken pipe is raised, so that the command chooses the exit status."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error instead of exiting, as rich would."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def show(report: Report, console: Console) -> None:
    """Print the report."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("clause", no_wrap=True)
    table.add_column("level")
    for target in report.targets:
        table.add_column(target.name, no_wrap=True)
    for row in report.promised:
        table.add_row(
            row.clause.id, row.clause.level, *(_status(cell.status) for cell in row.cells)
        )
    table.add_section()
    provenances = (Text(target.who, "dim") for target in report.targets)
    table.add_row(Text("answered by", "dim"), "", *provenances)
    console.print(table)
    _observed(report, console)
    _findings(report, console)
    for target in report.targets:
        _differences(target, console)
    if report.model_differs:
        console.print("\nthe SDK's model differs from the contract:", style="bold yellow")
        for line in report.model_differs:
            console.print(Text(f"  {line}"), soft_wrap=True)
    for target in report.targets:
        for flake in target.flaky:
            first = Text(f"\nflaky on {target.name}: {flake.scenario}: {answered(flake.first)}; ")
            console.print(first.append("passed when retried"), soft_wrap=True)
        if target.not_shipped:
            console.print(f"\nnot reached on {target.name}: {NOT_SHIPPED}:", style="bold")
            console.print(Text(f"  {', '.join(target.not_shipped)}"), soft_wrap=True)
    for recording in report.kept:
        console.print(
            f"kept, because the existing recording has stronger provenance: {recording}",
            soft_wrap=True,
        )
    for target in report.targets:
        if target.untouched:
            line = f"\nnothing was reached on {target.name}: {target.untouched}"
            console.print(Text(line), soft_wrap=True)
    console.print()
    console.print(Text(str(report.headline), "bold"), soft_wrap=True)


def _status(status: str) -> Text:
    return Text(status, _STYLES[status])


def _observed(report: Report, console: Console) -> None:
    """Print the observations where the page is silent. They are not asserted."""
    console.print("\nobserved, where the page is silent:", style="bold")
    for row in report.observed:
        console.print(Text(f"  {row.clause.id}"))
        seen: dict[str, list[str]] = {}
        for cell in row.cells:
            for line in noted(cell.notes) or [NOT_REACHED]:
                seen.setdefault(line, []).append(cell.target)
        for line, targets in seen.items():
            where = "" if len(targets) == len(report.targets) else f" [{', '.join(targets)}]"
            # No line begins with text from an answer, since a job's log would execute `::`.
            console.print(Text(f"    - {line}{where}"), soft_wrap=True)


def _differences(target: TargetSummary, console: Console) -> None:
    """Print the differences of a live service's answers from the recorded ones."""
    for changes, title, style in (
        (target.changes, f"{target.name} changed; recorded -> now:", "bold yellow"),
        (
            target.other_differences,
            f"{target.name} differs from recordings of weaker provenance, or in wording:",
            "bold",
        ),
    ):
        if changes:
            console.print(f"\n{title}", style=style)
        for change in changes:
            difference = change.difference
            if difference.part != "message":
                values = f"{difference.recorded} -> {difference.now}"
                line = f"  {difference.part}: {values} ({some(change.scenarios)})"
                console.print(Text(line), soft_wrap=True)
        if messages := [change for change in changes if change.difference.part == "message"]:
            console.print(f"  message: {len(messages)} reworded (a --report shows them)")


def _findings(report: Report, console: Console) -> None:
    untouched = {target.name for target in report.targets if target.untouched}
    for status in (BROKEN, NOT_REACHED):
        for row, cell in report.findings(status):
            if cell.target in untouched:
                continue  # the reason is the same for each, and printed at the end
            console.print()
            console.print(
                Text.assemble(
                    (f"{row.clause.id} ", "bold"),
                    _status(status),
                    f" on {cell.target}",
                    " (allowed)" if cell.is_allowed else "",
                )
            )
            label = "page: " if row.clause.level == "documented" else "model:"
            source = f"  {label} {row.clause.statement} [{row.clause.source}]"
            console.print(Text(source), soft_wrap=True)
            console.print(Text(f"  found: {cell.why}"), soft_wrap=True)
