"""The messages of a scenario, byte for byte, and the guard that lets through no others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from personalize_contract.live.guard import misaddressed
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import State
from personalize_contract.model.exchange import Request
from personalize_contract.suite.scenario import Call, Scenario, text
from personalize_contract.suite.tables.scenarios import SCENARIOS


class Message(NamedTuple):
    """What a service may act on in a request: method, path with query, and body."""

    method: str
    target: str
    body: bytes


def messages(scenario: Scenario, arn: str) -> Iterator[Message]:
    """Everything that a scenario sends to the dataset of an ARN, in its order."""
    for sends in (*scenario.before, scenario.control, scenario.sends):
        if isinstance(sends, Call):
            # As botocore writes it.
            body = json.dumps(text(sends, arn)).encode()
            yield Message("POST", sends.path, body)
        elif sends:
            yield Message(sends.method, sends.path, text(sends, arn))


class TableGuard:
    """Lets through the messages of the suite's table, byte for byte, and nothing else.

    What they break is what the suite is about, so they are not read: they are known.

    Args:
        operation: name of the operation that is verified.
        url: URL of the service.
        arns: ARN of the dataset of each state.
    """

    def __init__(self, operation: str, url: str, arns: Mapping[State, str]) -> None:
        self._operation, self._url, self._arns = load(operation).operation, url, arns

    def refusal(self, request: Request) -> str | None:
        """Return why a request may not be sent; None if it may."""
        if place := misaddressed(request, self._url):
            return place
        path = request.path.removeprefix(urlsplit(self._url).path.rstrip("/"))
        target = f"{path}?{request.query}" if request.query else path
        if _digest(Message(request.method, target, request.body)) in self._table:
            return None
        return "it is none of the suite's table for the datasets that were given"

    @cached_property
    def _table(self) -> frozenset[bytes]:
        return frozenset(
            _digest(message)
            for scenario in SCENARIOS[self._operation]
            if scenario.state in self._arns
            for message in messages(scenario, self._arns[scenario.state])
        )


def _digest(message: Message) -> bytes:
    return hashlib.sha256(repr(message[:2]).encode() + message.body).digest()
