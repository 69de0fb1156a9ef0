"""What dead runs left behind: found by its name and age, shown, and only then deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from personalize_contract.errors import PersonalizeContractError
from personalize_contract.live import names
from personalize_contract.live.access import own_account
from personalize_contract.live.control import Control
from personalize_contract.live.rate_limit import Pace, shared_file
from personalize_contract.live.resources import Removal
from personalize_contract.live.retry import Patience, Tell
from personalize_contract.settings import Settings
from personalize_contract.targets import connection


@dataclass(frozen=True)
class Leftover:
    """Something that a run made.

    Args:
        arn: of the schema, dataset group or dataset.
        status: its status; `""` of a schema, which has none.
        created: when it was made.
    """

    arn: str
    status: str
    created: dt.datetime


class Sweep:
    """The leftovers in one account and region.

    Args:
        settings: which account, where; nothing else counts.
        tell: told what is waited for and deleted.

    Raises:
        UsageError: the credentials are of another account.
    """

    def __init__(self, settings: Settings, tell: Tell) -> None:
        to = connection.live(settings)
        self._tell = tell
        self._control = Control(to, Pace(shared_file(settings.account, to.region)), Patience(tell))
        own_account(settings, self._control)

    def find(self, older_than: dt.timedelta) -> list[Leftover]:
        """What runs made that began longer ago than that, in the order that it can be deleted.

        A dataset is as old as its dataset group, which nobody else puts a dataset into.
        """
        groups = list(self._ours("ListDatasetGroups", "datasetGroups", older_than))
        schemas = list(self._ours("ListSchemas", "schemas", older_than))
        datasets = [
            one
            for group in groups
            for one in self._control.pages(
                "ListDatasets", "datasets", datasetGroupArn=group["datasetGroupArn"]
            )
        ]
        event_trackers = [
            one
            for group in groups
            for one in self._control.pages(
                "ListEventTrackers", "eventTrackers", datasetGroupArn=group["datasetGroupArn"]
            )
        ]
        return [
            *(_leftover(one, "eventTrackerArn") for one in event_trackers),
            *(_leftover(one, "datasetArn") for one in datasets),
            *(_leftover(one, "schemaArn") for one in schemas),
            *(_leftover(one, "datasetGroupArn") for one in groups),
        ]

    def now(self) -> dt.datetime:
        """The time on the clock that says when things were made."""
        return self._control.now()

    def _ours(
        self, operation: str, member: str, older_than: dt.timedelta
    ) -> Iterator[dict[str, Any]]:
        for one in self._control.pages(operation, member):
            # By a clock that goes before ours it may be of tomorrow.
            age = max(self.now() - one["creationDateTime"], dt.timedelta())
            if names.is_ours(one["name"]) and age >= older_than:
                yield one

    def remove(self, found: list[Leftover]) -> None:
        """Delete them, in the order that they were found in.

        Raises:
            PersonalizeContractError: some could not be deleted; the rest was.
        """
        problems = []
        removal = Removal(self._control, self._tell)
        for one in found:
            try:
                removal.remove(one.arn)
            except PersonalizeContractError as error:
                problems.append(str(error))
        if problems:
            raise PersonalizeContractError(
                f"{len(problems)} of {len(found)} could not be deleted: {problems[0]}"
            )


def _leftover(one: dict[str, Any], arn: str) -> Leftover:
    return Leftover(one[arn], one.get("status", ""), one["creationDateTime"])
