"""A live run of PutEvents or PutActionInteractions creates its tracker, and deletes it."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.command import run
from helpers.night import PROVISION, interrupted, names, sweep, verify
from helpers.stand_in import StandIn

FAST = 200.0
SOME = "-ksuccess or missing or event-type-0 or tracking-id-257"


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn(step=FAST).served() as stand_in:
        yield stand_in


def test_event_tracker_is_created_used_and_deleted(account: StandIn, tmp_path: Path) -> None:
    shown = tmp_path / "report.json"
    done = verify(account, "--operation=PutEvents", SOME, f"--report={shown}")

    assert done.returncode == 0, done.stderr
    order = names(name for name in account.calls if not name.startswith("/"))
    assert order[:9] == [
        "GetCallerIdentity",
        "CreateSchema",
        "CreateDatasetGroup",
        "DescribeDatasetGroup",
        "CreateDataset",
        "DescribeDataset",
        "CreateEventTracker",
        "DescribeEventTracker",
        "PutEvents",
    ]
    assert order[order.index("ListEventTrackers") :][:4] == [
        "ListEventTrackers",
        "DeleteEventTracker",
        "DescribeEventTracker",
        "DeleteDataset",
    ]
    assert account.left() == []
    clauses = {
        row["id"]: row["targets"]["live"] for row in json.loads(shown.read_text())["clauses"]
    }
    for clause in ("response.success.status", "request.event-type.min-length"):
        assert clauses[clause]["status"] == "holds"


def test_interactions_go_to_the_tracker_of_their_dataset(account: StandIn, tmp_path: Path) -> None:
    shown = tmp_path / "report.json"
    some = f"{SOME} or in-use"
    done = verify(account, "--operation=PutActionInteractions", some, f"--report={shown}")

    assert done.returncode == 3, done.stderr
    assert "CreateEventTracker" not in account.calls
    assert account.left() == []
    clauses = {
        row["id"]: row["targets"]["live"] for row in json.loads(shown.read_text())["clauses"]
    }
    assert clauses["error.not-found.status"]["status"] == "holds"
    assert clauses["error.in-use.status"]["status"] == "not reached"


@pytest.mark.parametrize("step", ["CreateEventTracker", "PutEvents", "DeleteEventTracker"])
def test_interrupted_run_deletes_its_tracker(account: StandIn, step: str) -> None:
    done = interrupted(account, step, signal.SIGINT, "--operation=PutEvents", "-ksuccess")
    # The first signal during the teardown only gets a notice.
    assert done.returncode == (0 if step == "DeleteEventTracker" else 130)
    assert account.left() == []


@pytest.mark.parametrize("step", ["CreateEventTracker", "PutEvents", "DeleteEventTracker"])
def test_leftovers_of_a_killed_run_are_swept(account: StandIn, step: str) -> None:
    interrupted(account, step, signal.SIGKILL, "--operation=PutEvents", "-ksuccess")
    for resource in account.resources():
        resource.created -= 24 * 3600
    done = sweep(account, "--yes")
    assert done.returncode == 0, done.stderr
    assert account.left() == []


def test_dry_run_prints_the_calls_of_the_tracker() -> None:
    done = run("verify", "--dry-run", *PROVISION, "--region=eu-west-1", "--operation=PutEvents")

    assert done.returncode == 0, done.stderr
    for call in ("CreateEventTracker", "ListEventTrackers", "DeleteEventTracker", "PutEvents"):
        assert f"personalize:{call}" in done.stdout
    assert "UpdateDataset" not in done.stdout
