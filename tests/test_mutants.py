"""The suite catches services with one defect, and passes every legal one.

`tests/adversary.py` runs all of the suite against each; here a service that was seen to break
what is wrong with it is not asked any further.
"""

import json
from pathlib import Path

import pytest

from mutants.defects import ANY, Mutant, mutants
from mutants.dialects import Dialect, dialects
from mutants.listening import listening
from mutants.service import operation, right
from mutants.trial import survives, verdict
from support.command import DATASETS, run

pytestmark = pytest.mark.usefixtures("unmeasured")

OPERATION = operation()
MUTANTS = mutants(OPERATION)
DIALECTS = list(dialects(OPERATION))
SAMPLE = [one for one in MUTANTS if one.wire is None][::40]


def test_the_right_service_is_passed() -> None:
    seen = verdict(right(OPERATION))

    assert (seen.exit_status, seen.broken) == (0, {})


def test_there_are_enough_of_them() -> None:
    assert len(MUTANTS) >= 80
    assert len(DIALECTS) >= 12


def test_every_clause_that_binds_has_a_mutant_that_breaks_it() -> None:
    named = {one.clause for one in MUTANTS}
    # The request's own method, path and query have no answer of the page when they are broken.
    unanswered = {"request.method", "request.path", "request.no-uri-parameters"}

    binding = {name for name, clause in OPERATION.clauses.items() if clause["level"] != "observed"}
    assert binding - named - unanswered == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_mutant_is_killed(mutant: Mutant) -> None:
    assert survives(mutant) is None


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_a_dialect_is_passed(dialect: Dialect) -> None:
    seen = verdict(dialect.service, dialect.wire)

    assert (seen.exit_status, seen.broken) == (0, {})


@pytest.mark.parametrize("mutant", SAMPLE, ids=lambda one: one.name)
def test_the_command_says_so_too(mutant: Mutant, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with listening(mutant.service.answer) as url:
        done = run(
            "verify", "--target", "live", "--endpoint-url", url, *DATASETS, "--report", report
        )

    assert done.returncode == 1, done.stderr
    clauses = json.loads(report.read_text())["clauses"]
    broken = [one["id"] for one in clauses if one["targets"]["live"]["status"] == "broken"]
    assert broken
    assert mutant.clause in (ANY, *broken)
    assert f"{mutant.clause or broken[0]} broken on live" in done.stdout
