"""The schema, dataset group and dataset of one run: made, waited for, and taken down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from personalize_contract import clock
from personalize_contract.errors import (
    ControlPlaneRefused,
    PersonalizeContractError,
    TargetUnavailable,
    UsageError,
)
from personalize_contract.live import names
from personalize_contract.live.control import Control
from personalize_contract.live.retry import Tell, pauses

LONGEST = 900.0
"""Seconds that one resource may take to become what it should."""

TAKE_DOWN = 900.0
"""Seconds after which the take-down of a run begins nothing more."""

TOLD = 60.0
"""Seconds after which it is told again what is waited for."""

GONE = "gone"


class Resources:
    """The schema, dataset group and dataset of one run, by the names that they will have.

    Args:
        control: the control plane.
        tell: told what happens.
        run: the run's name.
        home: the beginning of the ARNs of its resources, up to the account.
        kind: the type of the dataset, `ITEMS`.
        sweep: the command that lists what could not be taken down.
    """

    def __init__(
        self, control: Control, tell: Tell, run: str, home: str, kind: str, sweep: str
    ) -> None:
        self._sweep = sweep
        self._control, self._tell, self._run, self._kind = control, tell, run, kind
        self._home = home
        self.group = f"{home}:dataset-group/{run}"
        self.dataset = f"{home}:dataset/{run}/{kind}"
        self.missing = f"{home}:dataset/{run}-missing/{kind}"
        self.tracking_id = ""
        self._schemas: list[str] = []
        self._begun: set[str] = set()

    # --- up

    def make(self) -> None:
        """Make all three, and wait until the dataset is active."""
        self._tell(f"this run is {self._run}")
        self.make_schema()
        self._create("CreateDatasetGroup", self.group, name=self._run)
        self.until("dataset group", self.group_status, "ACTIVE")
        self.make_dataset()
        self.until_active()
        if self._kind == _INTERACTIONS:
            self._make_tracker()
        elif self._kind == _ACTION_INTERACTIONS:
            self.tracking_id = str(self._describe_dataset()["trackingId"])

    def _make_tracker(self) -> None:
        """Make the event tracker of the dataset group, which has a name of the service's own."""
        self._tell(f"CreateEventTracker {self._run}")
        made = self._control.call("CreateEventTracker", name=self._run, datasetGroupArn=self.group)
        self.tracking_id, arn = str(made["trackingId"]), made["eventTrackerArn"]

        def status() -> str:
            found = self._control.call("DescribeEventTracker", eventTrackerArn=arn)
            return str(found["eventTracker"]["status"])

        self.until("event tracker", status, "ACTIVE")

    def make_schema(self) -> str:
        """Make the next schema, which has one more field than the last; gives its ARN."""
        number = len(self._schemas) + 1
        name = f"{self._run}-{number}"
        arn = f"{self._home}:schema/{name}"
        self._schemas.append(arn)
        text = names.schema(self._kind, number)
        self._create("CreateSchema", arn, name=name, schema=text)
        return arn

    def make_dataset(self) -> None:
        """Begin to make the dataset."""
        self._create(
            "CreateDataset",
            self.dataset,
            name=self._run,
            schemaArn=self._schemas[-1],
            datasetGroupArn=self.group,
            datasetType=self._kind,
        )

    def _create(self, operation: str, arn: str, **given: str) -> None:
        # Known before it is there: a call that is cut off may have done its work.
        self._begun.add(arn)
        self._tell(f"{operation} {arn.rpartition(':')[2]}")
        try:
            self._control.call(operation, **given)
        except ControlPlaneRefused as error:
            if error.code == "LimitExceededException":
                raise UsageError(
                    f"{operation}: there are as many as the account may have in this region "
                    "(5 dataset groups, 500 schemas): delete one, or `sweep` what dead runs left"
                ) from error
            # Nobody else has this name, so a call that seemed to fail did not.
            if error.code != "ResourceAlreadyExistsException":
                raise

    # --- meanwhile

    def group_status(self) -> str:
        """The status of the dataset group."""
        found = self._control.call("DescribeDatasetGroup", datasetGroupArn=self.group)
        return str(found["datasetGroup"]["status"])

    def status(self) -> str:
        """The status of the dataset: that of its latest update while that lasts; or `gone`."""
        try:
            found = self._describe_dataset()
        except ControlPlaneRefused as error:
            if error.code == "ResourceNotFoundException":
                return GONE
            raise
        updating = str(found.get("latestDatasetUpdate", {}).get("status", ""))
        passing = updating.startswith("UPDATE") and not updating.endswith("FAILED")
        return updating if found["status"] == "ACTIVE" and passing else str(found["status"])

    def _describe_dataset(self) -> dict[str, Any]:
        found: dict[str, Any] = self._control.call("DescribeDataset", datasetArn=self.dataset)
        return dict(found["dataset"])

    def until_active(self) -> None:
        """Wait until the dataset is active."""
        self.until("dataset", self.status, "ACTIVE")

    def until_gone(self) -> None:
        """Wait until the dataset is deleted."""
        self.until("dataset", self.status, GONE)

    def update(self) -> None:
        """Begin to replace the dataset's schema."""
        schema = self.make_schema()
        self._tell(f"UpdateDataset {self.dataset.rpartition(':')[2]}")
        self._control.call("UpdateDataset", datasetArn=self.dataset, schemaArn=schema)

    def delete(self) -> None:
        """Begin to delete the dataset."""
        self._tell(f"DeleteDataset {self.dataset.rpartition(':')[2]}")
        self._control.call("DeleteDataset", datasetArn=self.dataset)

    def until(self, what: str, status: Callable[[], str], wanted: str) -> None:
        """Wait, ever longer, until something has a status.

        Raises:
            ControlPlaneRefused: it failed.
            TargetUnavailable: it takes too long.
        """
        began, told, told_at = clock.monotonic(), "", 0.0
        for pause in pauses(0.25):
            found = status()
            if found == wanted:
                return
            if found.endswith("FAILED"):
                raise ControlPlaneRefused(f"the {what}", found, "see it in the console, or sweep")
            waited = clock.monotonic() - began
            if waited > LONGEST:
                raise TargetUnavailable(
                    f"the {what} is still {found} after {waited:.0f} s; look at it in the console"
                )
            if found != told or waited - told_at >= TOLD:
                self._tell(f"{what}: {found} ({waited:.0f} s)")
                told, told_at = found, waited
            clock.sleep(pause)

    # --- down

    def take_down(self) -> str:
        """Delete all that was begun, in the order that its parts allow; what is left, or `""`."""
        problems: list[str] = []
        order = [self.dataset, *reversed(self._schemas), self.group]
        removal = Removal(self._control, self._tell, clock.monotonic() + TAKE_DOWN)
        try:
            if self._kind == _INTERACTIONS and self.group in self._begun:
                # A call that was cut off may have made one whose ARN nobody knows.
                for arn in trackers(self._control, self.group):
                    removal.remove(arn)
        except PersonalizeContractError as error:
            problems.append(str(error))
        try:
            for arn in order:
                if arn in self._begun:
                    try:
                        removal.remove(arn)
                        self._begun.discard(arn)
                    except PersonalizeContractError as error:
                        problems.append(str(error))
        finally:
            left = [arn.rpartition(":")[2] for arn in order if arn in self._begun]
            if left:
                why = f": {problems[0]}" if problems else ""
                said = (
                    f"{', '.join(left)} could not be taken down{why}; "
                    "`personalize-contract sweep` lists and deletes it"
                )
                self._tell(said)
                self._tell(f"to list it: {self._sweep}")
                problems = [said]
        return problems[0] if problems else ""


_INTERACTIONS, _ACTION_INTERACTIONS = "INTERACTIONS", "ACTION_INTERACTIONS"


def trackers(control: Control, group: str) -> list[str]:
    """The ARNs of the event trackers of a dataset group."""
    found = control.pages("ListEventTrackers", "eventTrackers", datasetGroupArn=group)
    return [str(one["eventTrackerArn"]) for one in found]


_KINDS = {
    "event-tracker": ("DeleteEventTracker", "eventTrackerArn", "DescribeEventTracker"),
    "dataset": ("DeleteDataset", "datasetArn", "DescribeDataset"),
    "schema": ("DeleteSchema", "schemaArn", ""),
    "dataset-group": ("DeleteDatasetGroup", "datasetGroupArn", "DescribeDatasetGroup"),
}
"""By kind of resource: what deletes it, the member that names it, what shows it going."""


class Removal:
    """Deletes resources, those that others depend on last, and waits until each is gone.

    Args:
        control: the control plane.
        tell: told what is deleted, and each minute what is waited for.
        until: time on the monotonic clock after which nothing is waited for.
    """

    def __init__(self, control: Control, tell: Tell, until: float = float("inf")) -> None:
        self._control, self._tell, self._until = control, tell, until
        self._failed = False

    def remove(self, arn: str) -> None:
        """Delete something, and wait until it is gone. It may be gone already.

        What is being made, changed or deleted can't be deleted yet: that is waited for. Not once
        something could not be deleted: what it uses will be in use for ever.

        Raises:
            ControlPlaneRefused, TargetUnavailable: it can't be deleted.
        """
        try:
            self._remove(arn)
        except PersonalizeContractError:
            self._failed = True
            raise

    def _remove(self, arn: str) -> None:
        name = arn.rpartition(":")[2]
        delete, member, describe = _KINDS[name.partition("/")[0]]
        began, told_at, asked = clock.monotonic(), 0.0, False
        self._tell(f"{delete} {name}")
        for pause in pauses(0.25):
            try:
                if not asked:
                    self._control.call(delete, **{member: arn})
                    asked = True
                    if not describe:
                        return
                else:
                    self._control.call(describe, **{member: arn})
            except ControlPlaneRefused as error:
                if error.code == "ResourceNotFoundException":
                    return
                if error.code != "ResourceInUseException" or self._failed:
                    raise
            waited = clock.monotonic() - began
            if waited > LONGEST or clock.monotonic() > self._until:
                raise TargetUnavailable(
                    f"{name} is still there after {waited:.0f} s; look at it in the console, "
                    "or `sweep` later"
                )
            if waited - told_at >= TOLD:
                doing = "being deleted" if asked else "in use"
                self._tell(f"{name}: still {doing} ({waited:.0f} s)")
                told_at = waited
            clock.sleep(pause)
