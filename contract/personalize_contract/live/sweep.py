"""The leftovers of killed runs: recognised by name and age, listed, and deleted on request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from personalize_contract.errors import PersonalizeContractError
from personalize_contract.live import names
from personalize_contract.live.access import own_account
from personalize_contract.live.control import Control
from personalize_contract.live.rate_limit import RateLimiter, shared_file
from personalize_contract.live.resources import Removal
from personalize_contract.live.retry import Notify, RetryPolicy
from personalize_contract.settings import Settings
from personalize_contract.targets import connection


@dataclass(frozen=True)
class Leftover:
    """A resource that a run created.

    Args:
        arn: the ARN of the schema, dataset group, dataset or event tracker.
        status: its status; `""` for a schema, which has none.
        created: the time of its creation.
    """

    arn: str
    status: str
    created: dt.datetime


class Sweep:
    """The leftovers in one account and region.

    Args:
        settings: the account and the connection; other settings have no effect.
        notify: the callback for waits and deletions.

    Raises:
        UsageError: the credentials belong to another account.
    """

    def __init__(self, settings: Settings, notify: Notify) -> None:
        to = connection.live(settings)
        self._notify = notify
        rate_limiter = RateLimiter(shared_file(settings.account, to.region))
        self._control = Control(to, rate_limiter, RetryPolicy(notify))
        own_account(settings, self._control)

    def find(self, older_than: dt.timedelta) -> list[Leftover]:
        """Return the resources of runs that began longer ago than that, dependents first.

        A dataset or tracker is as old as its dataset group, since only its run adds to the group.
        """
        groups = list(self._ours("ListDatasetGroups", "datasetGroups", older_than))
        schemas = list(self._ours("ListSchemas", "schemas", older_than))
        return [
            *self._in_groups("ListEventTrackers", "eventTrackers", "eventTrackerArn", groups),
            *self._in_groups("ListDatasets", "datasets", "datasetArn", groups),
            *(_leftover(schema, "schemaArn") for schema in schemas),
            *(_leftover(group, "datasetGroupArn") for group in groups),
        ]

    def now(self) -> dt.datetime:
        """Return the time on the clock that dates the resources."""
        return self._control.now()

    def _ours(
        self, operation: str, member: str, older_than: dt.timedelta
    ) -> Iterator[dict[str, Any]]:
        for summary in self._control.pages(operation, member):
            # The service's clock may be ahead of ours.
            age = max(self.now() - summary["creationDateTime"], dt.timedelta())
            if names.is_ours(summary["name"]) and age >= older_than:
                yield summary

    def _in_groups(
        self, operation: str, member: str, arn: str, groups: list[dict[str, Any]]
    ) -> Iterator[Leftover]:
        for group in groups:
            pages = self._control.pages(operation, member, datasetGroupArn=group["datasetGroupArn"])
            yield from (_leftover(summary, arn) for summary in pages)

    def remove(self, leftovers: list[Leftover]) -> None:
        """Delete resources, in the order of `find`.

        Raises:
            PersonalizeContractError: some could not be deleted; all others were.
        """
        problems = []
        removal = Removal(self._control, self._notify)
        for leftover in leftovers:
            try:
                removal.remove(leftover.arn)
            except PersonalizeContractError as error:
                problems.append(str(error))
        if problems:
            raise PersonalizeContractError(
                f"{len(problems)} of {len(leftovers)} could not be deleted: {problems[0]}"
            )


def _leftover(summary: dict[str, Any], arn: str) -> Leftover:
    return Leftover(summary[arn], summary.get("status", ""), summary["creationDateTime"])
