"""Live: a real service, asked only by name and written to only with leave."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from personalize_contract import connection
from personalize_contract.connection import Connection
from personalize_contract.datasets import State, by_state
from personalize_contract.errors import UsageError
from personalize_contract.exchange import Exchange, Request
from personalize_contract.options import Settings
from personalize_contract.targets import Endpoint, Target

INTERVAL = 0.125
"""Seconds between two requests to AWS: the quota is 10 a second for each dataset group."""


@dataclass(frozen=True)
class Live:
    """A live service that may be asked: how to get there, and its dataset of each state."""

    connection: Connection
    target: Target
    arns: Mapping[State, str]


class Paced:
    """A target that is asked at most every `INTERVAL` seconds."""

    def __init__(self, inner: Target) -> None:
        self._inner, self._lock = inner, threading.Lock()
        self._next = 0.0

    def answer(self, request: Request) -> Exchange:
        """Wait for this request's turn, then ask."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + INTERVAL
        time.sleep(turn - now)
        return self._inner.answer(request)


def connect(settings: Settings) -> Live:
    """The live service that was asked for, after all that must be true before it is written to.

    Raises:
        UsageError: no dataset, no credentials or region, no leave to write, the wrong account.
    """
    to = connection.live(settings.region, settings.endpoint_url)
    if not settings.datasets:
        raise UsageError(
            "live needs a dataset: say --dataset ARN=STATE, "
            "where STATE is active, in-use or missing, once for each state"
        )
    target: Target = Endpoint(to.url, to.answered_by, ca_bundle=to.ca_bundle)
    if to.answered_by == "aws" or connection.is_aws(to.url):
        _may_write(settings, to)
        target = Paced(target)
    return Live(to, target, by_state(settings.datasets))


def _may_write(settings: Settings, to: Connection) -> None:
    given = [arn for arn, state in settings.datasets.items() if state != "missing"]
    if given and not settings.write_to_existing:
        raise UsageError(
            "live would put items into the datasets given, and items can't be deleted there: "
            "add --write-to-existing if that is what you want"
        )
    if not settings.account:
        raise UsageError("live writes to AWS: say --account ID, the account that may be written to")
    try:
        found = _account(to)
    except (BotoCoreError, ClientError) as error:
        raise UsageError(f"live: STS does not say whose credentials these are: {error}") from error
    if found != settings.account:
        raise UsageError(
            "live: the credentials are of another account than --account says; nothing was written"
        )


def _account(to: Connection) -> str:
    from botocore.session import Session

    client: Any = Session().create_client(
        "sts",
        to.region,
        aws_access_key_id=to.credentials.access_key,
        aws_secret_access_key=to.credentials.secret_key,
        aws_session_token=to.credentials.token,
    )
    return str(client.get_caller_identity()["Account"])
