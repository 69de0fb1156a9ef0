"""A dataset of this run's own, brought into each state, and taken down whatever happens.

One schema, one dataset group, one dataset: nothing that costs anything or trains anything. Which
moment of a dataset's life answers 409 is written nowhere, so they are tried one after the other.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from personalize_contract import connection, wire
from personalize_contract.contract import load
from personalize_contract.datasets import State
from personalize_contract.errors import (
    ControlPlaneRefused,
    PersonalizeContractError,
    TargetUnavailable,
    UsageError,
)
from personalize_contract.exchange import Response
from personalize_contract.live import names
from personalize_contract.live.access import Live, Try, own_account
from personalize_contract.live.careful import Careful, Pace, Patience, Tell, pauses
from personalize_contract.live.control import Control
from personalize_contract.live.interrupts import Interrupts
from personalize_contract.options import Settings
from personalize_contract.targets import Endpoint

LONGEST = 900.0
"""Seconds that one resource may take to become what it should."""

GONE = "gone"


@contextlib.contextmanager
def provisioned(settings: Settings, tell: Tell) -> Iterator[Live]:
    """A live service with a dataset that is there for this run only.

    Args:
        settings: what was asked for.
        tell: told what is made, waited for and taken down.

    Raises:
        UsageError: no account was named, or another one; datasets were given.
        ControlPlaneRefused, TargetUnavailable: it can't be made; what was made is taken down.
    """
    if settings.datasets:
        raise UsageError("--provision makes the dataset itself: leave --dataset out")
    to = connection.live(settings.region, settings.endpoint_url)
    pace, patience = Pace(), Patience(tell)
    with Interrupts(tell) as interrupts:
        control = Control(to, pace, patience, interrupts.held)
        account = own_account(settings, control)
        kind = load(settings.operation).dataset_type
        made = Resources(control, tell, names.new_run(), to.home(account), kind)
        target = Endpoint(to.url, to.answered_by, ca_bundle=to.ca_bundle)
        arns: dict[State, str] = {
            "active": made.dataset,
            "in-use": made.dataset,
            "missing": made.missing,
        }
        careful = Careful(target, pace, patience, account, (made.dataset, made.missing))
        live = Provisioned(to, careful, arns, patience.notes, made=made)
        try:
            made.make()
            yield live
        finally:
            interrupts.taking_down()
            live.left = made.take_down()


class Resources:
    """The schema, dataset group and dataset of one run, by the names that they will have.

    Args:
        control: the control plane.
        tell: told what happens.
        run: the run's name.
        home: the beginning of the ARNs of its resources, up to the account.
        kind: the type of the dataset, `ITEMS`.
    """

    def __init__(self, control: Control, tell: Tell, run: str, home: str, kind: str) -> None:
        self._control, self._tell, self._run, self._kind = control, tell, run, kind
        self._home = home
        self.group = f"{home}:dataset-group/{run}"
        self.dataset = f"{home}:dataset/{run}/{kind}"
        self.missing = f"{home}:dataset/{run}-missing/{kind}"
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
            found = self._control.call("DescribeDataset", datasetArn=self.dataset)["dataset"]
        except ControlPlaneRefused as error:
            if error.code == "ResourceNotFoundException":
                return GONE
            raise
        updating = str(found.get("latestDatasetUpdate", {}).get("status", ""))
        passing = updating.startswith("UPDATE") and not updating.endswith("FAILED")
        return updating if found["status"] == "ACTIVE" and passing else str(found["status"])

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
        began, told = time.monotonic(), ""
        for pause in pauses(0.25):
            found = status()
            if found == wanted:
                return
            if found.endswith("FAILED"):
                raise ControlPlaneRefused(f"the {what}", found, "see it in the console, or sweep")
            waited = time.monotonic() - began
            if waited > LONGEST:
                raise TargetUnavailable(
                    f"the {what} is still {found} after {waited:.0f} s; look at it in the console"
                )
            if found != told:
                self._tell(f"{what}: {found} ({waited:.0f} s)")
                told = found
            time.sleep(pause)

    # --- down

    def take_down(self) -> str:
        """Delete all that was begun, in the order that its parts allow; what is left, or `""`."""
        problems: list[str] = []
        order = [self.dataset, *reversed(self._schemas), self.group]
        try:
            for arn in order:
                if arn in self._begun:
                    try:
                        remove(self._control, arn, self._tell)
                        self._begun.discard(arn)
                    except PersonalizeContractError as error:
                        problems.append(str(error))
        finally:
            left = [arn.rpartition(":")[2] for arn in order if arn in self._begun]
            if left:
                why = f": {problems[0]}" if problems else ""
                said = (
                    f"{', '.join(left)} could not be taken down{why}; "
                    "`personalize-contract sweep --account ID --older-than 0s` lists what is left"
                )
                self._tell(said)
                problems = [said]
        return problems[0] if problems else ""


_KINDS = {
    "dataset": ("DeleteDataset", "datasetArn", "DescribeDataset"),
    "schema": ("DeleteSchema", "schemaArn", ""),
    "dataset-group": ("DeleteDatasetGroup", "datasetGroupArn", "DescribeDatasetGroup"),
}
"""By kind of resource: what deletes it, the member that names it, what shows it going."""


def remove(control: Control, arn: str, tell: Tell) -> None:
    """Delete something, and wait until it is gone. It may be gone already.

    What is being made, changed or deleted can't be deleted yet: that is waited for.

    Raises:
        ControlPlaneRefused, TargetUnavailable: it can't be deleted.
    """
    name = arn.rpartition(":")[2]
    delete, member, describe = _KINDS[name.partition("/")[0]]
    began, asked = time.monotonic(), False
    tell(f"{delete} {name}")
    for pause in pauses(0.25):
        try:
            if not asked:
                control.call(delete, **{member: arn})
                asked = True
                if not describe:
                    return
            else:
                control.call(describe, **{member: arn})
        except ControlPlaneRefused as error:
            if error.code == "ResourceNotFoundException":
                return
            if error.code != "ResourceInUseException":
                raise
        if time.monotonic() - began > LONGEST:
            raise TargetUnavailable(f"{name} is still there after {LONGEST:.0f} s")
        time.sleep(pause)


@dataclass(frozen=True)
class _Moment:
    """A moment of a dataset's life in which it may be in use.

    Args:
        when: in words.
        begins: what its statuses begin with.
        bring: brings a dataset there that is not there now.
    """

    when: str
    begins: str
    bring: Callable[[], None]


class Provisioned(Live):
    """A live service with a dataset that can be brought into each state."""

    def __init__(self, *given: object, made: Resources) -> None:
        super().__init__(*given)  # type: ignore[arg-type]  # as Live takes them
        self._made = made
        self._moments = [
            _Moment("during UpdateDataset", "UPDATE", self._update),
            _Moment("right after CreateDataset", "CREATE", self._create),
            _Moment("after DeleteDataset", "DELETE", self._delete),
        ]
        self._seen: tuple[_Moment, str] | None = None
        self._passing = False

    def tries(self, state: State) -> Iterator[Try]:
        """The dataset in a state; for `in-use`, every moment in which it may be that."""
        if state == "missing":
            yield Try(self._made.missing)
        elif state == "active":
            self._settle()
            yield Try(self._made.dataset)
        else:
            yield from self._in_use()

    def _settle(self) -> None:
        """Make the dataset active again after it was brought somewhere else."""
        if not self._passing:
            return
        status = self._made.status()
        if status.startswith("DELETE"):
            self._made.until_gone()
            status = GONE
        if status == GONE:
            self._made.make_dataset()
        self._made.until_active()
        self._passing = False

    def _in_use(self) -> Iterator[Try]:
        if self._seen:
            # Where it was in use once it is again, whatever the next request is answered.
            moment, seen = self._seen
            for status in self._during(moment):
                if status == seen:
                    yield Try(self._made.dataset, moment.when, status)
        for moment in list(self._moments):
            try:
                for status in self._during(moment):
                    shows = partial(self._shows, moment, status)
                    yield Try(self._made.dataset, moment.when, status, shows)
            except ControlPlaneRefused as error:
                self.notes.append(f"{moment.when}: {error}")
            # It was asked all the time that this one lasted, and never seen in use.
            self._moments.remove(moment)

    def _shows(self, moment: _Moment, status: str, response: Response) -> bool:
        code = wire.error_code(response)
        if response.status == 409 or code == "ResourceInUseException":
            self._seen = moment, status
            return True
        return False

    def _during(self, moment: _Moment) -> Iterator[str]:
        """The dataset's status, while it is at such a moment; it is brought there if need be."""
        brought = False
        for pause in pauses(0.25):
            status = self._made.status()
            if not status.startswith(moment.begins):
                if brought:
                    return
                moment.bring()
                brought = self._passing = True
                status = self._made.status()
            yield status
            time.sleep(pause)

    def _update(self) -> None:
        self._settle()
        self._made.update()

    def _create(self) -> None:
        self._settle()
        self._made.delete()
        self._made.until_gone()
        self._made.make_dataset()

    def _delete(self) -> None:
        self._settle()
        self._made.delete()
