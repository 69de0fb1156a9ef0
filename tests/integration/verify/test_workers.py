"""`verify -n WORKERS`: the same evidence, from several processes."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from helpers import groups
from helpers.command import COMMAND, environment, run, run_process
from helpers.endpoint import listening, live
from personalize_contract.model.exchange import Request, Response
from personalize_contract.suite.tables.scenarios import SCENARIOS

SOME = "-k=items-1 or body-e"
SELECTED = [
    scenario
    for scenario in SCENARIOS["PutItems"]
    if "items-1" in scenario.id or "body-e" in scenario.id
]
REPORT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9-]{10}T[0-9:]{8}Z")


def evidence(path: Path) -> Any:
    """Return a report without its ids, dates and durations."""
    text = REPORT.sub("", path.read_text("utf-8"))
    return json.loads(re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0', text))


def test_workers_produce_the_evidence_of_one_process(tmp_path: Path) -> None:
    alone, spread = tmp_path / "one.json", tmp_path / "two.json"

    assert run("verify", SOME, "--target=recorded", "--report", alone).returncode == 0
    done = run_process("verify", SOME, "--target=recorded", "-n", "2", "--report", spread)

    assert done.returncode == 0, done.stderr
    assert evidence(alone) == evidence(spread)
    # Reported once, with all its scenarios.
    assert done.stderr.split("\n")[0] == f"recorded: {len(SELECTED)} scenarios"
    assert "recorded: " not in done.stderr[10:]


def test_workers_record_and_replay(tmp_path: Path) -> None:
    target = ("verify", SOME, "-n", "2", "--cassettes", str(tmp_path))
    done = run_process(*target, "--record", "--target=reference")

    assert done.returncode == 0
    assert sorted(groups.scenarios(tmp_path)) == sorted(scenario.id for scenario in SELECTED)
    assert {path.suffix for path in tmp_path.rglob("*.*")} == {".yaml"}
    groups.change(tmp_path, "items-11", lambda text: text.replace("code: 400", "code: 500"))
    again = run(*target, "--target=recorded")
    assert again.returncode == 1
    assert "items-11: expected 400" in again.stdout
    assert "is broken on recorded" in again.stdout


def test_error_of_a_worker_is_reported(tmp_path: Path) -> None:
    done = run_process("verify", "-n", "2", "--target=recorded", "--cassettes", tmp_path)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"personalize-contract: {tmp_path}: it has no recording of PutItems; record it: "
        "personalize-contract verify --operation PutItems --record --target reference "
        f"--target recorded --cassettes {tmp_path}"
    )


@pytest.mark.parametrize("workers", ["x", "\u0661"])
def test_invalid_number_of_workers_is_refused(workers: str) -> None:
    done = run("verify", f"-n={workers}")

    assert done.returncode == 2
    assert "must be a number of workers" in done.stderr


def test_missing_xdist_is_named(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['xdist'] = None\n")
    done = run_process("verify", "-n", "2", env=environment(PYTHONPATH=str(tmp_path)))

    assert done.returncode == 2
    assert done.stderr.strip() == (
        "personalize-contract: -n needs pytest-xdist: pip install pytest-xdist"
    )


def test_live_service_gets_one_process() -> None:
    """Its quota and its dataset are shared, so nothing is sent concurrently."""
    first, second = threading.Event(), threading.Event()

    def alone(request: Request, response: Response) -> Response:
        if first.is_set():
            second.set()
        else:
            first.set()
            clash.append(second.wait(1))
        return response

    clash: list[bool] = []
    with listening(alone) as url:
        done = live(url, "-n", "2", SOME)

    assert done.returncode == 0, done.stderr
    assert clash == [False]


def test_interrupt_ends_the_workers() -> None:
    process = subprocess.Popen(
        [*COMMAND, "verify", "-n", "2", "--target=reference", "--target=recorded"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    assert process.stderr
    assert "reference" in process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 130, (out, err)
    deadline = time.monotonic() + 60
    # init may reap the workers a moment after they have closed their pipes.
    while exists(process.pid) and time.monotonic() < deadline:
        pass
    assert not exists(process.pid)


def exists(group: int) -> bool:
    """Return whether a process group has any process."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
