"""A declared dataset is written to only with permission, in the named account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.stand_in import ACCOUNT, StandIn
from personalize_contract.errors import TargetUnavailable, UsageError
from personalize_contract.live.access import connect
from personalize_contract.model.datasets import STATES, State
from personalize_contract.model.exchange import Request, Response
from personalize_contract.settings import Settings


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn().served() as stand_in:
        yield stand_in


def settings(account: StandIn, arn: str, state: State = "active", *, leave: bool) -> Settings:
    return Settings(
        target="live",
        datasets={arn: state},
        region="us-east-1",
        endpoint_url=account.url,
        account=ACCOUNT,
        write_to_existing=leave,
    )


@pytest.mark.parametrize("state", STATES)
def test_permission_is_needed_in_every_state(account: StandIn, state: State) -> None:
    """A dataset declared as missing may exist."""
    arn = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS"
    with pytest.raises(UsageError, match="write-to-existing"):
        connect(settings(account, arn, state, leave=False))
    assert account.calls == []
    assert connect(settings(account, arn, state, leave=True)).arns == {state: arn}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:personalize:us-east-1:999999999999:dataset/shop/ITEMS",
        f"arn:aws:personalize:eu-west-1:{ACCOUNT}:dataset/shop/ITEMS",
        f"arn:aws-cn:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS",
        f"arn:aws:personalize:us-east-1:{ACCOUNT}0:dataset/shop/ITEMS",
    ],
)
def test_a_dataset_of_another_account_or_region_is_not_written_to(
    account: StandIn, arn: str
) -> None:
    with pytest.raises(UsageError, match="declared dataset/shop/ITEMS is not in the account and"):
        connect(settings(account, arn, leave=True))
    assert set(account.calls) <= {"GetCallerIdentity"}


SOMEBODY_ELSE = {
    "a portal": b"<html><body>Welcome to the hotel</body></html>",
    "JSON": b'{"status": "ok"}',
    "nothing": b"",
    "other XML": b"<answer><GetCallerIdentityResult/></answer>",
}


@pytest.mark.parametrize("body", SOMEBODY_ELSE.values(), ids=SOMEBODY_ELSE)
def test_a_portal_that_answers_for_sts_is_named(body: bytes) -> None:
    def before(name: str, request: Request) -> Response:
        return Response(200, "OK", {"content-length": str(len(body))}, body)

    arn = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS"
    with StandIn(before=before).served() as portal, pytest.raises(TargetUnavailable) as caught:
        connect(settings(portal, arn, leave=True))
    assert "a server between this machine and it did" in str(caught.value)
    assert "hotel" not in str(caught.value)
