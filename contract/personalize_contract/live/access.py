"""Who may be asked: what must be true before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from personalize_contract.errors import UsageError
from personalize_contract.live.control import Control
from personalize_contract.live.guard import Guard, Guarded, WriteGuard
from personalize_contract.live.rate_limit import Pace, shared_file
from personalize_contract.live.retry import Patience, Tell
from personalize_contract.model.contract import operations
from personalize_contract.model.datasets import State, by_state
from personalize_contract.model.exchange import Response
from personalize_contract.settings import Settings
from personalize_contract.targets import connection
from personalize_contract.targets.base import Target
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint


@dataclass(frozen=True)
class Try:
    """A dataset in the state that was asked for, as far as that can be known.

    Args:
        arn: of the dataset.
        when: at which moment of its life, for people; `""` if it just is in that state.
        status: what DescribeDataset says of it.
        shows: whether an answer shows that it was in that state.
    """

    arn: str
    when: str = ""
    status: str = ""
    shows: Callable[[Response], bool] = lambda response: True


@dataclass
class Live:
    """A live service that may be asked. Lives as long as the run.

    Args:
        connection: how to get there.
        target: who answers.
        arns: the dataset of each state.
        notes: what was waited for.
        left: what could not be taken down, and how to; `""` if nothing is left.
        run: name of the run that provisioned its dataset; `""` for none.
        sends_ids: whether it is known that each of its answers has a request id.
    """

    connection: Connection
    target: Target
    arns: Mapping[State, str]
    notes: list[str] = field(default_factory=list)
    left: str = ""
    run: str = ""
    sends_ids: bool = False

    def tries(self, state: State, *, while_it_lasts: bool = False) -> Iterator[Try]:
        """Datasets in a state, the next one to be asked if the last did not show it.

        Args:
            state: of the dataset.
            while_it_lasts: whether none is brought into the state.
        """
        if state in self.arns:
            yield Try(self.arns[state])


def _silent(_: str) -> None:
    pass


MakeGuard = Callable[[str, Mapping[State, str]], Guard]
"""Makes the guard of a service, from its URL and the ARN of the dataset of each state."""


def connect(
    settings: Settings,
    tell: Tell = _silent,
    *,
    guard: MakeGuard | None = None,
    keep_alive: bool = False,
) -> Live:
    """The live service that was asked for, with the datasets that were given.

    AWS is asked with care, and so is whatever stands in for an account that was named.

    Args:
        settings: what was asked for.
        tell: told what is waited for.
        guard: decides which requests are sent; None for what puts items that are known by
            their ids into the datasets given.
        keep_alive: whether connections are used again.

    Raises:
        UsageError: no dataset, no region, no leave to write, the wrong account.
        TargetUnavailable: STS can't be asked.
    """
    to = connection.live(settings)
    if not settings.datasets:
        raise UsageError(
            f"live needs a dataset: say {settings.option('dataset')} ARN=STATE, "
            "where STATE is active, in-use or missing, once for each state"
        )
    target: Target = Endpoint(to.url, to.answered_by, ca_bundle=to.ca_bundle, keep_alive=keep_alive)
    arns = by_state(settings.datasets)
    if not connection.is_aws(to.url) and not settings.account:
        return Live(to, target, arns)
    if not settings.write_to_existing:
        # A dataset that is said to be missing may be there.
        raise UsageError(
            "live would put items into the datasets given, and items can't be deleted there: "
            f"add {settings.option('write-to-existing')} if that is what you want"
        )
    pace, patience = Pace(shared_file(settings.account, to.region)), Patience(tell)
    control = Control(to, pace, patience)
    account = own_account(settings, control)
    for arn in settings.datasets:
        # A tracking id names no account; only who has its tracker knows it.
        if arn.startswith("arn:") and not arn.startswith(f"{to.home(account)}:"):
            raise UsageError(
                "live: a dataset was given that is not of the account and region that may be "
                f"written to; name those that are, with {settings.option('account')} and "
                f"{settings.option('region')}"
            )
    decides = guard(to.url, arns) if guard else _write_guard(settings, to.url)
    guarded = Guarded(target, decides, pace, patience)
    return Live(to, guarded, arns, patience.notes, sends_ids=control.sends_ids)


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


_OWN_IDS = "; personalize_live_ids = own in the ini file lets the ids of this repo through"


def own_account(settings: Settings, control: Control) -> str:
    """The account that was named, which is that of the credentials.

    Raises:
        UsageError: none was named, or another one.
        TargetUnavailable: STS can't be asked.
    """
    if not settings.account:
        raise UsageError(
            f"live writes to AWS: say {settings.option('account')} ID, "
            "the account that may be written to"
        )
    if control.account() != settings.account:
        raise UsageError(
            "live: the credentials are of another account than "
            f"{settings.option('account')} says; nothing was written"
        )
    return settings.account
