"""What becomes of a resource of the control plane as time goes by.

The names of the statuses and their order are the API reference's (CreateDatasetGroup,
CreateDataset, DatasetUpdateSummary). How long each takes is what was seen, rounded; which of
them `PutItems` answers 409 in is written nowhere, and so is a decision of this stand-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from personalize_contract.model.datasets import State

Steps = tuple[tuple[str, float], ...]
"""Statuses that a resource passes through, with the seconds that it stays in each."""

STEPS: Mapping[tuple[str, str], Steps] = {
    ("dataset-group", "create"): (("CREATE PENDING", 5), ("CREATE IN_PROGRESS", 40)),
    ("dataset-group", "delete"): (("DELETE PENDING", 40),),
    ("dataset", "create"): (("CREATE PENDING", 5), ("CREATE IN_PROGRESS", 55)),
    ("dataset", "update"): (("UPDATE PENDING", 5), ("UPDATE IN_PROGRESS", 100)),
    ("event-tracker", "create"): (("CREATE PENDING", 5), ("CREATE IN_PROGRESS", 25)),
    ("event-tracker", "delete"): (("DELETE PENDING", 5), ("DELETE IN_PROGRESS", 25)),
    ("dataset", "delete"): (("DELETE PENDING", 10), ("DELETE IN_PROGRESS", 90)),
}
"""By kind of resource and what is done to it."""

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
"""Statuses of a dataset into which nothing can be put: 409. A decision, not a fact of AWS."""

GONE = "gone"
ACTIVE = "ACTIVE"
CREATE_FAILED = "CREATE FAILED"


@dataclass(slots=True)
class Resource:
    """A schema, dataset group or dataset.

    Args:
        kind: `schema`, `dataset-group` or `dataset`.
        arn: its ARN.
        members: what describing it shows, beside its status and dates.
        created: when, in seconds since 1970.
        doing: `create`, `update` or `delete`, whichever was last begun; `""` for a schema.
        ends: the status that it has once that is over.
        reason: why it failed.
        update: what `latestDatasetUpdate` shows of a dataset whose schema was replaced.
    """

    kind: str
    arn: str
    members: dict[str, Any]
    created: float
    doing: str = ""
    ends: str = ACTIVE
    reason: str = ""
    update: dict[str, Any] = field(default_factory=dict)
    began: float = 0.0

    def begin(self, doing: str, now: float, ends: str = ACTIVE) -> None:
        """Start to do something to it."""
        self.doing, self.began, self.ends = doing, now, ends

    def status(self, now: float) -> str:
        """Its status; `gone` once it is deleted."""
        left = now - self.began
        for status, seconds in STEPS.get((self.kind, self.doing), ()):
            if left < seconds:
                return status
            left -= seconds
        return self.ends

    def changed(self, now: float) -> float:
        """When its status last changed."""
        at = self.began or self.created
        for _, seconds in STEPS.get((self.kind, self.doing), ()):
            if now < at + seconds:
                break
            at += seconds
        return at

    def state(self, now: float, in_use: frozenset[str] = IN_USE) -> State:
        """The state of a dataset, as `PutItems` sees it."""
        status = self.status(now)
        if status in in_use:
            return "in-use"
        return "missing" if status in (GONE, CREATE_FAILED) else "active"
