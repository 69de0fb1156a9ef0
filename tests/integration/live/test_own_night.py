"""The night of a downstream repo: its own tests against a service over HTTP, and `refresh`."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.command import ACTIVE, COMMAND, IN_USE, MISSING, environment
from helpers.endpoint import Change, listening
from helpers.shop import Shop, text
from personalize_contract.model.exchange import Request, Response

EXAMPLES = Path(__file__).parents[3] / "examples"
DATASETS = [
    f"--personalize-dataset={dataset}"
    for dataset in (f"{ACTIVE}=active", f"{IN_USE}=in-use", f"{MISSING}=missing")
]
WORKFLOW = yaml.safe_load((EXAMPLES / "nightly" / "own-tests.yml").read_text("utf-8"))
STEPS = {
    (job, step["name"]): step
    for job, row in WORKFLOW["jobs"].items()
    for step in row["steps"]
    if "name" in step
}


def of(status: int, change: Callable[[Response], Response], number: int = 1) -> Change:
    """Return a change of the first, second or third answer with a status."""
    seen = 0

    def changed(request: Request, answer: Response) -> Response:
        nonlocal seen
        seen += answer.status == status
        return change(answer) if answer.status == status and seen == number else answer

    return changed


def member(answer: Response) -> Response:
    body = json.loads(answer.body) | {"resource": "dataset"}
    return replace(answer, body=json.dumps(body).encode())


def header(answer: Response) -> Response:
    return replace(answer, headers={**answer.headers, "server": "another", "x-more": "1"})


def expired(answer: Response) -> Response:
    return Response(403, "", {"x-amzn-errortype": "ExpiredTokenException"}, b"{}")


def available(answer: Response) -> Response:
    return Response(200, "OK", {}, b"")


CATALOGUE = "test_upload.py::test_the_whole_catalogue_is_put"
REPORTED = "test_upload.py::test_a_dataset_in_use_is_reported"
NIGHTS: dict[str, tuple[Change, dict[str, int], int, str]] = {
    # The change, the outcomes, the exit status, and a part of the output.
    "nothing": (
        lambda _, answer: answer,
        {"passed": 11},
        0,
        "9 exchanges verified (endpoint 9, aws 0)",
    ),
    "a header": (of(200, header, 2), {"passed": 11}, 0, "9 exchanges verified (endpoint 9, aws 0)"),
    "a status": (
        of(200, lambda answer: replace(answer, status=202), 3),
        {"passed": 10, "failed": 1},
        1,
        f"contract broken: 1 test\n  tests/{CATALOGUE}: 200 with an empty body was recorded, but "
        "endpoint answers 202 with an empty body",
    ),
    "a body": (
        of(409, member),
        {"passed": 10, "failed": 1},
        1,
        f"changed, contract holds: 1 test\n  tests/{REPORTED}: 409 ResourceInUseException was "
        "recorded, but endpoint answers with a different body",
    ),
    "the availability of a 409": (
        of(409, available),
        {"passed": 10, "skipped": 1},
        0,
        f"not reached: 1 test\n  tests/{REPORTED}: 409 ResourceInUseException was recorded, but "
        "endpoint answers 200 with an empty body: the dataset is not in-use now",
    ),
    "the environment": (
        of(200, expired, 2),
        {"passed": 10, "errors": 1},
        6,
        f"environment: 1 test\n  tests/{CATALOGUE}: credentials expired: the service",
    ),
}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """The catalogue."""
    shutil.copytree(EXAMPLES / "catalogue", shop.path, dirs_exist_ok=True)
    return shop


@pytest.mark.parametrize("night", NIGHTS.values(), ids=NIGHTS)
def test_night_reports_each_kind_of_change(
    night: tuple[Change, dict[str, int], int, str], shop: Shop
) -> None:
    change, outcomes, status, expected = night
    with listening(change) as url:
        endpoint = f"--personalize-endpoint-url={url}"
        result = shop.run("--personalize-verify=live", endpoint, *DATASETS)
    result.assert_outcomes(**outcomes)
    assert result.ret == status
    assert expected in text(result)


def step(
    job: str, name: str, folder: Path, url: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a step of the workflow as GitHub does."""
    tools = folder.parent / "tools"
    tools.mkdir(exist_ok=True)
    commands = {"personalize-contract": COMMAND, "pytest": [sys.executable, "-m", "pytest"]}
    for tool, command in commands.items():
        (tools / tool).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', "utf-8")
        (tools / tool).chmod(0o755)
    gh = tools / "gh"
    gh.write_text(f'#!/bin/sh\necho "$@" >> {tools}/calls\n[ "$2" = list ] && echo "[]"\nexit 0\n')
    gh.chmod(0o755)
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", STEPS[job, name]["run"]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment(
            PATH=f"{tools}:{os.environ['PATH']}",
            GITHUB_OUTPUT=str(folder.parent / "output"),
            GITHUB_STEP_SUMMARY=str(folder.parent / "summary"),
            PYTEST_ADDOPTS=shlex.join([f"--personalize-endpoint-url={url}", *DATASETS]),
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            PYTEST_PLUGINS="personalize_contract.plugin",
            **more,
        ),
    )


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def test_changes_are_proposed_with_their_text(shop: Shop, tmp_path: Path) -> None:
    with listening() as url:
        endpoint = f"--personalize-endpoint-url={url}"
        shop.run("--personalize-record=live", endpoint, *DATASETS).assert_outcomes(passed=11)
    git(shop.path, "init", "--quiet", "--initial-branch=main")
    identity = ("-c", "user.name=n", "-c", "user.email=n@example.com")
    git(shop.path, "add", "--all")
    git(shop.path, *identity, "commit", "--quiet", "--message=first")
    asking, proposing = tmp_path / "asking" / "repo", tmp_path / "proposing" / "repo"
    git(tmp_path, "clone", "--quiet", "--bare", str(shop.path), "origin.git")
    for folder in (asking, proposing):
        git(tmp_path, "clone", "--quiet", "origin.git", str(folder))

    # Only headers, dates and ids differ in this night, so there is nothing to propose.
    with listening(lambda _, answer: header(answer)) as url:
        assert step("ask", "Refresh", asking, url).returncode == 0
    assert (asking / "night.md").read_text("utf-8") == "## Nothing changed in 3 cassettes\n"
    assert (asking / "night.patch").read_text("utf-8") == ""
    (asking.parent / "summary").unlink()

    def every(request: Request, answer: Response) -> Response:
        return member(answer) if answer.status == 409 else answer

    with listening(every) as url:
        assert step("ask", "Verify", asking, url).returncode == 0
        assert (asking.parent / "output").read_text() == "status=1\n"
        done = step("ask", "Refresh", asking, url)
    assert done.returncode == 0, done.stderr
    body = (asking / "night.md").read_text("utf-8")
    assert (asking.parent / "summary").read_text("utf-8") == body
    quoted = "".join(f"> {line}".rstrip() + "\n" for line in body.splitlines())
    assert quoted in (EXAMPLES / "catalogue" / "README.md").read_text("utf-8")

    # The other job takes only cassettes from the patch.
    (asking / "evil.py").write_text("evil", "utf-8")
    git(asking, "add", "evil.py")
    (asking / "night.patch").write_text(git(asking, "diff", "--cached", "--binary"), "utf-8")
    for name in ("night.md", "night.patch"):
        shutil.copy(asking / name, proposing / name)
    done = step("propose", "Propose what changed", proposing, "")
    assert done.returncode == 0, done.stderr
    changed = git(proposing, "diff", "--name-only", "origin/main", "HEAD").split()
    assert changed
    assert all(name.endswith(".personalize.yaml") for name in changed)
    calls = (proposing.parent / "tools" / "calls").read_text().splitlines()
    assert [call.split()[:2] for call in calls] == [["pr", "list"], ["pr", "create"]]


def test_no_job_has_both_the_role_and_write_access() -> None:
    jobs: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
    assert jobs["ask"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert jobs["propose"]["permissions"] == {"contents": "write", "pull-requests": "write"}
    checkout = jobs["ask"]["steps"][0]
    assert checkout["with"] == {"persist-credentials": False}
    with_a_role = [
        job
        for job, row in jobs.items()
        if any("aws-actions/" in step.get("uses", "") for step in row["steps"])
    ]
    assert with_a_role == ["ask"]
    assert WORKFLOW["permissions"] == {}


@pytest.mark.parametrize("status", [0, 1, 6])
def test_job_has_the_status_of_the_night(status: int, tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    done = step("ask", "Fail as the night did", folder, "", STATUS=str(status))
    assert done.returncode == status


@pytest.mark.parametrize("where", ["Refresh", "propose"])
def test_only_a_night_that_reached_the_service_is_proposed(where: str) -> None:
    row = STEPS["ask", where] if where == "Refresh" else WORKFLOW["jobs"][where]
    assert '["0", "1"]' in row["if"]
