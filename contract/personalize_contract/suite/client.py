"""Sends the requests of scenarios, by a real botocore client or as raw signed requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.credentials import Credentials

from personalize_contract.interceptors.botocore import request_of, response_for
from personalize_contract.model.exchange import Exchange, Request
from personalize_contract.model.parsed_request import parse
from personalize_contract.suite.scenario import Scenario, Wire, text
from personalize_contract.targets.base import Target
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.signing import signed

_NOBODY = Credentials("personalize-contract-nobody", "personalize-contract-no-secret")
"""Credentials that every service rejects."""


class Client:
    """Sends scenarios one after the other, without retries.

    Args:
        connection: the address of the target, and its credentials.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._botocore = connection.client()
        self._botocore.meta.events.register("before-send", self._before_send)
        self._target: Target | None = None
        self._answered: list[Exchange] = []

    def send(self, scenario: Scenario, target: Target, arn: str) -> Exchange:
        """Send a scenario with the dataset of an ARN, and return the exchange.

        Raises:
            TargetUnavailable, Miss: there is no answer.
        """
        for before in scenario.before:
            first = self._raw(before, arn)
            target.answer(
                parse(replace(first, headers={**first.headers, "connection": "keep-alive"}))
            )
        if isinstance(scenario.sends, Wire):
            return target.answer(parse(self._raw(scenario.sends, arn)))
        self._target = target
        self._answered.clear()
        try:
            getattr(self._botocore, scenario.sends.method)(**text(scenario.sends, arn))
        except Exception:
            # The answer is judged, not the SDK's reaction to it.
            if not self._answered:
                raise
        return self._answered[-1]

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        assert self._target is not None
        exchange = self._target.answer(parse(request_of(request)))
        self._answered.append(exchange)
        return response_for(request.url, exchange.response)

    def _raw(self, sends: Wire, arn: str) -> Request:
        headers = dict(sends.more)
        if sends.content_type:
            headers["content-type"] = sends.content_type
        url = self._connection.url.rstrip("/") + sends.path
        request = Request(sends.method, url, headers, text(sends, arn))
        credentials, region = self._connection.credentials, self._connection.region
        if sends.signature == "none":
            return request
        if sends.signature == "of-nobody":
            credentials = _NOBODY
        if sends.signature == "of-another-region":
            region = "eu-west-1" if region != "eu-west-1" else "us-east-1"
        sent = signed(request, credentials, region)
        if sends.signature == "wrong":
            # Change the last digit of the signature.
            begin, last = sent.headers["authorization"][:-1], sent.headers["authorization"][-1]
            changed = {**sent.headers, "authorization": begin + ("0" if last != "0" else "1")}
            return replace(sent, headers=changed)
        return sent
