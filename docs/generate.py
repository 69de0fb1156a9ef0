"""Writes the generated documents: `python docs/generate.py`. A test checks them."""

from __future__ import annotations

from pathlib import Path

from personalize_contract.model.contract import Clause, load, operations
from personalize_contract.suite.tables.scenarios import SCENARIOS


def _row(clause: Clause, operation: str) -> str:
    proved = [
        scenario.id
        for scenario in SCENARIOS[operation]
        if any(expected == clause.id for expected, _ in scenario.expects)
    ]
    more = f" and {len(proved) - 3} more" if len(proved) > 3 else ""
    shown = ", ".join(f"`{scenario}`" for scenario in proved[:3])
    statement = clause.statement.replace("|", "\\|")
    return (
        f"| `{clause.id}` | {statement} | {clause.source} | {clause.level} | {clause.binds} "
        f"| {shown}{more} |"
    )


def contract() -> str:
    """Return the page of every clause, its source, and the scenarios that prove it."""
    lines = ["# The contract", "", "Generated from the contract files by `docs/generate.py`."]
    for operation in operations():
        of = load(operation)
        lines += [
            "",
            f"## {operation}",
            "",
            f"`{of.method} {of.path}`, from [its page]({of.page}).",
            "",
            "| clause | statement | source | level | binds | proved by |",
            "| --- | --- | --- | --- | --- | --- |",
            *(_row(clause, operation) for clause in of.clauses.values()),
        ]
    return "\n".join(lines) + "\n"


GENERATED = {"contract.md": contract}

if __name__ == "__main__":
    for name, text in GENERATED.items():
        Path(__file__).with_name(name).write_text(text(), "utf-8")
