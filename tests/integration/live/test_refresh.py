"""`refresh`: a repo's cassettes are recorded again, and the changes are printed."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from helpers.command import ACTIVE, IN_USE, environment, run_process
from helpers.endpoint import listening
from helpers.shop import HEADER
from personalize_contract.model.exchange import Request, Response

TESTS = """
@pytest.mark.personalize_contract
def test_put(personalize_dataset):
    put(arn=personalize_dataset.active)

@pytest.mark.personalize_contract
def test_in_use(personalize_dataset):
    with pytest.raises(botocore.exceptions.ClientError, match="InUse"):
        put(arn=personalize_dataset.in_use)

@pytest.mark.personalize_contract
def test_missing(personalize_dataset):
    with pytest.raises(botocore.exceptions.ClientError, match="NotFound"):
        put(arn=personalize_dataset.missing)
"""


def refresh(folder: Path, *arguments: str) -> CompletedProcess[str]:
    env = environment(
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_PLUGINS="personalize_contract.plugin"
    )
    return run_process("refresh", *arguments, cwd=folder, env=env)


def cassette(folder: Path, test: str) -> Path:
    return folder / "cassettes" / "test_shop" / f"{test}.personalize.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "test_shop.py").write_text(HEADER + TESTS, "utf-8")
    return tmp_path


def refusing(request: Request, answer: Response) -> Response:
    """Return another error than the reference service."""
    if answer.status == 200:
        return answer
    kind = {"content-type": "application/json", "x-amzn-errortype": "LimitExceededException"}
    return Response(400, "", kind, b'{"message": "no"}')


def test_refresh_records_a_repo_and_prints_the_changes(repo: Path) -> None:
    done = refresh(repo, "reference", "-q")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("## Of 3 cassettes: 3 new\n")
    assert "3 passed" in done.stderr

    before = [cassette(repo, test).read_bytes() for test in ("test_in_use", "test_missing")]
    states = {ACTIVE: "active", IN_USE: "in-use"}
    datasets = [f"--personalize-dataset={arn}={state}" for arn, state in states.items()]
    with listening(refusing) as url:
        live = ("live", f"--personalize-endpoint-url={url}", *datasets)
        done = refresh(repo, *live)
        without_failures = refresh(repo, *live, "-kput or missing")
    assert done.returncode == 1
    assert done.stdout.startswith("## Of 3 cassettes: 1 changed; 1 test failed\n")
    assert "| answered by | <code>reference</code> | <code>endpoint</code> | " in done.stdout
    failed = "Not recorded, because the test failed (the cassette is unchanged):\n\n"
    assert f"{failed}- <code>test&#95;shop::test&#95;in&#95;use</code>: Assert" in done.stdout
    title = "Not recorded, because no dataset is declared for the state (the cassette is unchanged)"
    not_reached = f"{title}:\n\n- <code>test&#95;shop::test&#95;missing</code>: "
    assert not_reached in done.stdout
    assert without_failures.returncode == 0
    assert not_reached in without_failures.stdout
    assert [cassette(repo, test).read_bytes() for test in ("test_in_use", "test_missing")] == before


def test_only_the_target_is_required(repo: Path) -> None:
    done = refresh(repo)
    assert done.returncode == 2
    assert "the following arguments are required: target (see " in done.stderr


def test_usage_error_of_pytest_exits_with_2(repo: Path) -> None:
    done = refresh(repo, "reference", "nothere.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert "file or directory not found: nothere.py" in done.stderr
