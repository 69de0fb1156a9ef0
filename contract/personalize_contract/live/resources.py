"""The schemas, dataset group and dataset of one run: created, waited for, and deleted."""

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
from personalize_contract.live.retry import Notify, pauses

MAX_WAIT = 900.0
"""Seconds that one resource may take to reach a status."""

MAX_TEARDOWN = 900.0
"""Seconds after which the teardown of a run deletes nothing more."""

NOTIFY_INTERVAL = 60.0
"""Seconds between two notices about the same wait."""

GONE = "gone"


def _short(arn: str) -> str:
    """Return the part of an ARN after the account, `dataset/<group>/ITEMS`."""
    return arn.rpartition(":")[2]


class Resources:
    """The schemas, dataset group and dataset of one run, which have known names from the start.

    Args:
        control: the control plane.
        notify: the progress callback.
        run: the name of the run.
        home: the prefix of the ARNs of the account's resources, up to the account.
        dataset_type: the type of the dataset, `ITEMS`.
        sweep: the command that lists the resources that could not be deleted.
    """

    def __init__(
        self, control: Control, notify: Notify, run: str, home: str, dataset_type: str, sweep: str
    ) -> None:
        self._control, self._notify, self._sweep = control, notify, sweep
        self._run, self._home, self._dataset_type = run, home, dataset_type
        self.group = f"{home}:dataset-group/{run}"
        self.dataset = f"{home}:dataset/{run}/{dataset_type}"
        self.missing = f"{home}:dataset/{run}-missing/{dataset_type}"
        self.tracking_id = ""
        self._schemas: list[str] = []
        self._created: set[str] = set()

    # --- setup

    def create(self) -> None:
        """Create all of them, and wait until the dataset is active."""
        self._notify(f"this run is {self._run}")
        self.create_schema()
        self._create("CreateDatasetGroup", self.group, name=self._run)
        self.wait_for("dataset group", self.group_status, "ACTIVE")
        self.create_dataset()
        self.wait_until_active()
        if self._dataset_type == _INTERACTIONS:
            self._create_tracker()
        elif self._dataset_type == _ACTION_INTERACTIONS:
            self.tracking_id = str(self._describe_dataset()["trackingId"])

    def _create_tracker(self) -> None:
        """Create the event tracker of the dataset group; the service chooses its ARN."""
        self._notify(f"CreateEventTracker {self._run}")
        tracker = self._control.call(
            "CreateEventTracker", name=self._run, datasetGroupArn=self.group
        )
        self.tracking_id, arn = str(tracker["trackingId"]), tracker["eventTrackerArn"]

        def status() -> str:
            description = self._control.call("DescribeEventTracker", eventTrackerArn=arn)
            return str(description["eventTracker"]["status"])

        self.wait_for("event tracker", status, "ACTIVE")

    def create_schema(self) -> str:
        """Create the next schema, which has one more field than the last; return its ARN."""
        number = len(self._schemas) + 1
        name = f"{self._run}-{number}"
        arn = f"{self._home}:schema/{name}"
        self._schemas.append(arn)
        text = names.schema(self._dataset_type, number)
        self._create("CreateSchema", arn, name=name, schema=text)
        return arn

    def create_dataset(self) -> None:
        """Request the dataset, without waiting for it."""
        self._create(
            "CreateDataset",
            self.dataset,
            name=self._run,
            schemaArn=self._schemas[-1],
            datasetGroupArn=self.group,
            datasetType=self._dataset_type,
        )

    def _create(self, operation: str, arn: str, **arguments: str) -> None:
        # Noted before the call, since an interrupted call may have created it.
        self._created.add(arn)
        self._notify(f"{operation} {_short(arn)}")
        try:
            self._control.call(operation, **arguments)
        except ControlPlaneRefused as error:
            if error.code == "LimitExceededException":
                raise UsageError(
                    f"{operation}: the account has reached a quota in this region: delete the "
                    "leftovers of killed runs with `personalize-contract sweep --account ID "
                    "--yes`; if there are none, request an increase in Service Quotas"
                ) from error
            # The name is unique, so an earlier attempt that seemed to fail has created it.
            if error.code != "ResourceAlreadyExistsException":
                raise

    # --- changes of state

    def group_status(self) -> str:
        """Return the status of the dataset group."""
        description = self._control.call("DescribeDatasetGroup", datasetGroupArn=self.group)
        return str(description["datasetGroup"]["status"])

    def status(self) -> str:
        """Return the status of the dataset, or of its update in progress; `gone` without one."""
        try:
            description = self._describe_dataset()
        except ControlPlaneRefused as error:
            if error.code == "ResourceNotFoundException":
                return GONE
            raise
        status = str(description["status"])
        update = str(description.get("latestDatasetUpdate", {}).get("status", ""))
        is_updating = update.startswith("UPDATE") and not update.endswith("FAILED")
        return update if status == "ACTIVE" and is_updating else status

    def _describe_dataset(self) -> dict[str, Any]:
        description = self._control.call("DescribeDataset", datasetArn=self.dataset)
        return dict(description["dataset"])

    def wait_until_active(self) -> None:
        """Wait until the dataset is active."""
        self.wait_for("dataset", self.status, "ACTIVE")

    def wait_until_gone(self) -> None:
        """Wait until the dataset is deleted."""
        self.wait_for("dataset", self.status, GONE)

    def update(self) -> None:
        """Request the replacement of the dataset's schema, without waiting for it."""
        schema = self.create_schema()
        self._notify(f"UpdateDataset {_short(self.dataset)}")
        self._control.call("UpdateDataset", datasetArn=self.dataset, schemaArn=schema)

    def delete(self) -> None:
        """Request the deletion of the dataset, without waiting for it."""
        self._notify(f"DeleteDataset {_short(self.dataset)}")
        self._control.call("DeleteDataset", datasetArn=self.dataset)

    def wait_for(self, resource: str, status: Callable[[], str], expected: str) -> None:
        """Wait until a resource has a status.

        Args:
            resource: the kind of resource, for messages.
            status: the function that returns its current status.
            expected: the status to wait for.

        Raises:
            ControlPlaneRefused: the resource failed.
            TargetUnavailable: it took longer than `MAX_WAIT`.
        """
        began, notified, notified_at = clock.monotonic(), "", 0.0
        for pause in pauses(0.25):
            current = status()
            if current == expected:
                return
            if current.endswith("FAILED"):
                reason = "this run deletes it; run it again, or check the AWS Health Dashboard"
                raise ControlPlaneRefused(f"the {resource}", current, reason)
            waited = clock.monotonic() - began
            if waited > MAX_WAIT:
                raise TargetUnavailable(
                    f"the {resource} is still {current} after {waited:.0f} s; "
                    "try again later; the AWS Health Dashboard shows whether the service is down"
                )
            if current != notified or waited - notified_at >= NOTIFY_INTERVAL:
                self._notify(f"{resource}: {current} ({waited:.0f} s)")
                notified, notified_at = current, waited
            clock.sleep(pause)

    # --- teardown

    def delete_all(self) -> str:
        """Delete everything that may have been created, dependents first.

        Returns:
            The resources that are left, with the remedy; `""` if there are none.
        """
        problems: list[str] = []
        order = [self.dataset, *reversed(self._schemas), self.group]
        removal = Removal(self._control, self._notify, clock.monotonic() + MAX_TEARDOWN)
        try:
            if self._dataset_type == _INTERACTIONS and self.group in self._created:
                # An interrupted call may have created a tracker and not returned its ARN.
                for arn in trackers(self._control, self.group):
                    removal.remove(arn)
        except PersonalizeContractError as error:
            problems.append(str(error))
        try:
            for arn in order:
                if arn in self._created:
                    try:
                        removal.remove(arn)
                        self._created.discard(arn)
                    except PersonalizeContractError as error:
                        problems.append(str(error))
        finally:
            leftovers = [_short(arn) for arn in order if arn in self._created]
            if leftovers:
                why = f": {problems[0]}" if problems else ""
                problem = (
                    f"{', '.join(leftovers)} could not be deleted{why}; `personalize-contract "
                    "sweep --account ID` lists such leftovers, and deletes them with --yes"
                )
                self._notify(problem)
                self._notify(f"to list them: {self._sweep}")
                problems = [problem]
        return problems[0] if problems else ""


_INTERACTIONS, _ACTION_INTERACTIONS = "INTERACTIONS", "ACTION_INTERACTIONS"


def trackers(control: Control, group: str) -> list[str]:
    """Return the ARNs of the event trackers of a dataset group."""
    pages = control.pages("ListEventTrackers", "eventTrackers", datasetGroupArn=group)
    return [str(tracker["eventTrackerArn"]) for tracker in pages]


_OPERATIONS = {
    "event-tracker": ("DeleteEventTracker", "eventTrackerArn", "DescribeEventTracker"),
    "dataset": ("DeleteDataset", "datasetArn", "DescribeDataset"),
    "schema": ("DeleteSchema", "schemaArn", ""),
    "dataset-group": ("DeleteDatasetGroup", "datasetGroupArn", "DescribeDatasetGroup"),
}
"""For each type of resource: the operation that deletes it, the member for its ARN, and the
operation that describes it; `""` if its deletion is immediate."""


class Removal:
    """Deletes resources one after the other, and waits until each is gone.

    Args:
        control: the control plane.
        notify: the callback for each deletion, and each minute of waiting.
        deadline: the time on the monotonic clock after which it stops waiting.
    """

    def __init__(self, control: Control, notify: Notify, deadline: float = float("inf")) -> None:
        self._control, self._notify, self._deadline = control, notify, deadline
        self._failed = False

    def remove(self, arn: str) -> None:
        """Delete a resource, and wait until it is gone. It may be gone already.

        A resource that is being created, changed or deleted can't be deleted yet, so this waits
        for it, unless an earlier deletion failed: then the resources it depends on stay in use.

        Raises:
            ControlPlaneRefused, TargetUnavailable: it can't be deleted.
        """
        try:
            self._remove(arn)
        except PersonalizeContractError:
            self._failed = True
            raise

    def _remove(self, arn: str) -> None:
        name = _short(arn)
        delete, member, describe = _OPERATIONS[name.partition("/")[0]]
        began, notified_at, is_requested = clock.monotonic(), 0.0, False
        self._notify(f"{delete} {name}")
        for pause in pauses(0.25):
            try:
                if not is_requested:
                    self._control.call(delete, **{member: arn})
                    is_requested = True
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
            if waited > MAX_WAIT or clock.monotonic() > self._deadline:
                raise TargetUnavailable(
                    f"{name} still exists after {waited:.0f} s; delete it in the AWS console, "
                    "or later with `personalize-contract sweep`"
                )
            if waited - notified_at >= NOTIFY_INTERVAL:
                state = "being deleted" if is_requested else "in use"
                self._notify(f"{name}: still {state} ({waited:.0f} s)")
                notified_at = waited
            clock.sleep(pause)
