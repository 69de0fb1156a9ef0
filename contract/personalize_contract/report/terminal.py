"""The report on a terminal: the table clause x target, then what does not hold and why."""

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
    """Standard output: what it can't take is an error like any other, and no end of its own."""

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command, which knows its exit status."""
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
    who = (Text(target.who, "dim") for target in report.targets)
    table.add_row(Text("answered by", "dim"), "", *who)
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
            console.print(first.append("right when asked again"), soft_wrap=True)
        if target.not_shipped:
            console.print(f"\nnot reached on {target.name}: {NOT_SHIPPED}:", style="bold")
            console.print(Text(f"  {', '.join(target.not_shipped)}"), soft_wrap=True)
    for kept in report.kept:
        console.print(
            f"kept, because it proves more than what answered now: {kept}", soft_wrap=True
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
    """What the page doesn't say and an answer showed. Not asserted."""
    console.print("\nobserved, where the page is silent:", style="bold")
    for row in report.observed:
        console.print(Text(f"  {row.clause.id}"))
        seen: dict[str, list[str]] = {}
        for cell in row.cells:
            for line in noted(cell.notes) or [NOT_REACHED]:
                seen.setdefault(line, []).append(cell.target)
        for line, targets in seen.items():
            where = "" if len(targets) == len(report.targets) else f" [{', '.join(targets)}]"
            # No line begins with what was answered: a job's log would obey `::`.
            console.print(Text(f"    - {line}{where}"), soft_wrap=True)


def _differences(target: TargetSummary, console: Console) -> None:
    """What a live service answers otherwise than it was recorded."""
    for changes, title, style in (
        (target.changes, f"{target.name} changed; recorded -> now:", "bold yellow"),
        (
            target.other_differences,
            f"{target.name} differs from recordings that prove less, or in words:",
            "bold",
        ),
    ):
        if changes:
            console.print(f"\n{title}", style=style)
        for change in changes:
            what = change.difference
            if what.part != "message":
                line = f"  {what.part}: {what.recorded} -> {what.now} ({some(change.scenarios)})"
                console.print(Text(line), soft_wrap=True)
        if words := [change for change in changes if change.difference.part == "message"]:
            console.print(f"  message: {len(words)} in other words (a --report shows them)")


def _findings(report: Report, console: Console) -> None:
    untouched = {target.name for target in report.targets if target.untouched}
    for status in (BROKEN, NOT_REACHED):
        for row, cell in report.findings(status):
            if cell.target in untouched:
                continue  # what is said of it at the end is the same for each
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
