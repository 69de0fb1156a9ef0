"""A dataset of this run's own, brought into each state, and taken down whatever happens.

One schema, one dataset group, one dataset: nothing that costs anything or trains anything. Which
moment of a dataset's life answers 409 is written nowhere, so they are tried one after the other.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from personalize_contract import clock
from personalize_contract.errors import ControlPlaneRefused, UsageError
from personalize_contract.live import names
from personalize_contract.live.access import Live, MakeGuard, Try, own_account
from personalize_contract.live.control import Control
from personalize_contract.live.guard import Guarded
from personalize_contract.live.rate_limit import Pace, shared_file
from personalize_contract.live.resources import GONE, Resources
from personalize_contract.live.retry import Patience, Tell, pauses
from personalize_contract.live.signals import Interrupts
from personalize_contract.model import rest_json
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import State
from personalize_contract.model.exchange import Response
from personalize_contract.settings import Settings
from personalize_contract.targets import connection
from personalize_contract.targets.endpoint import Endpoint


@contextlib.contextmanager
def provisioned(settings: Settings, tell: Tell, guard: MakeGuard) -> Iterator[Live]:
    """A live service with a dataset that is there for this run only.

    Args:
        settings: what was asked for.
        tell: told what is made, waited for and taken down.
        guard: decides which requests are sent to the dataset.

    Raises:
        UsageError: no account was named, or another one; datasets were given.
        ControlPlaneRefused, TargetUnavailable: it can't be made; what was made is taken down.
    """
    if settings.datasets:
        raise UsageError("--provision makes the dataset itself: leave --dataset out")
    to = connection.live(settings)
    pace, patience = Pace(shared_file(settings.account, to.region)), Patience(tell)
    with Interrupts(tell) as interrupts:
        control = Control(to, pace, patience, interrupts.held)
        account = own_account(settings, control)
        operation = load(settings.operation)
        kind = operation.provisions or operation.resource_type
        run = names.new_run()
        sweep = f"personalize-contract sweep --account {account} --region {to.region}"
        if settings.endpoint_url:
            sweep += f" --endpoint-url {settings.endpoint_url}"
        sweep += " --older-than 0s"
        made = Resources(control, tell, run, to.home(account), kind, sweep)
        target = Endpoint(to.url, to.answered_by, ca_bundle=to.ca_bundle)
        arns: dict[State, str] = {
            "active": made.dataset,
            "in-use": made.dataset,
            "missing": made.missing,
        }
        if operation.provisions:
            # Which moment of a tracker's life answers 409 is not known, nor how to bring it there.
            arns = {"missing": str(uuid.uuid4())}
        guarded = Guarded(target, guard(to.url, arns), pace, patience)
        live: Live = (
            Live(to, guarded, arns, patience.notes)
            if operation.provisions
            else Provisioned(to, guarded, arns, patience.notes, made=made)
        )
        live.run = run
        try:
            made.make()
            live.sends_ids = control.sends_ids
            if operation.provisions:
                arns["active"] = made.tracking_id
            yield live
        finally:
            interrupts.taking_down()
            live.left = made.take_down()


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

    def tries(self, state: State, *, while_it_lasts: bool = False) -> Iterator[Try]:
        """The dataset in a state; for `in-use`, every moment in which it may be that."""
        if state == "missing":
            yield Try(self._made.missing)
        elif state == "active":
            self._settle()
            yield Try(self._made.dataset)
        elif while_it_lasts and self._seen:
            moment, seen = self._seen
            if self._made.status() == seen:
                yield Try(self._made.dataset, moment.when, seen, self._shows_again)
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
            moment, seen = self._seen
            for status in self._during(moment):
                if status == seen:
                    yield Try(self._made.dataset, moment.when, status, self._shows_again)
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
        code = rest_json.error_code(response)
        if response.status == 409 or code == "ResourceInUseException":
            self._seen = moment, status
            return True
        return False

    def _shows_again(self, response: Response) -> bool:
        """Whether an answer is about a dataset in use, at a moment at which it was seen so.

        Such a moment may have ended between the status and the answer. An answer about the
        request itself counts if it had not.
        """
        assert self._seen
        moment, seen = self._seen
        if self._shows(moment, seen, response):
            return True
        about_the_dataset = response.status < 400 or response.status == 404
        return not about_the_dataset and self._made.status() == seen

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
            clock.sleep(pause)

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
