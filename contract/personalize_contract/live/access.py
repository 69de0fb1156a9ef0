"""Access to a live service: the conditions to meet before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from personalize_contract.errors import UsageError
from personalize_contract.live.control import Control
from personalize_contract.live.guard import Guard, Guarded, WriteGuard
from personalize_contract.live.rate_limit import RateLimiter, shared_file
from personalize_contract.live.retry import Notify, RetryPolicy
from personalize_contract.model.contract import operations
from personalize_contract.model.datasets import State, by_state
from personalize_contract.model.exchange import Response
from personalize_contract.settings import Settings
from personalize_contract.targets import connection
from personalize_contract.targets.base import Target
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint


@dataclass(frozen=True)
class Candidate:
    """A dataset that is in a requested state, as far as can be known before a request.

    Args:
        arn: the ARN of the dataset.
        moment: the moment of the dataset's life, for reports; `""` for a declared state.
        status: the status in DescribeDataset.
        confirmed_by: a predicate of the response that shows that the dataset was in the state.
    """

    arn: str
    moment: str = ""
    status: str = ""
    confirmed_by: Callable[[Response], bool] = lambda response: True


@dataclass
class Live:
    """A live service that may be written to, for the duration of a run.

    Args:
        connection: the address of the service, and the credentials for it.
        target: the target that answers.
        arns: the ARN of the dataset of each state.
        notes: a line for each failure that was waited for.
        leftovers: the resources that could not be deleted, with the remedy; `""` for none.
        run: the name of the run that created its dataset; `""` if the datasets were declared.
        sends_ids: whether each response is known to have a request id.
    """

    connection: Connection
    target: Target
    arns: Mapping[State, str]
    notes: list[str] = field(default_factory=list)
    leftovers: str = ""
    run: str = ""
    sends_ids: bool = False

    def candidates(self, state: State, *, may_change: bool = True) -> Iterator[Candidate]:
        """Yield datasets in a state, each one after a response did not confirm the last.

        Args:
            state: the requested state.
            may_change: whether a dataset may be brought into the state.
        """
        if state in self.arns:
            yield Candidate(self.arns[state])


def _ignore(_: str) -> None:
    pass


GuardFactory = Callable[[str, Mapping[State, str]], Guard]
"""Makes the guard of a service from its URL and the ARN of the dataset of each state."""


def connect(
    settings: Settings,
    notify: Notify = _ignore,
    *,
    guard: GuardFactory | None = None,
    keep_alive: bool = False,
) -> Live:
    """Return the live service of the settings, with the declared datasets.

    Requests to AWS are guarded, limited and retried, and so are those to a service that stands in
    for a named account.

    Args:
        settings: the settings of the run.
        notify: the progress callback.
        guard: the factory of the guard of requests; None for one that allows items with
            recognisable ids in the declared datasets.
        keep_alive: whether connections are reused.

    Raises:
        UsageError: no dataset, no region, no permission to write, or the wrong account.
        TargetUnavailable: STS can't be called.
    """
    to = connection.live(settings)
    if not settings.datasets:
        raise UsageError(
            f"live needs a dataset: add {settings.option('dataset')} ARN=active, and ARN=in-use "
            "or ARN=missing for the answers 409 and 404; `verify --provision` creates its own"
        )
    target: Target = Endpoint(to.url, to.answered_by, ca_bundle=to.ca_bundle, keep_alive=keep_alive)
    arns = by_state(settings.datasets)
    if not connection.is_aws(to.url) and not settings.account:
        return Live(to, target, arns)
    if not settings.write_to_existing:
        # A dataset that is declared as missing may exist.
        raise UsageError(
            "live would put items into the declared datasets, and items can't be deleted there: "
            f"add {settings.option('write-to-existing')} to allow that"
        )
    rate_limiter = RateLimiter(shared_file(settings.account, to.region))
    retry_policy = RetryPolicy(notify)
    control = Control(to, rate_limiter, retry_policy)
    account = own_account(settings, control)
    for arn in settings.datasets:
        # A tracking id names no account, so there is nothing to compare.
        if arn.startswith("arn:") and not arn.startswith(f"{to.home(account)}:"):
            raise UsageError(
                f"live: the declared {arn.rpartition(':')[2]} is not in the account and region "
                f"that may be written to: correct its ARN, {settings.option('account')} or "
                f"{settings.option('region')}"
            )
    made_guard = guard(to.url, arns) if guard else _write_guard(settings, to.url)
    guarded = Guarded(target, made_guard, rate_limiter, retry_policy)
    return Live(to, guarded, arns, retry_policy.notes, sends_ids=control.sends_ids)


def _write_guard(settings: Settings, url: str) -> WriteGuard:
    in_pytest = settings.option_prefix != "--"
    return WriteGuard(
        url,
        settings.datasets,
        operations(),
        settings.option,
        own_ids=settings.datasets if settings.live_ids == "own" else (),
        remedy_for_ids=_OWN_IDS if in_pytest else "",
    )


_OWN_IDS = "; to allow this repo's own ids, set personalize_live_ids = own in the ini file"


def own_account(settings: Settings, control: Control) -> str:
    """Return the account of the settings, after a check that the credentials belong to it.

    Raises:
        UsageError: no account is set, or the credentials belong to another one.
        TargetUnavailable: STS can't be called.
    """
    if not settings.account:
        raise UsageError(
            f"live writes to AWS: add {settings.option('account')} ID, "
            "the account that may be written to"
        )
    if control.account() != settings.account:
        raise UsageError(
            "live: the credentials belong to another account than the one in "
            f"{settings.option('account')}; nothing was written: use credentials of that account, "
            "or correct the option"
        )
    return settings.account
