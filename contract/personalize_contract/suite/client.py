"""Sends the requests of scenarios, by a real botocore client or as raw signed requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.credentials import Credentials

from personalize_contract.interceptors.botocore import request_of, response_for
from personalize_contract.model.exchange import Exchange, Request
from personalize_contract.model.parsed_request import parse
from personalize_contract.suite.scenario import RawRequest, Scenario, text
from personalize_contract.targets.base import Target
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.signing import signed

_UNKNOWN_KEY = Credentials("personalize-contract-nobody", "personalize-contract-no-secret")
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
        self._exchanges: list[Exchange] = []

    def send(self, scenario: Scenario, target: Target, arn: str) -> Exchange:
        """Send a scenario with the dataset of an ARN, and return the exchange.

        Raises:
            TargetUnavailable, Miss: there is no answer.
        """
        for earlier in scenario.before:
            request = self._raw(earlier, arn)
            target.answer(
                parse(replace(request, headers={**request.headers, "connection": "keep-alive"}))
            )
        if isinstance(scenario.sends, RawRequest):
            return target.answer(parse(self._raw(scenario.sends, arn)))
        self._target = target
        self._exchanges.clear()
        try:
            getattr(self._botocore, scenario.sends.method)(**text(scenario.sends, arn))
        except Exception:
            # The response is judged, not the SDK's reaction to it.
            if not self._exchanges:
                raise
        return self._exchanges[-1]

    def _before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        assert self._target is not None
        exchange = self._target.answer(parse(request_of(request)))
        self._exchanges.append(exchange)
        return response_for(request.url, exchange.response)

    def _raw(self, sends: RawRequest, arn: str) -> Request:
        headers = dict(sends.headers)
        if sends.content_type:
            headers["content-type"] = sends.content_type
        url = self._connection.url.rstrip("/") + sends.path
        request = Request(sends.method, url, headers, text(sends, arn))
        credentials, region = self._connection.credentials, self._connection.region
        if sends.signature == "none":
            return request
        if sends.signature == "of-nobody":
            credentials = _UNKNOWN_KEY
        if sends.signature == "of-another-region":
            region = "eu-west-1" if region != "eu-west-1" else "us-east-1"
        signed_request = signed(request, credentials, region)
        if sends.signature == "wrong":
            # Change the last digit of the signature.
            authorization = signed_request.headers["authorization"]
            last = "0" if authorization[-1] != "0" else "1"
            changed = {**signed_request.headers, "authorization": authorization[:-1] + last}
            return replace(signed_request, headers=changed)
        return signed_request
