"""The lifecycle of a resource in the control plane.

The names and the order of the statuses are from the API reference (CreateDatasetGroup,
CreateDataset, DatasetUpdateSummary). Their durations are round numbers near those in public
reports; this project has measured none. Nothing documents the statuses in which `PutItems` answers
409, so they are a decision of this fake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personalize_contract.model.datasets import State

Steps = tuple[tuple[str, float], ...]
"""Statuses that a resource passes through, with the duration of each in seconds."""

STEPS: Mapping[tuple[str, str], Steps] = {
    ("dataset-group", "create"): (("CREATE PENDING", 5), ("CREATE IN_PROGRESS", 40)),
    ("dataset-group", "delete"): (("DELETE PENDING", 40),),
    ("dataset", "create"): (("CREATE PENDING", 5), ("CREATE IN_PROGRESS", 55)),
    ("dataset", "update"): (("UPDATE PENDING", 5), ("UPDATE IN_PROGRESS", 100)),
    ("event-tracker", "create"): (("CREATE PENDING", 5), ("CREATE IN_PROGRESS", 25)),
    ("event-tracker", "delete"): (("DELETE PENDING", 5), ("DELETE IN_PROGRESS", 25)),
    ("dataset", "delete"): (("DELETE PENDING", 10), ("DELETE IN_PROGRESS", 90)),
}
"""The steps of each kind of resource and each action on it."""

IN_USE = frozenset(
    {
        "CREATE PENDING",
        "CREATE IN_PROGRESS",
        "UPDATE PENDING",
        "UPDATE IN_PROGRESS",
        "DELETE PENDING",
        "DELETE IN_PROGRESS",
    }
)
"""Statuses in which a dataset answers puts with 409. A decision, not a fact about AWS."""

GONE = "gone"
ACTIVE = "ACTIVE"
CREATE_FAILED = "CREATE FAILED"


@dataclass(slots=True)
class Resource:
    """A schema, dataset group, dataset or event tracker.

    Args:
        kind: `schema`, `dataset-group`, `dataset` or `event-tracker`.
        arn: its ARN.
        members: its description, without status and dates.
        created: its time of creation, in seconds since 1970.
        action: the last action begun: `create`, `update` or `delete`; `""` for a schema.
        outcome: the status at the end of that action.
        reason: the reason of a failure.
        update: the content of `latestDatasetUpdate`, once the schema was replaced.
    """

    kind: str
    arn: str
    members: dict[str, Any]
    created: float
    action: str = ""
    outcome: str = ACTIVE
    reason: str = ""
    update: dict[str, Any] = field(default_factory=dict)
    began: float = 0.0

    def begin(self, action: str, now: float, outcome: str = ACTIVE) -> None:
        """Begin an action on it."""
        self.action, self.began, self.outcome = action, now, outcome

    def status(self, now: float) -> str:
        """Return its status; `gone` once it is deleted."""
        left = now - self.began
        for status, seconds in STEPS.get((self.kind, self.action), ()):
            if left < seconds:
                return status
            left -= seconds
        return self.outcome

    def changed(self, now: float) -> float:
        """Return the time of its last change of status."""
        at = self.began or self.created
        for _, seconds in STEPS.get((self.kind, self.action), ()):
            if now < at + seconds:
                break
            at += seconds
        return at

    def state(self, now: float, in_use: frozenset[str] = IN_USE) -> State:
        """Return the state of a dataset for `PutItems`."""
        status = self.status(now)
        if status in in_use:
            return "in-use"
        return "missing" if status in (GONE, CREATE_FAILED) else "active"
