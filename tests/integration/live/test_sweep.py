"""`sweep`: the leftovers of killed runs, by name and age; listed, and deleted on request."""

import signal
import time
from collections.abc import Iterator

import pytest

from helpers.night import RUN, interrupted, sweep
from helpers.stand_in import ACCOUNT, HandClock, StandIn
from personalize_contract.fake_account.lifecycle import Resource

HOUR = 3600.0
DEAD = "personalize-contract-20261101t030000-abc123"
YOUNG = "personalize-contract-20261124t030000-abc123"
THEIRS = ("shop", "personalize-contract", "personalize-contract-demo", f"my-{DEAD}", f"{DEAD}-x")


def home(region: str = "us-east-1") -> str:
    return f"arn:aws:personalize:{region}:{ACCOUNT}"


def create(account: StandIn, name: str, hours: float, region: str = "us-east-1") -> None:
    """Create a schema, a dataset group and its dataset, some hours ago."""
    created = time.time() - hours * HOUR
    schema, group = f"{home(region)}:schema/{name}-1", f"{home(region)}:dataset-group/{name}"
    text = '{"fields": [{"name": "ITEM_ID", "type": "string"}]}'
    members = {
        "name": name,
        "datasetGroupArn": group,
        "datasetType": "ITEMS",
        "schemaArn": schema,
    }
    for kind, arn, shown in (
        ("schema", schema, {"name": f"{name}-1", "schema": text}),
        ("dataset-group", group, {"name": name}),
        ("dataset", f"{home(region)}:dataset/{name}/ITEMS", members),
    ):
        account.plane.resources.by_arn[arn] = Resource(kind, arn, shown, created)


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn(clock=HandClock(), step=200).served() as stand_in:
        yield stand_in


def test_leftovers_are_listed_and_not_deleted(account: StandIn) -> None:
    account.step = 0
    create(account, DEAD, hours=7)
    done = sweep(account)
    assert done.returncode == 0
    kinds = [line.partition("/")[0] for line in done.stdout.splitlines()]
    assert kinds[:3] == ["dataset", "schema", "dataset-group"]
    assert "7.0 h old" in done.stdout
    assert done.stdout.splitlines()[-1] == "nothing was deleted; add --yes to delete these 3"
    assert account.written() == []


def test_resource_from_the_future_has_no_age(account: StandIn) -> None:
    create(account, DEAD, hours=-1)
    assert sweep(account).stdout.splitlines() == [
        "no leftover of a live run is older than 6h",
    ]
    assert "add --yes to delete these 3" in sweep(account, "--older-than", "0s").stdout


def test_age_uses_the_clock_of_the_service(account: StandIn) -> None:
    account.step = 0
    create(account, DEAD, hours=7)
    account.clock.time += 10 * HOUR
    done = sweep(account, "--older-than=16h")
    assert "17.0 h old" in done.stdout


def test_yes_deletes_dependents_first(account: StandIn) -> None:
    create(account, DEAD, hours=7)
    done = sweep(account, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "deleted: 3"
    once = list(dict.fromkeys(account.written()))
    assert once == ["DeleteDataset", "DeleteSchema", "DeleteDatasetGroup"]
    assert account.left() == []


def test_young_foreign_and_distant_resources_stay(account: StandIn) -> None:
    create(account, YOUNG, hours=5)
    create(account, DEAD, hours=7, region="eu-west-1")
    for name in THEIRS:
        create(account, name, hours=1000)
    before = account.left()
    done = sweep(account, "--yes")
    assert done.stdout == "no leftover of a live run is older than 6h\n"
    assert account.written() == []
    assert account.left() == before


@pytest.mark.parametrize(("age", "is_listed"), [("4h", True), ("301m", False), ("1d", False)])
def test_older_than_sets_the_age(account: StandIn, age: str, is_listed: bool) -> None:
    account.step = 0
    create(account, YOUNG, hours=5)
    assert ("dataset-group/" in sweep(account, f"--older-than={age}").stdout) == is_listed


def test_all_pages_are_listed(account: StandIn) -> None:
    for number in range(150):
        arn = f"{home()}:schema/{DEAD}-{number}"
        account.plane.resources.by_arn[arn] = Resource(
            "schema", arn, {"name": f"{DEAD}-{number}"}, 0
        )
    assert "delete these 150" in sweep(account).stdout
    assert account.calls.count("ListSchemas") == 2


def test_another_account_is_not_swept(account: StandIn) -> None:
    create(account, DEAD, hours=7)
    done = sweep(account, "--account=999999999999", "--yes")
    assert done.returncode == 2
    assert "belong to another account" in done.stderr
    assert account.calls == ["GetCallerIdentity"]


def test_undeletable_resource_is_reported_and_the_rest_deleted(account: StandIn) -> None:
    from personalize_contract.fake_account import aws_json

    create(account, DEAD, hours=7)
    refused = aws_json.error("InvalidInputException", "no")
    account.before = lambda name, request: refused if name == "DeleteSchema" else None
    done = sweep(account, "--yes")
    assert done.returncode == 2
    assert "1 of 3 could not be deleted: DeleteSchema failed" in done.stderr
    assert account.left() == [f"schema/{DEAD}-1"]


def test_run_in_progress_is_not_swept(account: StandIn) -> None:
    swept: list[str] = []

    def look(name: str) -> None:
        if name == "PutItems":
            swept.append(sweep(account, "--yes").stdout)

    done = interrupted(account, "PutItems", signal.SIGTERM, "-ksuccess-at-the-end", also=look)
    assert done.returncode == 130
    assert swept
    assert not any(RUN.search(output) for output in swept)
    assert account.left() == []


@pytest.mark.parametrize("age", ["6", "six hours", "-1h", "6w", "", "1e3h"])
def test_invalid_age_is_refused(account: StandIn, age: str) -> None:
    done = sweep(account, f"--older-than={age}")
    assert done.returncode == 2
    assert done.stderr.startswith("personalize-contract: --older-than")
    assert done.stderr.count("\n") == 1
    assert account.calls == []
