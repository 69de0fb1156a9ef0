"""The nightly run as documented: valid workflows, and commands that do as the page says."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.command import COMMAND, environment, run, serving
from helpers.stand_in import ACCOUNT, StandIn, short_waits
from personalize_contract.live import resources

ROOT = Path(__file__).parents[3]
NIGHTLY = ROOT / "examples" / "nightly"
PAGE = (ROOT / "docs" / "nightly.md").read_text("utf-8")
COMMANDS = [
    line.strip()
    for line in PAGE.replace("\\\n", "").splitlines()
    if line.startswith("    personalize-contract ")
]
WORKFLOW = yaml.safe_load((NIGHTLY / "nightly.yml").read_text("utf-8"))


def command(*words: str) -> list[str]:
    """Return the arguments of the one command of the page with all of these words."""
    (line,) = (line for line in COMMANDS if all(word in line for word in words))
    return shlex.split(line)[1:]


JOBS = WORKFLOW["jobs"]
STEPS = {step.get("name", str(step)): step for step in JOBS["verify"]["steps"]}


@pytest.mark.parametrize("name", ["nightly.yml", "offline.yml", "own-tests.yml"])
def test_workflow_matches_the_schema_of_github(name: str) -> None:
    done = subprocess.run(
        [
            Path(sys.executable).parent / "check-jsonschema",
            "--builtin-schema",
            "vendor.github-workflows",
            NIGHTLY / name,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_policy_is_that_of_dry_run_and_sweep() -> None:
    done = run(*command("--dry-run"))
    printed = json.loads(done.stdout[done.stdout.index("{") :])
    policy = json.loads((NIGHTLY / "policy.json").read_text("utf-8"))
    *night, lists = policy["Statement"]
    assert night == printed["Statement"]
    with StandIn().served() as stand_in:
        run(*command("sweep"), f"--endpoint-url={stand_in.url}")
    actions = {f"personalize:{name}" for name in stand_in.calls if name != "GetCallerIdentity"}
    assert actions <= set(lists["Action"])
    assert lists["Resource"] == "*"


def test_rehearsal_works_as_documented(tmp_path: Path) -> None:
    serve = command("serve")
    assert serve[-4:] == ["--port", "8000", "--tls", "rehearsal"]
    exports = dict(re.findall(r"^    export (\w+)=(.*)$", PAGE, re.MULTILINE))
    assert exports["AWS_ENDPOINT_URL"] == "https://127.0.0.1:8000"
    bundle = exports["AWS_CA_BUNDLE"].replace("$PWD", str(tmp_path))
    with serving(*serve[1:-4], "--tls", tmp_path / "rehearsal") as url, short_waits():
        env = environment(AWS_CA_BUNDLE=bundle, AWS_ENDPOINT_URL=url)
        night = run(*command("night.json"), cwd=tmp_path, env=env)
        sweep = run(*command("sweep"), cwd=tmp_path, env=env)
    assert night.returncode == 0, night.stderr
    assert "all 32 clauses hold on live" in night.stdout
    report = json.loads((tmp_path / "night.json").read_text("utf-8"))
    assert report["runs"]["live"]["endpoint"] == url
    assert url.startswith("https://")
    assert len(list((tmp_path / "personalize-cassettes").rglob("*.yaml"))) > 20
    assert sweep.returncode == 0, sweep.stderr


def script(step: dict[str, Any], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    shim = tools / "personalize-contract"
    # Another test has a whole night.
    some = "[ $1 = verify ] && set -- \"$@\" '-ksuccess-at-the-end or in-use'"
    shim.write_text(f'#!/bin/sh\n{some}\nexec {shlex.join(COMMAND)} "$@"\n', "utf-8")
    shim.chmod(0o755)
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=environment(
            PATH=f"{tools}:{os.environ['PATH']}",
            ACCOUNT=ACCOUNT,
            GITHUB_OUTPUT=str(folder / "output"),
            GITHUB_STEP_SUMMARY=str(folder / "summary"),
            **more,
        ),
    )


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def gh(folder: Path, listed: str, more: str = "") -> Path:
    """Install a stand-in for `gh` that prints a list; return the file that logs its calls."""
    (folder / "tools").mkdir(exist_ok=True)
    shim = folder / "tools" / "gh"
    lists = f'[ "$2" = list ] && echo "{listed}"'
    shim.write_text(f'#!/bin/sh\necho "$@" >> gh-calls\n{lists}\n{more}\nexit 0\n')
    shim.chmod(0o755)
    return folder / "gh-calls"


def test_steps_sweep_verify_report_and_propose(tmp_path: Path) -> None:
    origin, folder, other = (tmp_path / name for name in ("origin", "repo", "other"))
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(folder))
    somebody = ("-c", "user.name=tea", "-c", "user.email=tea@example.org")
    git(folder, *somebody, "commit", "--quiet", "--allow-empty", "--message=Begin")
    git(folder, "push", "--quiet", "origin", "HEAD:main")
    with StandIn(step=20).served() as stand_in:
        at = {"AWS_ENDPOINT_URL": stand_in.url, "AWS_REGION": "eu-west-1"}
        assert script(STEPS["Sweep"], folder, **at).returncode == 0
        done = script(STEPS["Verify"], folder, **at)
        assert done.returncode == 0, done.stderr
        assert stand_in.left() == []
    assert (folder / "output").read_text() == "status=0\n"
    assert (folder / "summary").read_text().startswith((folder / "night.md").read_text()[:40])
    assert script(STEPS["Pack what changed"], folder).returncode == 0

    # A separate job, without the role.
    git(tmp_path, "clone", "--quiet", str(origin), str(other))
    for name in ("night.md", "night.patch"):
        (other / name).write_bytes((folder / name).read_bytes())
    log = gh(other, "[]")
    (step,) = (row for row in JOBS["propose"]["steps"] if "run" in row)
    assert script(step, other).returncode == 0
    calls = log.read_text().splitlines()
    assert [call.split()[:2] for call in calls] == [["pr", "list"], ["pr", "create"]]
    listed = git(origin, "ls-tree", "-r", "--name-only", "personalize-contract/recorded")
    assert "personalize-cassettes/PutItems/error.in-use.personalize.yaml" in listed
    assert "night" not in listed
    # An endpoint is not AWS, whatever sets its URL.
    recorded = other / "personalize-cassettes" / "PutItems" / "error.in-use.personalize.yaml"
    assert "answered_by: endpoint" in recorded.read_text()

    # The night after: nothing new, nothing proposed.
    (other / "night.patch").write_bytes(b"")
    assert script(step, other).returncode == 0
    assert len(log.read_text().splitlines()) == 2


def test_job_with_the_role_can_not_write_to_the_repository() -> None:
    for name, job in JOBS.items():
        writes = {"contents", "pull-requests", "issues"} & {
            scope for scope, access in job["permissions"].items() if access == "write"
        }
        assert ("id-token" in job["permissions"]) == (name == "verify"), name
        assert not (writes and "id-token" in job["permissions"]), name
    (checkout,) = (step for step in JOBS["verify"]["steps"] if "checkout" in step.get("uses", ""))
    assert checkout["with"]["persist-credentials"] is False
    assert STEPS["Sweep"]["continue-on-error"] is True
    assert JOBS["verify"]["timeout-minutes"] * 60 > 2 * (
        resources.MAX_WAIT + resources.MAX_TEARDOWN
    )


@pytest.mark.parametrize("number", ["", "7"])
def test_failed_night_opens_or_updates_an_issue(number: str, tmp_path: Path) -> None:
    log = gh(tmp_path, number)
    (step,) = (row for row in JOBS["report"]["steps"] if "run" in row)
    done = script(step, tmp_path, STATUS="2", RUN="https://example.org/runs/1")
    assert done.returncode == 0, done.stderr
    last = log.read_text().splitlines()[-1]
    assert last.startswith("issue comment 7 " if number else "issue create --title ")
    assert "https://example.org/runs/1" in (tmp_path / "body.md").read_text()


def test_kept_reports_become_one_page(tmp_path: Path) -> None:
    collect, show = (row for row in JOBS["history"]["steps"] if "name" in row)
    for night, status in (("1", "holds"), ("3", "broken")):
        cell = {"status": status, "exchanges": []}
        document = {
            "operation": "PutItems",
            "summary": {"live": {}},
            "provenance": {"reported_at": f"2026-11-0{night}T03:17:00Z"},
            "clauses": [{"id": "success.status", "targets": {"live": cell}}],
        }
        (tmp_path / f"{night}.json").write_text(json.dumps(document))
    # The second night has no report.
    download = '[ "$2" = download ] && { mkdir -p "$7"; cp "$3.json" "$7/night.json" || exit 1; }'
    log = gh(tmp_path, "3 2 1", download)
    assert script(collect, tmp_path, GITHUB_REF_NAME="main", WORKFLOW="night").returncode == 0
    first, *downloads = log.read_text().splitlines()
    assert first.startswith("run list --workflow night --branch main --limit 90 ")
    assert downloads[0] == "run download 3 --name night --dir nights/3"
    assert show["if"] == "hashFiles('nights/*/night.json') != ''"
    assert script(show, tmp_path).returncode == 0
    page = (tmp_path / "history.html").read_text("utf-8")
    assert "2026-11-03" in page
    assert "success.status" in page
    assert JOBS["history"]["permissions"] == {"actions": "read"}
    (upload,) = (
        step for step in JOBS["verify"]["steps"] if "upload-artifact" in step.get("uses", "")
    )
    assert upload["with"]["retention-days"] == 90


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4])
def test_job_has_the_status_of_the_night(status: int, tmp_path: Path) -> None:
    last = list(STEPS.values())[-1]
    assert last["env"] == {"STATUS": "${{ steps.verify.outputs.status }}"}
    assert script(last, tmp_path, STATUS=str(status)).returncode == status


def test_night_that_could_not_be_done_outputs_its_status(tmp_path: Path) -> None:
    done = script(STEPS["Verify"], tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert done.returncode == 0
    assert (tmp_path / "output").read_text() == "status=2\n"
    assert "network: " in done.stderr


def test_page_names_each_problem_of_the_environment() -> None:
    from personalize_contract.model import failures as table

    names = {trouble.name for trouble in vars(table).values() if isinstance(trouble, table.Trouble)}
    named = set(re.findall(r"`([^`]+)`", PAGE.replace("\n", " ")))
    assert names <= named
