"""Calls of STS and of Personalize's control plane, one at a time and as careful as any other."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from personalize_contract.errors import ControlPlaneRefused, TargetUnavailable
from personalize_contract.live.rate_limit import Pace
from personalize_contract.live.retry import Patience
from personalize_contract.model import failures
from personalize_contract.model.failures import Trouble
from personalize_contract.privacy import redaction
from personalize_contract.privacy.own_logs import unlogged
from personalize_contract.targets.connection import Connection

Held = Callable[[], contextlib.AbstractContextManager[None]]
"""Keeps interrupts waiting while a call is under way."""


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
        self._sts, self._personalize = to.client("sts"), to.client("personalize")

    def account(self) -> str:
        """The id of the account that the credentials are of.

        Raises:
            TargetUnavailable: it can't be asked.
        """
        answer = self._call(self._sts, "GetCallerIdentity", {})
        if "Account" not in answer:
            raise TargetUnavailable(f"GetCallerIdentity: {_NOT_AWS}")
        return str(answer["Account"])

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

    def _call(self, client: Any, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        def ask() -> dict[str, Any] | Exception:
            self._pace.turn()
            try:
                with self._held(), unlogged():
                    answer: dict[str, Any] = getattr(client, xform_name(operation))(**given)
                    return answer
            except (BotoCoreError, ClientError) as error:
                return error
            except _UNREADABLE:
                # The message quotes the answer, of nobody knows whom.
                raise TargetUnavailable(f"{operation}: {_NOT_AWS}") from None

        answer = self._patience.ask(operation, ask, _trouble)
        if not isinstance(answer, Exception):
            return answer
        if trouble := _trouble(answer):
            raise TargetUnavailable(trouble.describe(operation, _saw(answer))) from answer
        if isinstance(answer, ClientError):
            words = redaction.mask_accounts(_message(answer).encode()).decode()
            raise ControlPlaneRefused(operation, _code(answer), words) from answer
        raise TargetUnavailable(f"{operation}: {failures.cause(answer)}") from answer


_UNREADABLE = (ResponseParserError, LookupError, ValueError, AttributeError, TypeError)
"""What botocore's parsers raise for an answer of another shape than the service's."""

_NOT_AWS = (
    "the answer is not one of AWS: look for a proxy or a portal on the way, "
    "and whether the endpoint URL is right"
)

_OUTAGE = replace(failures.UNAVAILABLE, transient=True)
"""A call of the control plane judges nobody, so one that fails is simply made again."""


def _trouble(answer: dict[str, Any] | Exception) -> Trouble | None:
    if isinstance(answer, ClientError):
        status = answer.response["ResponseMetadata"]["HTTPStatusCode"]
        found = failures.in_error(status, _code(answer), _message(answer))
        return _OUTAGE if status >= 500 else found
    if isinstance(answer, Exception) and not isinstance(answer, ParamValidationError):
        return failures.in_failure(answer) or _OUTAGE
    return None


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _message(error: ClientError) -> str:
    return str(error.response["Error"]["Message"])


def _saw(error: Exception) -> str:
    return _code(error) if isinstance(error, ClientError) else failures.cause(error)
