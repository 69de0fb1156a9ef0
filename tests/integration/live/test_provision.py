"""A live run creates its dataset, brings it into each state, and leaves nothing behind.

Against the stand-in for an account, whose clock moves with each request.
"""

import json
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from helpers.command import environment, run
from helpers.night import PROVISION, RUN, interrupted, names, sweep, verify, whens
from helpers.stand_in import ACCOUNT, StandIn, short_waits
from helpers.tls import over_tls, proxy, trusted
from personalize_contract.fake_account import aws_json
from personalize_contract.live import resources
from personalize_contract.live.control import Control
from personalize_contract.live.rate_limit import RateLimiter
from personalize_contract.live.resources import Resources
from personalize_contract.live.retry import RetryPolicy
from personalize_contract.model.exchange import Request, Response
from personalize_contract.settings import Settings
from personalize_contract.targets.connection import live

UPDATES = frozenset({"UPDATE PENDING", "UPDATE IN_PROGRESS"})
HOME = f"arn:aws:personalize:us-east-1:{ACCOUNT}"
FAST = 200.0
"""Seconds of the stand-in's clock for each request, so that a change is done by the next one."""


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn(step=FAST).served() as stand_in:
        yield stand_in


def report(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


# --- a whole night, as against AWS: its host names, TLS, and a proxy


def test_night_provisions_verifies_records_and_tears_down(tmp_path: Path) -> None:
    hosts = [f"{name}.eu-west-1.amazonaws.com" for name in ("sts", "personalize")]
    hosts.append("personalize-events.eu-west-1.amazonaws.com")
    proxied: list[str] = []
    cassettes, shown = tmp_path / "cassettes", tmp_path / "night.json"
    with (
        StandIn(step=20, in_use=UPDATES).served() as stand_in,
        over_tls(stand_in.url, *hosts) as secure,
        proxy(secure, proxied) as way,
        short_waits(),
    ):
        done = run(
            "verify",
            *PROVISION,
            "--region=eu-west-1",
            "--record",
            f"--cassettes={cassettes}",
            f"--report={shown}",
            env=environment(
                HTTPS_PROXY=way,
                AWS_CA_BUNDLE=trusted(tmp_path),
                AWS_ACCESS_KEY_ID="personalize-contract",
                AWS_SECRET_ACCESS_KEY="personalize-contract-dummy-secret",
            ),
        )
        puts = [r for r in stand_in.requests if r.path == "/items" and r.method == "POST"]

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert set(proxied) == set(hosts)
    assert stand_in.left() == []

    # the order of calls
    control = [name for name in stand_in.calls if not name.startswith("/")]
    down = [
        "DeleteDataset",
        "DescribeDataset",
        "DeleteDataset",
        "DescribeDataset",
        "DeleteSchema",
        "DeleteDatasetGroup",
        "DescribeDatasetGroup",
    ]
    order = names(control)
    assert order[:7] == [
        "GetCallerIdentity",
        "CreateSchema",
        "CreateDatasetGroup",
        "DescribeDatasetGroup",
        "CreateDataset",
        "DescribeDataset",
        "PutItems",
    ]
    assert order[7:12] == [
        "DescribeDataset",
        "CreateSchema",
        "UpdateDataset",
        "DescribeDataset",
        "PutItems",
    ]
    tail = order[len(order) - order[::-1].index("PutItems") :]
    assert tail in (down, [*down[:2], *down[4:]])

    # the sent requests, and the recorded ones
    for put in puts:
        for name in ids(put.body):
            assert name.startswith("personalize-contract-"[: len(name)])
    recordings = sorted((cassettes / "PutItems").iterdir())
    assert len(recordings) > 15
    for path in recordings:
        text = path.read_text("utf-8")
        assert "answered_by: aws" in text
        assert ACCOUNT not in text
        assert not RUN.search(text)
    in_use = recordings[0].with_name("error.in-use.personalize.yaml").read_text("utf-8")
    assert "dataset/contract-in-use/ITEMS" in in_use
    assert run("verify", "--target=recorded", f"--cassettes={cassettes}").returncode == 0
    night = shown.read_text("utf-8")
    assert ACCOUNT not in night
    assert len(RUN.findall(night)) == 1  # among the facts of the run
    assert set(whens(json.loads(night), "error.in-use.status")) == {
        ("during UpdateDataset", "UPDATE IN_PROGRESS")
    }


def ids(body: bytes) -> list[str]:
    try:
        items = json.loads(body)["items"]
        return [item["itemId"] for item in items if isinstance(item["itemId"], str)]
    except (ValueError, TypeError, KeyError):
        return []


# --- in use


@pytest.mark.parametrize(
    ("statuses", "when"),
    [
        (UPDATES, "during UpdateDataset"),
        ({"CREATE PENDING", "CREATE IN_PROGRESS"}, "right after CreateDataset"),
        ({"DELETE IN_PROGRESS"}, "after DeleteDataset"),
    ],
    ids=["update", "create", "delete"],
)
def test_each_moment_of_a_dataset_is_tried_for_in_use(
    statuses: set[str], when: str, tmp_path: Path
) -> None:
    shown = tmp_path / "report.json"
    with StandIn(step=20, in_use=frozenset(statuses)).served() as stand_in:
        done = verify(stand_in, f"--report={shown}", "-kin-use or success-at-the-end")

    assert done.returncode == 0, done.stderr
    for clause in ("error.in-use.status", "error.in-use.code", "response.success.status"):
        (row,) = (row for row in report(shown)["clauses"] if row["id"] == clause)
        assert row["targets"]["live"]["status"] == "holds"
    seen = whens(report(shown), "error.in-use.status")
    assert {moment for moment, _ in seen} == {when}
    assert {status for _, status in seen} <= statuses
    if when == "during UpdateDataset":
        # Once seen, that moment is the state, also for a request whose answer does not show it.
        (order,) = (row for row in report(shown)["clauses"] if row["id"] == "error.precedence")
        assert "in-use-and-eleven" in json.dumps(order["targets"]["live"]["notes"])
        assert stand_in.calls.count("CreateDataset") == 1
    assert stand_in.left() == []


def test_state_that_never_occurs_is_not_reached(tmp_path: Path) -> None:
    shown = tmp_path / "report.json"
    with StandIn(step=20, in_use=frozenset()).served() as stand_in:
        done = verify(stand_in, f"--report={shown}", "-kin-use or success-at-the-end")

    assert done.returncode == 3, done.stderr
    (row,) = (row for row in report(shown)["clauses"] if row["id"] == "error.in-use.status")
    live = row["targets"]["live"]
    assert live["status"] == "not reached"
    moments = ["during UpdateDataset (", "right after CreateDataset (", "after DeleteDataset ("]
    places = [live["why"].index(moment) for moment in moments]
    assert places == sorted(places)
    assert "(UPDATE IN_PROGRESS): 200 with an empty body" in live["why"]
    assert "(CREATE IN_PROGRESS): 200 with an empty body" in live["why"]
    # The moments of the last dataset were tried once, not once for each scenario.
    assert stand_in.calls.count("UpdateDataset") == 1
    assert stand_in.left() == []


def test_answer_after_the_end_of_a_moment_breaks_nothing(tmp_path: Path) -> None:
    """The dataset becomes active between the status and the request: that it then accepts items is
    no breach."""
    shown = tmp_path / "report.json"
    late: list[int] = []

    def end(name: str, request: Request) -> None:
        stand_in.plane.settle()
        if name == "PutItems" and "in-use" in stand_in.store.states().values():
            # Not the first one: until that is answered, any moment may be the right one.
            count = len(ids(request.body))
            if count == 10 and not late:
                stand_in.clock.time += FAST
                late.append(count)

    stand_in = StandIn(step=20, in_use=UPDATES, before=end)
    with stand_in.served():
        done = verify(stand_in, f"--report={shown}", "-kin-use and not message")
    assert done.returncode == 0, done.stdout
    assert late == [10]
    for clause in ("error.in-use.status", "error.in-use.code"):
        (row,) = (row for row in report(shown)["clauses"] if row["id"] == clause)
        assert row["targets"]["live"]["status"] == "holds"


def test_impossible_moment_is_skipped(tmp_path: Path) -> None:
    def refuse(name: str, request: object) -> Response | None:
        refused = name == "UpdateDataset"
        return aws_json.error("InvalidInputException", "not here") if refused else None

    shown = tmp_path / "report.json"
    with StandIn(step=20, before=refuse).served() as stand_in:
        verify(stand_in, f"--report={shown}", "-kin-use")
    assert {when for when, _ in whens(report(shown), "error.in-use.status")} == {
        "right after CreateDataset"
    }
    assert stand_in.left() == []


# --- teardown


@pytest.mark.parametrize("kind", ["dataset-group", "dataset"])
def test_failed_creation_is_deleted(account: StandIn, kind: str) -> None:
    account.plane.failing.add(kind)
    done = verify(account)
    assert done.returncode == 2
    assert "CREATE FAILED" in done.stderr.splitlines()[-1]
    assert "PutItems" not in account.calls
    assert account.left() == []


def test_reached_quota_is_reported(account: StandIn) -> None:
    account.before = lambda name, request: (
        aws_json.error("LimitExceededException", "5 of 5") if name == "CreateDatasetGroup" else None
    )
    done = verify(account)
    assert done.returncode == 2
    assert "sweep" in done.stderr.splitlines()[-1]
    created, deleted = account.written()[:2], account.written()[2:]
    assert created == ["CreateSchema", "CreateDatasetGroup"]
    assert deleted == ["DeleteSchema", "DeleteDatasetGroup"]
    assert account.left() == []


def test_call_with_a_lost_answer_is_known_to_have_succeeded(account: StandIn) -> None:
    lost: list[str] = []

    def lose(name: str, request: Request) -> Response | None:
        if not name.startswith("Create") or name in lost:
            return None
        lost.append(name)
        account.plane.answer(request)
        return Response(500, "Oh", {}, b"")

    account.before = lose
    done = verify(account, "-ksuccess-at-the-end")
    assert done.returncode == 0, done.stderr
    assert lost == ["CreateSchema", "CreateDatasetGroup", "CreateDataset"]
    assert account.left() == []


STEPS = {
    "CreateSchema": "success-at-the-end",
    "CreateDatasetGroup": "success-at-the-end",
    "DescribeDatasetGroup": "success-at-the-end",
    "CreateDataset": "success-at-the-end",
    "DescribeDataset": "success-at-the-end",
    "PutItems": "success-at-the-end",
    "UpdateDataset": "in-use-ten-items",
    "DeleteDataset": "success-at-the-end",
    "DeleteSchema": "success-at-the-end",
    "DeleteDatasetGroup": "success-at-the-end",
}
"""Each call of a run, and a scenario that needs it."""

DOWN = ("DeleteDataset", "DeleteSchema", "DeleteDatasetGroup")


@pytest.mark.parametrize("step", [step for step in STEPS if step not in DOWN])
def test_run_terminated_at_any_step_deletes_its_resources(account: StandIn, step: str) -> None:
    done = interrupted(account, step, signal.SIGTERM, f"-k{STEPS[step]}")
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines()[-1] == "personalize-contract: interrupted"
    assert account.left() == []


def test_ctrl_c_deletes_the_resources(account: StandIn) -> None:
    done = interrupted(account, "PutItems", signal.SIGINT, "-ksuccess-at-the-end")
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1] == "personalize-contract: interrupted"
    assert account.left() == []


def test_interrupt_waits_for_the_end_of_a_call(account: StandIn) -> None:
    """Otherwise a resource created while the run deletes the others would stay."""
    following = threading.Event()

    def note(name: str) -> None:
        if name == "DeleteDatasetGroup":
            following.set()

    done = interrupted(
        account,
        "CreateDatasetGroup",
        signal.SIGTERM,
        "-ksuccess-at-the-end",
        also=note,
        early=lambda: following.wait(1),
    )
    assert done.returncode == 130
    assert account.left() == []


@pytest.mark.parametrize("step", DOWN)
def test_interrupt_during_the_teardown_changes_nothing(account: StandIn, step: str) -> None:
    done = interrupted(account, step, signal.SIGTERM, f"-k{STEPS[step]}")
    assert done.returncode == 0
    assert re.search(r"all \d+ clauses asked about hold on live", done.stdout)
    assert "interrupt again to leave them" in done.stderr
    assert account.left() == []


@pytest.mark.parametrize("step", STEPS)
def test_leftovers_of_a_killed_run_are_swept(account: StandIn, step: str) -> None:
    done = interrupted(account, step, signal.SIGKILL, f"-k{STEPS[step]}")
    assert done.returncode == -signal.SIGKILL
    for resource in account.resources():
        resource.created -= 24 * 3600
    done = sweep(account, "--yes")
    assert done.returncode == 0, done.stderr
    assert account.left() == []


def test_second_interrupt_ends_the_teardown(
    account: StandIn,
) -> None:
    account.step = 0  # time stands still, so that the teardown does not end
    done = interrupted(account, "CreateDatasetGroup", signal.SIGINT, times=3)
    assert done.returncode == 130
    assert "interrupt again to leave them" in done.stderr
    assert "could not be deleted" in done.stderr
    assert f"sweep --account {ACCOUNT} --region us-east-1 --endpoint-url " in done.stderr
    assert account.left() != []
    account.clock.time += FAST


def test_failed_teardown_exits_with_2(account: StandIn) -> None:
    account.before = lambda name, request: (
        aws_json.error("InvalidInputException", "no") if name == "DeleteDatasetGroup" else None
    )
    done = verify(account, "-ksuccess-at-the-end")
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert "dataset-group/personalize-contract-" in last
    assert "sweep" in last
    assert re.search(
        r"all \d+ clauses asked about hold on live", done.stdout
    )  # the evidence is not lost
    assert [name.partition("/")[0] for name in account.left()] == ["dataset-group"]


def test_dependency_of_an_undeletable_resource_is_not_waited_for(account: StandIn) -> None:
    """Otherwise one failed call would cost the longest wait for two more resources."""
    account.before = lambda name, request: (
        aws_json.error("InvalidInputException", "no") if name == "DeleteDataset" else None
    )
    done = verify(account, "-ksuccess-at-the-end")
    assert done.returncode == 2
    deletes = [name for name in account.calls if name.startswith("Delete")]
    assert deletes == ["DeleteDataset", "DeleteSchema", "DeleteDatasetGroup"]
    command = f"sweep --account {ACCOUNT} --region us-east-1 --endpoint-url {account.url}"
    assert f"to list them: personalize-contract {command} --older-than 0s" in done.stderr


def test_teardown_has_a_time_limit_and_names_what_it_waits_for(account: StandIn) -> None:
    account.step = 0
    notices: list[str] = []
    control = Control(
        live(Settings(endpoint_url=account.url)), RateLimiter(), RetryPolicy(notices.append)
    )
    run_name = "personalize-contract-x"
    created = Resources(control, notices.append, run_name, HOME, "ITEMS", "sweep it")
    created.create_schema()
    created._create("CreateDatasetGroup", created.group, name=run_name)
    with short_waits(), mock.patch.multiple(resources, MAX_TEARDOWN=0.3, NOTIFY_INTERVAL=0.1):
        left = created.delete_all()
    assert left.startswith("dataset-group/personalize-contract-x could not be deleted: ")
    assert "still exists after 0 s" in left
    assert "dataset-group/personalize-contract-x: still in use (0 s)" in notices
    assert notices[-1] == "to list them: sweep it"


def test_reports_are_written_before_the_teardown_and_after_it(
    account: StandIn, tmp_path: Path
) -> None:
    paths = [tmp_path / f"night.{kind}" for kind in ("json", "html", "md", "xml")]
    seen: list[list[bool]] = []

    def look(name: str, request: object) -> Response | None:
        if name.startswith("Delete"):
            seen.append([path.exists() for path in paths])
        refused = name == "DeleteDatasetGroup"
        return aws_json.error("InvalidInputException", "no") if refused else None

    account.before = look
    verify(account, "-ksuccess-at-the-end", *(f"--report={path}" for path in paths))
    assert seen[0] == [True] * 4
    assert "could not be deleted" in report(paths[0])["obstacles"][0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_terminated_night_writes_a_partial_report(
    account: StandIn, number: signal.Signals, tmp_path: Path
) -> None:
    shown = tmp_path / "night.json"
    done = interrupted(
        account, "UpdateDataset", number, "-kin-use or success-at-the-end", f"--report={shown}"
    )
    assert done.returncode == 130, done.stderr
    assert account.left() == []
    assert report(shown)["partial"] == "it was interrupted"
    assert "This is partial: it was interrupted." in report(shown)["headline"]
    (clause,) = (row for row in report(shown)["clauses"] if row["id"] == "response.success.status")
    assert clause["targets"]["live"]["status"] == "holds"
