"""The calls of a live run, and the minimal policy for its role, for `--dry-run`.

The calls are in the tables below, in order; the policy is built from the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from personalize_contract.model.datasets import PREFIX


@dataclass(frozen=True)
class Step:
    """A call of a live run.

    Args:
        service: the botocore name of the service.
        operation: the name of the operation.
        why: the purpose of the call.
    """

    service: str
    operation: str
    why: str


_IDENTITY = Step("sts", "GetCallerIdentity", "the account must be the one of --account")
_PUT = Step("personalize-events", "{operation}", "{scenarios} scenarios of the suite")

DECLARED = (_IDENTITY, _PUT)
"""The calls of a run with declared datasets."""

PROVISIONED = (
    _IDENTITY,
    Step("personalize", "CreateSchema", "one"),
    Step("personalize", "CreateDatasetGroup", "one; the default quota of a region is 5"),
    Step("personalize", "DescribeDatasetGroup", "until it is ACTIVE"),
    Step("personalize", "CreateDataset", "one"),
    Step("personalize", "DescribeDataset", "until it is ACTIVE"),
    _PUT,
    Step("personalize", "CreateSchema", "in-use: one with an additional field"),
    Step("personalize", "UpdateDataset", "in-use: the first moment to try"),
    Step("personalize", "DescribeDataset", "in-use: its status beside each answer"),
    Step("personalize", "DeleteDataset", "in-use: only if no update answered 409"),
    Step("personalize", "CreateDataset", "in-use: only if no update answered 409"),
    Step("personalize", "DeleteDataset", "always, even after a failure"),
    Step("personalize", "DescribeDataset", "until it is gone"),
    Step("personalize", "DeleteSchema", "each that was created"),
    Step("personalize", "DeleteDatasetGroup", "last"),
    Step("personalize", "DescribeDatasetGroup", "until it is gone"),
)
"""The calls of a run with its own dataset."""


_TRACKER = (
    Step("personalize", "CreateEventTracker", "one, in the dataset group"),
    Step("personalize", "DescribeEventTracker", "until it is ACTIVE"),
)
_TRACKER_DOWN = (
    Step("personalize", "ListEventTrackers", "those of the dataset group"),
    Step("personalize", "DeleteEventTracker", "always, even after a failure"),
    Step("personalize", "DescribeEventTracker", "until it is gone"),
)


ANY = "*"
"""The resource of an action without resource-level permissions."""

_RESOURCE_TYPES: Mapping[str, tuple[str, ...]] = {
    "CreateSchema": ("schema",),
    "DeleteSchema": ("schema",),
    "CreateDatasetGroup": ("dataset-group",),
    "DescribeDatasetGroup": ("dataset-group",),
    "DeleteDatasetGroup": ("dataset-group",),
    "CreateDataset": ("dataset-group", "dataset"),
    "DescribeDataset": ("dataset",),
    "UpdateDataset": ("dataset",),
    "DeleteDataset": ("dataset",),
    "CreateEventTracker": ("dataset-group", "event-tracker"),
    "DescribeEventTracker": ("event-tracker",),
    "DeleteEventTracker": ("event-tracker",),
    "ListEventTrackers": (ANY,),
    "PutItems": ("dataset",),
    "PutUsers": ("dataset",),
    "PutActions": ("dataset",),
    "PutEvents": (ANY,),
    "PutActionInteractions": (ANY,),
}
"""The types of resource that each action requires; `*` if it supports none. Source: AWS, Service
Authorization Reference, "Actions, resources, and condition keys for Amazon Personalize"."""

_SIDS = {
    "schema": "Schemas",
    "dataset-group": "DatasetGroups",
    "dataset": "Datasets",
    "event-tracker": "EventTrackers",
    ANY: "AnyResource",
}
"""The id of the statement about each type of resource, in order."""


def provisioned(provisions: str) -> tuple[Step, ...]:
    """Return the calls of a run that creates the resource it writes to.

    Args:
        provisions: the type of the dataset whose tracker is created; `""` for a dataset itself.
    """
    if not provisions:
        return PROVISIONED
    steps = [step for step in PROVISIONED if not step.why.startswith("in-use")]
    at = steps.index(_PUT)
    if provisions != "INTERACTIONS":  # the dataset comes with a tracker
        return tuple(steps)
    return (*steps[:at], *_TRACKER, _PUT, *_TRACKER_DOWN, *steps[at + 1 :])


def lines(calls: Iterable[Step], operation: str, scenarios: int) -> Iterator[str]:
    """Yield a line for each call.

    Args:
        calls: the calls.
        operation: the operation of the contract.
        scenarios: the number of scenarios.
    """
    for number, call in enumerate(calls, 1):
        name = f"{call.service} {call.operation.format(operation=operation)}"
        yield f"{number:3} {name:40} {call.why.format(scenarios=scenarios)}"


def policy(
    calls: Iterable[Step], operation: str, home: str, datasets: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the minimal IAM policy for these calls. GetCallerIdentity needs no permission.

    Args:
        calls: the calls.
        operation: the operation of the contract.
        home: the prefix of the ARNs of the account's resources.
        datasets: the declared ARNs; empty for those that a run creates.
    """
    actions: dict[str, set[str]] = {}
    for call in calls:
        if call.service != "sts":
            name = call.operation.format(operation=operation)
            for kind in _RESOURCE_TYPES.get(name, (ANY,)):
                actions.setdefault(kind, set()).add(f"personalize:{name}")
    resources: dict[str, str | list[str]] = {kind: f"{home}:{kind}/{PREFIX}*" for kind in actions}
    resources["event-tracker"] = f"{home}:event-tracker/*"  # AWS chooses its ARN
    resources[ANY] = ANY
    if declared := sorted(datasets):
        resources["dataset"] = declared
    statements = [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Action": sorted(actions[kind]),
            "Resource": resources[kind],
        }
        for kind, sid in _SIDS.items()
        if kind in actions
    ]
    return {"Version": "2012-10-17", "Statement": statements}
