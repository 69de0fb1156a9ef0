"""`verify --target live --dry-run`: each call and the minimal policy, printed and not called."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from helpers.command import environment, run
from helpers.night import PROVISION, verify
from helpers.stand_in import ACCOUNT, StandIn

DECLARED = f"arn:aws:personalize:eu-west-1:{ACCOUNT}:dataset/shop/ITEMS"


def dry(*arguments: str, **more: str) -> tuple[list[str], Any]:
    """Return the printed calls, as `service Operation`, and the printed policy."""
    done = run(
        "verify",
        "--target=live",
        "--dry-run",
        f"--account={ACCOUNT}",
        *arguments,
        env=environment(AWS_REGION="eu-west-1", **more),
    )
    assert done.returncode == 0, done.stderr
    calls = re.findall(r"^ *\d+ ([a-z-]+ [A-Za-z]+) ", done.stdout, re.MULTILINE)
    return calls, json.loads(done.stdout[done.stdout.index("{") :])


def allowed(policy: Any) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize("options", [("--provision",), (f"--dataset={DECLARED}=active",)])
def test_dry_run_calls_nothing(options: tuple[str, ...]) -> None:
    with StandIn().served() as stand_in:
        dry(*options, f"--endpoint-url={stand_in.url}")
        dry(*options, AWS_ENDPOINT_URL=stand_in.url)
        assert stand_in.calls == []


def test_dry_run_needs_no_credentials() -> None:
    calls, _ = dry("--provision")
    assert calls[0] == "sts GetCallerIdentity"


def test_night_makes_the_calls_that_dry_run_printed(
    tmp_path: Path,
) -> None:
    calls, policy = dry("--provision")
    with StandIn(step=20, in_use=frozenset({"DELETE IN_PROGRESS"})).served() as stand_in:
        done = verify(stand_in, "-kin-use or success-at-the-end")
    assert done.returncode == 0
    printed = [line.partition(" ")[2] for line in calls]
    assert list(dict.fromkeys(stand_in.calls)) == [
        "GetCallerIdentity",
        "CreateSchema",
        "CreateDatasetGroup",
        "DescribeDatasetGroup",
        "CreateDataset",
        "DescribeDataset",
        "PutItems",
        "UpdateDataset",
        "DeleteDataset",
        "DeleteSchema",
        "DeleteDatasetGroup",
    ]
    assert set(printed) == set(stand_in.calls)
    needs = {f"personalize:{name}" for name in stand_in.calls if name != "GetCallerIdentity"}
    assert allowed(policy) == needs


HOME = f"arn:aws:personalize:eu-west-1:{ACCOUNT}"
SCHEMAS = {
    f"{HOME}:schema/personalize-contract-*": ["CreateSchema", "DeleteSchema"],
}
GROUP = ["CreateDataset", "CreateDatasetGroup", "DeleteDatasetGroup", "DescribeDatasetGroup"]
DATASET = ["CreateDataset", "DeleteDataset", "DescribeDataset"]


def a_dataset_for(put: str) -> dict[str, list[str]]:
    return SCHEMAS | {
        f"{HOME}:dataset-group/personalize-contract-*": GROUP,
        f"{HOME}:dataset/personalize-contract-*": [*DATASET, put, "UpdateDataset"],
    }


# AWS, Service Authorization Reference: PutEvents, PutActionInteractions and the List actions have
# no resource type; CreateDataset and CreateEventTracker need the dataset group too. AWS chooses
# the ARN of a tracker.
POLICIES = {
    "PutItems": a_dataset_for("PutItems"),
    "PutUsers": a_dataset_for("PutUsers"),
    "PutActions": a_dataset_for("PutActions"),
    "PutEvents": SCHEMAS
    | {
        f"{HOME}:dataset-group/personalize-contract-*": sorted([*GROUP, "CreateEventTracker"]),
        f"{HOME}:dataset/personalize-contract-*": DATASET,
        f"{HOME}:event-tracker/*": [
            "CreateEventTracker",
            "DeleteEventTracker",
            "DescribeEventTracker",
        ],
        "*": ["ListEventTrackers", "PutEvents"],
    },
    "PutActionInteractions": SCHEMAS
    | {
        f"{HOME}:dataset-group/personalize-contract-*": GROUP,
        f"{HOME}:dataset/personalize-contract-*": DATASET,
        "*": ["PutActionInteractions"],
    },
}


@pytest.mark.parametrize("operation", POLICIES)
def test_policy_allows_each_action_on_the_resources_that_it_requires(operation: str) -> None:
    _, policy = dry("--provision", f"--operation={operation}")
    assert policy["Version"] == "2012-10-17"
    resources = {statement["Resource"]: statement["Action"] for statement in policy["Statement"]}
    assert resources == {
        resource: [f"personalize:{action}" for action in actions]
        for resource, actions in POLICIES[operation].items()
    }


def test_policy_for_a_declared_tracker_has_no_tracking_id() -> None:
    tracking_id = "11111111-2222-3333-4444-555555555555"
    done = run(
        *("verify", "--target=live", "--dry-run", "--operation=PutEvents"),
        *(f"--account={ACCOUNT}", "--region=eu-west-1", f"--dataset={tracking_id}=active"),
    )
    assert "IAM has no resource-level permissions for personalize:PutEvents: the" in done.stdout
    (statement,) = json.loads(done.stdout[done.stdout.index("{") :])["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["personalize:PutEvents"], "*")


def test_policy_for_declared_datasets_allows_only_them() -> None:
    calls, policy = dry(f"--dataset={DECLARED}=active")
    assert calls == ["sts GetCallerIdentity", "personalize-events PutItems"]
    (statement,) = policy["Statement"]
    assert statement["Action"] == ["personalize:PutItems"]
    assert statement["Resource"] == [DECLARED]


def test_policy_has_the_partition_of_the_region() -> None:
    done = run("verify", *PROVISION, "--dry-run", "--region=cn-north-1")
    assert f"arn:aws-cn:personalize:cn-north-1:{ACCOUNT}:schema/" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target=live", "--dry-run", "--provision"], "--account ID"),
        (["--target=live", "--dry-run", f"--account={ACCOUNT}"], "--region"),
        (["--dry-run"], "for --target live"),
        (["--provision"], "for --target live"),
    ],
)
def test_missing_option_is_named(arguments: list[str], says: str) -> None:
    done = run("verify", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
