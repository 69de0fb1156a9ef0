"""Recordings that are too large to ship: listed, allowed by name, and never counted as holding."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.command import run
from personalize_contract.model.contract import load
from personalize_contract.report.view import BROKEN, HOLDS, NOT_REACHED, NOT_SHIPPED
from personalize_contract.suite import shipped
from personalize_contract.suite.evidence import Evidence, Finding, Outcome
from personalize_contract.suite.tables.scenarios import SCENARIOS

CLAUSE = "request.items.max-members"
OTHER = "response.success.status"
LARGE = Outcome("items-266", (Finding(CLAUSE, NOT_REACHED, NOT_SHIPPED),), not_shipped=True)


def small(status: str, *, first: bool = True) -> Outcome:
    findings = (Finding(CLAUSE, status, ""), Finding(OTHER, HOLDS, ""))
    return Outcome("items-11", findings if first else findings[::-1])


@pytest.mark.parametrize(
    ("outcomes", "status", "exit_status"),
    [
        ([LARGE, small(HOLDS)], HOLDS, 0),
        ([LARGE, small(BROKEN)], BROKEN, 1),
        ([LARGE, small(NOT_REACHED)], NOT_REACHED, 3),
        ([LARGE, small(HOLDS, first=False)], NOT_REACHED, 0),
        ([LARGE], NOT_REACHED, 2),
    ],
    ids=["smaller holds", "smaller broken", "smaller missing", "about another", "alone"],
)
def test_clause_is_judged_by_its_smaller_recordings(
    outcomes: list[Outcome], status: str, exit_status: int
) -> None:
    all_others = Outcome(
        "all-others", tuple(Finding(clause, HOLDS, "") for clause in load("PutItems").clauses)
    )
    findings = tuple(finding for finding in all_others.findings if finding.clause != CLAUSE)
    others = [Outcome("all-others", findings)] if len(outcomes) > 1 else []
    evidence = Evidence(load("PutItems"), {"recorded": [*outcomes, *others]})

    assert evidence.cells[CLAUSE, "recorded"].status == status
    assert evidence.exit_status() == exit_status
    assert evidence.not_shipped("recorded") == ["items-266"]


def test_command_lists_unshipped_recordings_and_passes() -> None:
    done = run("verify", "--target=recorded")

    assert done.returncode == 0, done.stderr
    assert "request.properties.max-length not reached on recorded (allowed)" in done.stdout
    lines = done.stdout.splitlines()
    listed = lines[lines.index("not reached on recorded: not shipped (size):") + 1]
    order = [scenario.id for scenario in SCENARIOS["PutItems"]]
    assert listed.strip().split(", ") == sorted(shipped.NOT_SHIPPED["PutItems"], key=order.index)


def test_missing_recording_in_another_folder_is_not_allowed(tmp_path: Path) -> None:
    shutil.copytree(shipped.cassettes() / "PutItems", tmp_path / "PutItems")
    done = run("verify", "--target=recorded", "--cassettes", tmp_path, "-k=items-266 or items-10")

    assert done.returncode == 3
    assert "items-266 is not recorded in it; `verify --record` records it" in done.stdout
