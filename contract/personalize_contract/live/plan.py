"""What a live run will call, and the least that its role must be allowed: for `--dry-run`.

The calls are the table below, in their order; the policy is made of the same rows. Source of what
an action can be limited to: AWS, "Actions, resources, and condition keys for Amazon Personalize".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from personalize_contract.model.datasets import PREFIX


@dataclass(frozen=True)
class Step:
    """A call that a live run makes.

    Args:
        service: its name in botocore.
        operation: what is called.
        on: what it is about: `schema`, `dataset-group`, `dataset`, or `""`.
        why: what for.
    """

    service: str
    operation: str
    on: str
    why: str


_WHO = Step("sts", "GetCallerIdentity", "", "the account must be the one of --account")
_PUT = Step("personalize-events", "{operation}", "dataset", "{scenarios} scenarios of the suite")

GIVEN = (_WHO, _PUT)
"""With datasets that were given."""

PROVISIONED = (
    _WHO,
    Step("personalize", "CreateSchema", "schema", "one"),
    Step("personalize", "CreateDatasetGroup", "dataset-group", "one of the five of a region"),
    Step("personalize", "DescribeDatasetGroup", "dataset-group", "until it is ACTIVE"),
    Step("personalize", "CreateDataset", "dataset", "one"),
    Step("personalize", "DescribeDataset", "dataset", "until it is ACTIVE"),
    _PUT,
    Step("personalize", "CreateSchema", "schema", "in-use: one with a field more"),
    Step("personalize", "UpdateDataset", "dataset", "in-use: the first moment to try"),
    Step("personalize", "DescribeDataset", "dataset", "in-use: its status beside each answer"),
    Step("personalize", "DeleteDataset", "dataset", "in-use: only if an update did not show it"),
    Step("personalize", "CreateDataset", "dataset", "in-use: only if an update did not show it"),
    Step("personalize", "DeleteDataset", "dataset", "always, whatever happened"),
    Step("personalize", "DescribeDataset", "dataset", "until it is gone"),
    Step("personalize", "DeleteSchema", "schema", "each that was made"),
    Step("personalize", "DeleteDatasetGroup", "dataset-group", "the last"),
    Step("personalize", "DescribeDatasetGroup", "dataset-group", "until it is gone"),
)
"""With a dataset that is made for the run."""


_TRACKER = (
    Step("personalize", "CreateEventTracker", "event-tracker", "one, of the dataset group"),
    Step("personalize", "DescribeEventTracker", "event-tracker", "until it is ACTIVE"),
)
_TRACKER_DOWN = (
    Step("personalize", "ListEventTrackers", "event-tracker", "those of the dataset group"),
    Step("personalize", "DeleteEventTracker", "event-tracker", "always, whatever happened"),
    Step("personalize", "DescribeEventTracker", "event-tracker", "until it is gone"),
)


def provisioned(provisions: str) -> tuple[Step, ...]:
    """The calls of a run that makes what it writes to.

    Args:
        provisions: the type of the dataset whose tracker is made; `""` for a dataset itself.
    """
    if not provisions:
        return PROVISIONED
    made = [call for call in PROVISIONED if not call.why.startswith("in-use")]
    at = made.index(_PUT)
    if provisions != "INTERACTIONS":  # whose tracker comes with the dataset
        return tuple(made)
    return (*made[:at], *_TRACKER, _PUT, *_TRACKER_DOWN, *made[at + 1 :])


def told(calls: Iterable[Step], operation: str, scenarios: int) -> Iterator[str]:
    """The calls, a line each."""
    for number, call in enumerate(calls, 1):
        name = f"{call.service} {call.operation.format(operation=operation)}"
        yield f"{number:3} {name:40} {call.why.format(scenarios=scenarios)}"


def policy(
    calls: Iterable[Step], operation: str, home: str, datasets: Iterable[str] = ()
) -> dict[str, Any]:
    """The least IAM policy for these calls. Whose credentials they are everybody may ask STS.

    Args:
        calls: what is called.
        operation: of the contract.
        home: the beginning of the ARNs of the account's resources.
        datasets: the ARNs that were given; without any, those that a run makes.
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
