"""Sends what a scenario says: through a real botocore client, or as a raw signed request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from personalize_contract.connection import Connection
from personalize_contract.datasets import State
from personalize_contract.doors.botocore import request_of, response_for
from personalize_contract.exchange import Exchange, Request
from personalize_contract.signing import signed
from personalize_contract.suite.scenarios import Scenario, Wire, text
from personalize_contract.targets import Target


class Client:
    """Sends scenarios, one after the other and each once.

    Args:
        connection: where the target is, and what to sign with.
        arns: the dataset ARN of each state.
    """

    def __init__(self, connection: Connection, arns: Mapping[State, str]) -> None:
        self._connection, self._arns = connection, arns
        self._botocore = connection.client()
        self._botocore.meta.events.register("before-send", self._before_send)
        self._target: Target | None = None
        self._exchange: Exchange | None = None

    def send(self, scenario: Scenario, target: Target) -> Exchange:
        """The exchange that answers a scenario.

        Raises:
            TargetUnavailable, Miss: nobody answered.
        """
        arn = self._arns[scenario.state]
        if isinstance(scenario.sends, Wire):
            return target.answer(self._raw(scenario.sends, arn))
        self._target, self._exchange = target, None
        try:
            self._botocore.put_items(**text(scenario.sends, arn))
        except Exception:
            # What the SDK makes of an answer is not what is judged here.
            if self._exchange is None:
                raise
        assert self._exchange is not None
        return self._exchange

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        assert self._target is not None
        self._exchange = self._target.answer(request_of(request))
        return response_for(request.url, self._exchange.response)

    def _raw(self, sends: Wire, arn: str) -> Request:
        headers = {"content-type": sends.content_type} if sends.content_type else {}
        url = self._connection.url.rstrip("/") + sends.path
        request = Request(sends.method, url, headers, text(sends, arn))
        return signed(request, self._connection.credentials, self._connection.region)
