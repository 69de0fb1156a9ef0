"""The suite names the defect of each mutant, and passes every valid service.

Each is run here with the scenarios about its clause, except those that it answers as the correct
service does, and called without HTTP unless the defect is in HTTP. `python tests/adversary` serves
each of them to the whole suite.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from adversary.defects.attribution import BESIDE
from adversary.defects.mutant import Mutant
from adversary.defects.table import mutants
from adversary.dialects import Dialect, dialects
from adversary.listening import Choice, plainly, served
from adversary.service import operation, right
from adversary.trial import (
    ALL,
    about,
    answered_differently,
    broken,
    evidence,
    misnamed,
    one_of_each,
    survives,
)
from helpers.command import DATASETS, run

pytestmark = pytest.mark.usefixtures("unmeasured")

MUTANTS = mutants()
DIALECTS = dialects()
CLAUSES = {name: row for name, row in operation().clauses.items() if row["level"] != "observed"}

# Enough to show that the command agrees with the suite in this process.
BY_COMMAND = [
    "request.items.max-members: 11 instead of 10",
    "missing: code UnknownOperationException",
    "success: a body of a blank",
]


@pytest.mark.parametrize("wire", [None, plainly], ids=["called", "served"])
def test_the_correct_service_passes(wire: Choice | None) -> None:
    shown = evidence(right(), wire)

    assert (shown.exit_status(), broken(shown)) == (0, set())


@pytest.mark.parametrize("clause", CLAUSES)
def test_the_correct_service_passes_the_scenarios_of_a_clause(clause: str) -> None:
    shown = evidence(right(), scenarios=about(clause))

    assert shown.cells[clause, "live"].status == "holds"
    assert broken(shown) == set()


def test_there_are_enough_mutants() -> None:
    assert len(MUTANTS) >= 700
    assert len(DIALECTS) >= 45


def test_every_clause_that_binds_has_a_mutant_that_breaks_it() -> None:
    named = {mutant.clause for mutant in MUTANTS.values()}
    # The page documents no answer to a wrong method, path or query.
    unanswered = {"request.method", "request.path", "request.no-uri-parameters"}

    assert set(CLAUSES) - named - unanswered == set()


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_is_killed(mutant: Mutant) -> None:
    assert survives(mutant) is None


# One for each clause; `python tests/adversary mutants` runs all.
@pytest.mark.parametrize("name", {MUTANTS[name].clause: name for name in BESIDE}.values())
def test_no_intact_clause_is_named(name: str) -> None:
    mutant = MUTANTS[name]
    scenarios = ALL if mutant.wire else answered_differently(mutant.service)
    shown = evidence(mutant.service, mutant.wire, scenarios=scenarios)

    assert mutant.clause in broken(shown)
    assert misnamed(mutant, shown) == []


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_a_dialect_passes(dialect: Dialect) -> None:
    service, usual = dialect.service, right()
    if dialect.wire or replace(service, frame=usual.frame, success=usual.success) == usual:
        scenarios = one_of_each()  # neither the wire nor the framing depends on the request
    else:
        scenarios = answered_differently(service)
    shown = evidence(dialect.service, dialect.wire, scenarios=scenarios)

    assert broken(shown) == set()
    assert shown.obstacles() == []


@pytest.mark.parametrize("name", BY_COMMAND)
def test_the_command_names_a_defect(name: str, tmp_path: Path) -> None:
    mutant, report = MUTANTS[name], tmp_path / "report.json"
    scenarios = " or ".join(scenario.id for scenario in about(mutant.clause))
    with served(mutant.service) as url:
        done = run(
            *("verify", "--target", "live", "--endpoint-url", url, *DATASETS),
            *("--report", report, "-k", scenarios),
        )

    assert done.returncode == 1, done.stderr
    assert re.search(rf"^{re.escape(mutant.clause)} broken on live$", done.stdout, re.M)
    assert "This is about the given endpoint, not about AWS." in done.stdout
    clauses = json.loads(report.read_text())["clauses"]
    named = [row["id"] for row in clauses if row["targets"]["live"]["status"] == "broken"]
    assert mutant.clause in named
