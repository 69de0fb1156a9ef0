"""The report on a terminal: the table clause x target, then what does not hold and why."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from typing import NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from personalize_contract.report.headline import headline
from personalize_contract.suite import service_model
from personalize_contract.suite.evidence import (
    BROKEN,
    HOLDS,
    NOT_REACHED,
    NOT_SHIPPED,
    Evidence,
    noted,
    some,
)

_STYLES = {HOLDS: "green", BROKEN: "bold red", NOT_REACHED: "yellow"}


class Output(Console):
    """Standard output: what it can't take is an error like any other, and no end of its own."""

    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the command, which knows its exit status."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def show(evidence: Evidence, console: Console, allowed: Iterable[str] = ()) -> None:
    """Print the report."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("clause", no_wrap=True)
    table.add_column("level")
    for target in evidence.targets:
        table.add_column(target, no_wrap=True)
    for clause in evidence.contract.clauses.values():
        if clause.can_fail:
            row = [_status(evidence.cells[clause.id, target].status) for target in evidence.targets]
            table.add_row(clause.id, clause.level, *row)
    answered = [
        Text(", ".join(evidence.answered_by(target)) or "nobody", "dim")
        for target in evidence.targets
    ]
    table.add_section()
    table.add_row(Text("answered by", "dim"), "", *answered)
    console.print(table)
    _observed(evidence, console)
    _findings(evidence, console, set(allowed))
    for target in evidence.targets:
        _differences(evidence, target, console)
    if told := service_model.installed(evidence.contract):
        console.print("\nthe SDK's model differs from the contract:", style="bold yellow")
        for line in told:
            console.print(Text(f"  {line}"), soft_wrap=True)
    for target in evidence.targets:
        if names := evidence.not_shipped(target):
            console.print(f"\nnot reached on {target}: {NOT_SHIPPED}:", style="bold")
            console.print(Text(f"  {', '.join(names)}"), soft_wrap=True)
    for kept in evidence.kept():
        console.print(
            f"kept, because it proves more than what answered now: {kept}", soft_wrap=True
        )
    for target in evidence.untouched():
        why = next(cell.why for (_, of), cell in evidence.cells.items() if of == target)
        console.print(Text(f"\nnothing was reached on {target}: {why}"), soft_wrap=True)
    console.print()
    console.print(Text(headline(evidence), "bold"), soft_wrap=True)


def _status(status: str) -> Text:
    return Text(status, _STYLES[status])


def _observed(evidence: Evidence, console: Console) -> None:
    """What the page doesn't say and an answer showed. Not asserted."""
    console.print("\nobserved, where the page is silent:", style="bold")
    for clause in evidence.contract.clauses.values():
        if clause.can_fail:
            continue
        console.print(Text(f"  {clause.id}"))
        seen: dict[str, list[str]] = {}
        for target in evidence.targets:
            cell = evidence.cells[clause.id, target]
            for line in noted(cell.notes) or [NOT_REACHED]:
                seen.setdefault(line, []).append(target)
        for line, targets in seen.items():
            where = "" if len(targets) == len(evidence.targets) else f" [{', '.join(targets)}]"
            # No line begins with what was answered: a job's log would obey `::`.
            console.print(Text(f"    - {line}{where}"), soft_wrap=True)


def _differences(evidence: Evidence, target: str, console: Console) -> None:
    """What a live service answers otherwise than it was recorded."""
    for changed, title in (
        (True, f"{target} changed; recorded -> now:"),
        (False, f"{target} differs from recordings that prove less, or in words:"),
    ):
        found = evidence.differences(target, changed=changed)
        if found:
            console.print(f"\n{title}", style="bold yellow" if changed else "bold")
        for one, scenarios in found.items():
            if one.part != "message":
                line = f"  {one.part}: {one.recorded} -> {one.now} ({some(scenarios)})"
                console.print(Text(line), soft_wrap=True)
        if words := [one for one in found if one.part == "message"]:
            console.print(f"  message: {len(words)} in other words (a --report shows them)")


def _findings(evidence: Evidence, console: Console, allowed: set[str]) -> None:
    for status in (BROKEN, NOT_REACHED):
        for target in evidence.targets:
            if status == NOT_REACHED and target in evidence.untouched():
                continue  # what is said of it at the end is the same for each
            for clause in evidence.clauses(status, target):
                cell = evidence.cells[clause.id, target]
                console.print()
                console.print(
                    Text.assemble(
                        (f"{clause.id} ", "bold"),
                        _status(status),
                        f" on {target}",
                        " (allowed)"
                        if status == NOT_REACHED
                        and evidence.may_stay_unreached(clause.id, target, allowed)
                        else "",
                    )
                )
                source = f"{clause.statement} [{clause.source}]"
                console.print(
                    Text(
                        f"  page:  {source}"
                        if clause.level == "documented"
                        else f"  model: {source}"
                    ),
                    soft_wrap=True,
                )
                console.print(Text(f"  found: {cell.why}"), soft_wrap=True)
