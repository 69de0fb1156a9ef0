"""The repository's conventions that can become outdated: tasks, workflows, pins, the licence."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PINNED = [*WORKFLOWS, *sorted((ROOT / "examples" / "nightly").glob("*.yml"))]
CHOOSER = GITHUB / "ISSUE_TEMPLATE" / "config.yml"
FORMS = sorted({*CHOOSER.parent.glob("*.yml")} - {CHOOSER})
SCHEMAS = {
    "github-workflows": WORKFLOWS,
    "dependabot": [GITHUB / "dependabot.yml"],
    "github-issue-forms": FORMS,
    "github-issue-config": [CHOOSER],
}
SESSIONS = {
    node.name
    for node in ast.parse((ROOT / "noxfile.py").read_text("utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.decorator_list
}


@pytest.mark.parametrize("page", [ROOT / "CONTRIBUTING.md", *WORKFLOWS], ids=lambda page: page.name)
def test_each_named_task_is_a_nox_session(page: Path) -> None:
    tasks = set(re.findall(r"nox -s ([\w-]+)", page.read_text("utf-8")))

    assert tasks
    assert tasks <= SESSIONS


def test_contributing_lists_every_session() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")

    assert {name for name in SESSIONS if f"nox -s {name}" not in page} == set()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_github_accepts_the_files(schema: str) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).parent / "check-jsonschema",
            *("--builtin-schema", f"vendor.{schema}"),
            *SCHEMAS[schema],
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", PINNED, ids=lambda path: path.name)
def test_each_action_is_pinned_to_a_commit_and_names_its_tag(workflow: Path) -> None:
    uses = re.findall(r"uses:\s*(.*)", workflow.read_text("utf-8"))

    assert uses
    assert [
        action
        for action in uses
        if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    ] == []


def test_the_licence_is_mit_in_the_metadata_and_in_the_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (file,) = project["license-files"]

    assert project["license"] == "MIT"
    assert (ROOT / file).read_text("utf-8").startswith("MIT License\n")
