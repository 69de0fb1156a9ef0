"""The suite as an installed test suite: `pytest --pyargs personalize_contract.suite`."""

import re
import subprocess
import sys
from pathlib import Path

from adversary.defects.table import mutants
from adversary.listening import served
from helpers.command import ACTIVE, environment
from personalize_contract.suite.tables.scenarios import SCENARIOS

COUNT = len(SCENARIOS["PutItems"])
SOME = "-kitems-10 or items-11"
SELECTED = [
    scenario
    for scenario in SCENARIOS["PutItems"]
    if "items-10" in scenario.id or "items-11" in scenario.id
]
LARGE = 23
"""The scenarios that have no shipped recording."""


OURS = "personalize_contract.plugin"
WITH_XDIST = f"{OURS},xdist.plugin"
ONLY = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Options that disable the other installed plugins."""


def suite(folder: Path, *arguments: str, plugins: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", "personalize_contract.suite", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env=environment(**(ONLY | {"PYTEST_PLUGINS": plugins} if plugins else {})),
        check=False,
    )


def test_suite_runs_from_any_folder(tmp_path: Path) -> None:
    done = suite(tmp_path)
    skipped = LARGE

    assert done.returncode == 0, done.stdout
    assert re.search(rf"\b{COUNT - skipped} passed\b", done.stdout)


def test_two_workers_verify_the_reference_service(tmp_path: Path) -> None:
    done = suite(tmp_path, "--personalize-target=reference", "-n2", SOME, plugins=WITH_XDIST)

    assert done.returncode == 0, done.stdout
    assert re.search(rf"\b{len(SELECTED)} passed\b", done.stdout)


def test_suite_runs_beside_other_tests(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import pytest\n\n\n@pytest.fixture\ndef tea(): pass\n")
    (tmp_path / "test_own.py").write_text("def test_own(tea):\n    pass\n")

    done = suite(tmp_path, "test_own.py", f"{SOME} or test_own", plugins=OURS)

    assert done.returncode == 0, done.stdout
    assert f"{len(SELECTED) + 1} passed" in done.stdout


def test_broken_clause_fails_its_scenario(tmp_path: Path) -> None:
    with served(mutants()["request.items.max-members: 11 instead of 10"].service) as url:
        done = suite(
            tmp_path,
            *("--personalize-target", "live", "--personalize-endpoint-url", url),
            *("--personalize-dataset", f"{ACTIVE}=active", "-k", "items-10 or items-11"),
            plugins=OURS,
        )

    assert done.returncode == 1
    assert "request.items.max-members broken: it was not rejected: 200" in done.stdout
    assert re.search(r"^PASSED|test_operation\[items-10\]", done.stdout, re.MULTILINE) is None


def test_missing_folder_is_reported(tmp_path: Path) -> None:
    done = suite(tmp_path, "--personalize-target", "live", plugins=OURS)

    assert done.returncode == 2
    assert (
        "a live run needs a region: add --personalize-region, or set AWS_REGION"
        in done.stdout + done.stderr
    )
    assert "Traceback" not in done.stdout + done.stderr
