"""Calls of STS and of Personalize's control plane, one at a time and as careful as any other."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError, ClientError

from personalize_contract import clock
from personalize_contract.errors import (
    ControlPlaneRefused,
    NoAnswer,
    Reset,
    TargetUnavailable,
    TimedOut,
)
from personalize_contract.interceptors.botocore import request_of, response_for
from personalize_contract.live.rate_limit import Pace
from personalize_contract.live.retry import Patience
from personalize_contract.model import failures, origin
from personalize_contract.model.exchange import Response
from personalize_contract.model.failures import Trouble
from personalize_contract.privacy import redaction
from personalize_contract.privacy.own_logs import unlogged
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint

Held = Callable[[], contextlib.AbstractContextManager[None]]
"""Keeps interrupts waiting while a call is under way."""


_TIMEOUT = 30.0
"""Seconds that a call may take."""


class Control:
    """The control plane of one account, and STS.

    Args:
        to: where, and as whom.
        pace: turns, shared with the requests of the suite.
        patience: for what passes.
        held: around each call.
    """

    def __init__(
        self,
        to: Connection,
        pace: Pace,
        patience: Patience,
        held: Held = contextlib.nullcontext,
    ) -> None:
        self._pace, self._patience, self._held = pace, patience, held
        self._to = to
        self._sts, self._personalize = to.client("sts"), to.client("personalize")
        for client in (self._sts, self._personalize):
            client.meta.events.register("before-send", self._send)
        self._operation, self._response = "", Response(0, "", {}, b"")
        self.sends_ids = False
        """Whether an answer had a request id."""

    def account(self) -> str:
        """The id of the account that the credentials are of.

        Raises:
            TargetUnavailable: it can't be asked.
        """
        # Everybody may ask this, so that a denial does not pass.
        return str(self._call(self._sts, "GetCallerIdentity", {}, waits=False)["Account"])

    def now(self) -> dt.datetime:
        """The time on the clock of the service, of its last answer; here, if that had none."""
        try:
            return parsedate_to_datetime(self._response.headers["date"])
        except (KeyError, ValueError):
            return clock.now()

    def call(self, operation: str, **given: Any) -> dict[str, Any]:
        """Call an operation of the control plane.

        Raises:
            ControlPlaneRefused: it answered with an error.
            TargetUnavailable: it can't be asked.
        """
        return self._call(self._personalize, operation, given)

    def pages(self, operation: str, member: str, **given: Any) -> list[dict[str, Any]]:
        """What all pages of a list have in a member."""
        found: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            page = self.call(operation, **given, **more)
            found += page[member]
            if not page.get("nextToken"):
                return found
            more = {"nextToken": page["nextToken"]}

    def _call(
        self, client: Any, operation: str, given: dict[str, Any], *, waits: bool = True
    ) -> dict[str, Any]:
        def ask() -> dict[str, Any] | Exception:
            self._pace.turn()
            self._operation = operation
            try:
                with self._held(), unlogged():
                    return self._answer(client, operation, given)
            except (BotoCoreError, ClientError, NoAnswer) as error:
                return error

        answer = self._patience.ask(operation, ask, lambda one: _trouble(one, waits=waits))
        if not isinstance(answer, Exception):
            return answer
        if trouble := _trouble(answer):
            raise TargetUnavailable(trouble.describe(operation, _saw(answer))) from None
        if isinstance(answer, ClientError):
            words = redaction.mask_accounts(_message(answer).encode()).decode()
            raise ControlPlaneRefused(operation, _code(answer), words) from answer
        raise TargetUnavailable(f"{operation}: {failures.cause(answer)}") from answer

    def _answer(self, client: Any, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """Call an operation once.

        Raises:
            TargetUnavailable: what came back is no answer of the service.
        """
        members = client.meta.service_model.operation_model(operation).output_shape
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**given)
        except (BotoCoreError, ClientError, TargetUnavailable):
            raise
        except Exception:  # botocore has many for what it can't parse
            raise self._unreadable(operation) from None
        if members and not any(name in answer for name in members.members):
            raise self._unreadable(operation)
        return answer

    def _unreadable(self, operation: str) -> TargetUnavailable:
        return TargetUnavailable(
            failures.FOREIGN.describe(operation, origin.summary(self._response))
        )

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Send what botocore is about to send as everything live is sent."""
        sent, to = request_of(request), self._to
        parts = urlsplit(sent.url)
        endpoint = Endpoint(
            f"{parts.scheme}://{parts.netloc}",
            to.answered_by,
            _TIMEOUT,
            to.ca_bundle,
            name=self._operation,
        )
        response = self._response = endpoint.answer(sent).response
        self.sends_ids = self.sends_ids or origin.has_request_id(response)
        if why := origin.foreign(response, self._operation, sends_ids=False):
            raise TargetUnavailable(why)
        return response_for(request.url, response)


_OUTAGE = replace(failures.UNAVAILABLE, transient=True)
"""A call of the control plane judges nobody, so one that fails is simply made again."""

_NO_ANSWERS: Mapping[type[NoAnswer], Trouble] = {
    Reset: failures.RESET,
    TimedOut: failures.TIMED_OUT,
}


def _trouble(answer: dict[str, Any] | Exception, *, waits: bool = True) -> Trouble | None:
    if isinstance(answer, NoAnswer):
        return _NO_ANSWERS.get(type(answer), failures.NO_ANSWER)
    if isinstance(answer, ClientError):
        status = answer.response["ResponseMetadata"]["HTTPStatusCode"]
        found = failures.in_error(status, _code(answer), _message(answer))
        if found is failures.ACCESS_DENIED and not waits:
            return replace(found, transient=False)
        return _OUTAGE if status >= 500 else found
    return None


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _message(error: ClientError) -> str:
    return str(error.response["Error"]["Message"])


def _saw(error: Exception) -> str:
    return _code(error) if isinstance(error, ClientError) else failures.cause(error)
