"""The calls of a live run, and the minimal policy for its role, for `--dry-run`.

The calls are in the tables below, in order; the policy is built from the same rows. Source of the
resources of actions: AWS, "Actions, resources, and condition keys for Amazon Personalize".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from personalize_contract.model.datasets import PREFIX


@dataclass(frozen=True)
class Step:
    """A call of a live run.

    Args:
        service: the botocore name of the service.
        operation: the name of the operation.
        on: the type of the resource: `schema`, `dataset-group`, `dataset`, or `""`.
        why: the purpose of the call.
    """

    service: str
    operation: str
    on: str
    why: str


_IDENTITY = Step("sts", "GetCallerIdentity", "", "the account must be the one of --account")
_PUT = Step("personalize-events", "{operation}", "dataset", "{scenarios} scenarios of the suite")

DECLARED = (_IDENTITY, _PUT)
"""The calls of a run with declared datasets."""

PROVISIONED = (
    _IDENTITY,
    Step("personalize", "CreateSchema", "schema", "one"),
    Step("personalize", "CreateDatasetGroup", "dataset-group", "one of the five of a region"),
    Step("personalize", "DescribeDatasetGroup", "dataset-group", "until it is ACTIVE"),
    Step("personalize", "CreateDataset", "dataset", "one"),
    Step("personalize", "DescribeDataset", "dataset", "until it is ACTIVE"),
    _PUT,
    Step("personalize", "CreateSchema", "schema", "in-use: one with an additional field"),
    Step("personalize", "UpdateDataset", "dataset", "in-use: the first moment to try"),
    Step("personalize", "DescribeDataset", "dataset", "in-use: its status beside each answer"),
    Step("personalize", "DeleteDataset", "dataset", "in-use: only if no update answered 409"),
    Step("personalize", "CreateDataset", "dataset", "in-use: only if no update answered 409"),
    Step("personalize", "DeleteDataset", "dataset", "always, even after a failure"),
    Step("personalize", "DescribeDataset", "dataset", "until it is gone"),
    Step("personalize", "DeleteSchema", "schema", "each that was created"),
    Step("personalize", "DeleteDatasetGroup", "dataset-group", "last"),
    Step("personalize", "DescribeDatasetGroup", "dataset-group", "until it is gone"),
)
"""The calls of a run with its own dataset."""


_TRACKER = (
    Step("personalize", "CreateEventTracker", "event-tracker", "one, in the dataset group"),
    Step("personalize", "DescribeEventTracker", "event-tracker", "until it is ACTIVE"),
)
_TRACKER_DOWN = (
    Step("personalize", "ListEventTrackers", "event-tracker", "those of the dataset group"),
    Step("personalize", "DeleteEventTracker", "event-tracker", "always, even after a failure"),
    Step("personalize", "DescribeEventTracker", "event-tracker", "until it is gone"),
)


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
    actions: dict[str, dict[str, None]] = {}
    for call in calls:
        if call.on:
            action = f"personalize:{call.operation.format(operation=operation)}"
            actions.setdefault(call.on, {})[action] = None
    resources = {on: f"{home}:{on}/{PREFIX}*" for on in actions}
    statements = [
        {
            "Sid": "".join(word.capitalize() for word in on.split("-")) + "s",
            "Effect": "Allow",
            "Action": sorted(allowed),
            "Resource": sorted(datasets) or resources[on],
        }
        for on, allowed in actions.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}
