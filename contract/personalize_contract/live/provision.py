"""A dataset created for one run, brought into each state, and always deleted.

It creates a dataset group, a dataset and a schema for each version of it, and trains no model. It
is undocumented when a dataset answers 409, so several situations are tried in turn.
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
from personalize_contract.live.access import Candidate, GuardFactory, Live, own_account
from personalize_contract.live.control import Control
from personalize_contract.live.guard import Guarded
from personalize_contract.live.rate_limit import RateLimiter, shared_file
from personalize_contract.live.resources import GONE, Resources
from personalize_contract.live.retry import Notify, RetryPolicy, pauses
from personalize_contract.live.signals import Interrupts
from personalize_contract.model import rest_json
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import State
from personalize_contract.model.exchange import Response
from personalize_contract.settings import Settings
from personalize_contract.targets import connection
from personalize_contract.targets.endpoint import Endpoint


@contextlib.contextmanager
def provisioned(settings: Settings, notify: Notify, guard: GuardFactory) -> Iterator[Live]:
    """Create a dataset for one run; yield the live service, and delete the dataset at the end.

    Args:
        settings: the settings of the run.
        notify: the callback for creations, waits and deletions.
        guard: the factory of the guard of requests.

    Raises:
        UsageError: no account is set, the credentials belong to another one, or datasets are
            declared.
        ControlPlaneRefused, TargetUnavailable: it can't be created; the resources created so far
            are deleted.
    """
    if settings.datasets:
        raise UsageError("--provision creates the dataset itself: omit --dataset")
    to = connection.live(settings)
    rate_limiter = RateLimiter(shared_file(settings.account, to.region))
    retry_policy = RetryPolicy(notify)
    with Interrupts(notify) as interrupts:
        control = Control(to, rate_limiter, retry_policy, interrupts.held)
        account = own_account(settings, control)
        contract = load(settings.operation)
        dataset_type = contract.provisions or contract.resource_type
        run = names.new_run()
        sweep = f"personalize-contract sweep --account {account} --region {to.region}"
        if settings.endpoint_url:
            sweep += f" --endpoint-url {settings.endpoint_url}"
        sweep += " --older-than 0s"
        resources = Resources(control, notify, run, to.home(account), dataset_type, sweep)
        target = Endpoint(to.url, to.answered_by, ca_bundle=to.ca_bundle)
        arns: dict[State, str] = {
            "active": resources.dataset,
            "in-use": resources.dataset,
            "missing": resources.missing,
        }
        if contract.provisions:
            # No document says at which moment of its life a tracker answers 409.
            arns = {"missing": str(uuid.uuid4())}
        guarded = Guarded(target, guard(to.url, arns), rate_limiter, retry_policy)
        live: Live = (
            Live(to, guarded, arns, retry_policy.notes)
            if contract.provisions
            else Provisioned(to, guarded, arns, retry_policy.notes, resources=resources)
        )
        live.run = run
        try:
            resources.create()
            live.sends_ids = control.sends_ids
            if contract.provisions:
                arns["active"] = resources.tracking_id
            yield live
        finally:
            interrupts.begin_teardown()
            live.leftovers = resources.delete_all()


@dataclass(frozen=True)
class _Moment:
    """A moment of a dataset's life in which it may be in use.

    Args:
        name: its name in reports.
        status_prefix: the prefix of the dataset's statuses at that moment.
        bring: the function that brings a dataset there.
    """

    name: str
    status_prefix: str
    bring: Callable[[], None]


class Provisioned(Live):
    """A live service with a dataset that can be brought into each state."""

    def __init__(self, *arguments: object, resources: Resources) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]  # as Live takes them
        self._resources = resources
        self._moments = [
            _Moment("during UpdateDataset", "UPDATE", self._update),
            _Moment("right after CreateDataset", "CREATE", self._create),
            _Moment("after DeleteDataset", "DELETE", self._delete),
        ]
        self._in_use_at: tuple[_Moment, str] | None = None
        self._is_changed = False

    def candidates(self, state: State, *, may_change: bool = True) -> Iterator[Candidate]:
        """Yield the dataset in a state; for `in-use`, at each moment in which it may be in use."""
        if state == "missing":
            yield Candidate(self._resources.missing)
        elif state == "active":
            self._restore()
            yield Candidate(self._resources.dataset)
        elif not may_change and self._in_use_at:
            moment, status = self._in_use_at
            if self._resources.status() == status:
                yield self._candidate(moment, status, self._confirms_again)
        else:
            yield from self._in_use()

    def _candidate(
        self, moment: _Moment, status: str, confirmed_by: Callable[[Response], bool]
    ) -> Candidate:
        return Candidate(self._resources.dataset, moment.name, status, confirmed_by)

    def _restore(self) -> None:
        """Make the dataset active again after a change of state."""
        if not self._is_changed:
            return
        status = self._resources.status()
        if status.startswith("DELETE"):
            self._resources.wait_until_gone()
            status = GONE
        if status == GONE:
            self._resources.create_dataset()
        self._resources.wait_until_active()
        self._is_changed = False

    def _in_use(self) -> Iterator[Candidate]:
        if self._in_use_at:
            moment, known_status = self._in_use_at
            for status in self._during(moment):
                if status == known_status:
                    yield self._candidate(moment, status, self._confirms_again)
        for moment in list(self._moments):
            try:
                for status in self._during(moment):
                    confirms = partial(self._confirms, moment, status)
                    yield self._candidate(moment, status, confirms)
            except ControlPlaneRefused as error:
                self.notes.append(f"{moment.name}: {error}")
            # The dataset was never in use during this moment.
            self._moments.remove(moment)

    def _confirms(self, moment: _Moment, status: str, response: Response) -> bool:
        code = rest_json.error_code(response)
        if response.status == 409 or code == "ResourceInUseException":
            self._in_use_at = moment, status
            return True
        return False

    def _confirms_again(self, response: Response) -> bool:
        """Return whether a response confirms a dataset in use, at a moment known for that.

        The moment may have ended between the status and the response. A response about the request
        itself counts only if it had not.
        """
        assert self._in_use_at
        moment, status = self._in_use_at
        if self._confirms(moment, status, response):
            return True
        is_about_dataset = response.status < 400 or response.status == 404
        return not is_about_dataset and self._resources.status() == status

    def _during(self, moment: _Moment) -> Iterator[str]:
        """Bring the dataset to a moment, unless it is there; yield its status while that lasts."""
        brought = False
        for pause in pauses(0.25):
            status = self._resources.status()
            if not status.startswith(moment.status_prefix):
                if brought:
                    return
                moment.bring()
                brought = self._is_changed = True
                status = self._resources.status()
            yield status
            clock.sleep(pause)

    def _update(self) -> None:
        self._restore()
        self._resources.update()

    def _create(self) -> None:
        self._restore()
        self._resources.delete()
        self._resources.wait_until_gone()
        self._resources.create_dataset()

    def _delete(self) -> None:
        self._restore()
        self._resources.delete()
