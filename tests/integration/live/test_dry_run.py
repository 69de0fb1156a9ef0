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


def test_policy_allows_only_the_resources_of_a_run() -> None:
    _, policy = dry("--provision")
    assert policy["Version"] == "2012-10-17"
    home = f"arn:aws:personalize:eu-west-1:{ACCOUNT}"
    resources = {statement["Sid"]: statement["Resource"] for statement in policy["Statement"]}
    assert resources == {
        "Schemas": f"{home}:schema/personalize-contract-*",
        "DatasetGroups": f"{home}:dataset-group/personalize-contract-*",
        "Datasets": f"{home}:dataset/personalize-contract-*",
    }
    for statement in policy["Statement"]:
        kinds = {"Schemas": "Schema", "DatasetGroups": "DatasetGroup", "Datasets": "Dataset"}
        kind = kinds[statement["Sid"]]
        verbs = f"personalize:(Create|Describe|Update|Delete){kind}|personalize:PutItems"
        assert all(re.fullmatch(verbs, action) for action in statement["Action"])


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
