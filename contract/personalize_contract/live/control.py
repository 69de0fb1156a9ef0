"""Calls of STS and of Personalize's control plane, limited and retried like all live requests."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import partial
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
from personalize_contract.live.rate_limit import RateLimiter
from personalize_contract.live.retry import RetryPolicy
from personalize_contract.model import failures, origin
from personalize_contract.model.exchange import Response
from personalize_contract.model.failures import Trouble
from personalize_contract.privacy import redaction
from personalize_contract.privacy.own_logs import unlogged
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint

Hold = Callable[[], contextlib.AbstractContextManager[None]]
"""Makes a context that delays interrupts."""


_TIMEOUT = 30.0
"""Seconds that a call may take."""


class Control:
    """The control plane of one account, and STS.

    Args:
        to: the address of the services, and the credentials for them.
        rate_limiter: the rate limiter, shared with the requests of the suite.
        retry_policy: the retry policy for transient failures.
        hold: the context around each call.
    """

    def __init__(
        self,
        to: Connection,
        rate_limiter: RateLimiter,
        retry_policy: RetryPolicy,
        hold: Hold = contextlib.nullcontext,
    ) -> None:
        self._rate_limiter, self._retry_policy, self._hold = rate_limiter, retry_policy, hold
        self._to = to
        self._sts, self._personalize = to.client("sts"), to.client("personalize")
        for client in (self._sts, self._personalize):
            client.meta.events.register("before-send", self._send)
        self._operation, self._response = "", Response(0, "", {}, b"")
        self.sends_ids = False
        """True if a response had a request id."""

    def account(self) -> str:
        """Return the id of the account that the credentials belong to.

        Raises:
            TargetUnavailable: STS can't be called.
        """
        # No role needs permission for this call, so a denial is final.
        identity = self._call(self._sts, "GetCallerIdentity", {}, retries_denial=False)
        return str(identity["Account"])

    def now(self) -> dt.datetime:
        """Return the time of the service's last response; this machine's if that had none."""
        try:
            return parsedate_to_datetime(self._response.headers["date"])
        except (KeyError, ValueError):
            return clock.now()

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call an operation of the control plane, and return its output.

        Raises:
            ControlPlaneRefused: the response is an error.
            TargetUnavailable: the control plane can't be reached.
        """
        return self._call(self._personalize, operation, arguments)

    def pages(self, operation: str, member: str, **arguments: Any) -> list[dict[str, Any]]:
        """Call a list operation until its last page; return the values of a member of all pages."""
        values: list[dict[str, Any]] = []
        token: dict[str, Any] = {}
        while True:
            page = self.call(operation, **arguments, **token)
            values += page[member]
            if not page.get("nextToken"):
                return values
            token = {"nextToken": page["nextToken"]}

    def _call(
        self,
        client: Any,
        operation: str,
        arguments: dict[str, Any],
        *,
        retries_denial: bool = True,
    ) -> dict[str, Any]:
        def attempt() -> dict[str, Any] | Exception:
            self._rate_limiter.wait()
            self._operation = operation
            try:
                with self._hold(), unlogged():
                    return self._output(client, operation, arguments)
            except (BotoCoreError, ClientError, NoAnswer) as error:
                return error

        trouble_in = partial(_trouble, retries_denial=retries_denial)
        result: dict[str, Any] | Exception = self._retry_policy.run(operation, attempt, trouble_in)
        if not isinstance(result, Exception):
            return result
        if trouble := _trouble(result):
            raise TargetUnavailable(trouble.describe(operation, _brief(result))) from None
        if isinstance(result, ClientError):
            message = redaction.mask_accounts(_message(result).encode()).decode()
            raise ControlPlaneRefused(operation, _code(result), message) from result
        raise TargetUnavailable(f"{operation}: {failures.cause(result)}") from result

    def _output(self, client: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call an operation once, and return its output.

        Raises:
            TargetUnavailable: the response is not from the service.
        """
        shape = client.meta.service_model.operation_model(operation).output_shape
        try:
            output: dict[str, Any] = getattr(client, xform_name(operation))(**arguments)
        except (BotoCoreError, ClientError, TargetUnavailable):
            raise
        except Exception:  # botocore raises many types for a response that it can't parse
            raise self._unreadable(operation) from None
        if shape and not any(name in output for name in shape.members):
            raise self._unreadable(operation)
        return output

    def _unreadable(self, operation: str) -> TargetUnavailable:
        return TargetUnavailable(
            failures.FOREIGN.describe(operation, origin.summary(self._response))
        )

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """Send a request of botocore in the same way as all live requests."""
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
"""A call of the control plane verifies no clause, so one that fails may simply be retried."""

_NO_ANSWERS: Mapping[type[NoAnswer], Trouble] = {
    Reset: failures.RESET,
    TimedOut: failures.TIMED_OUT,
}


def _trouble(result: dict[str, Any] | Exception, *, retries_denial: bool = True) -> Trouble | None:
    if isinstance(result, NoAnswer):
        return _NO_ANSWERS.get(type(result), failures.NO_ANSWER)
    if isinstance(result, ClientError):
        status = result.response["ResponseMetadata"]["HTTPStatusCode"]
        trouble = failures.in_error(status, _code(result), _message(result))
        if trouble is failures.ACCESS_DENIED and not retries_denial:
            return replace(trouble, transient=False)
        return _OUTAGE if status >= 500 else trouble
    return None


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _message(error: ClientError) -> str:
    return str(error.response["Error"]["Message"])


def _brief(error: Exception) -> str:
    return _code(error) if isinstance(error, ClientError) else failures.cause(error)
