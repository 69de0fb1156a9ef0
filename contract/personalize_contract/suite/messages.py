"""The messages of a scenario, byte for byte, and the guard that refuses all others."""

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
    """The relevant parts of a request: method, path with query, and body."""

    method: str
    target: str
    body: bytes


def messages(scenario: Scenario, arn: str) -> Iterator[Message]:
    """Yield all messages that a scenario sends to the dataset of an ARN, in order."""
    for sends in (*scenario.before, scenario.control, scenario.sends):
        if isinstance(sends, Call):
            # As botocore encodes it.
            body = json.dumps(text(sends, arn)).encode()
            yield Message("POST", sends.path, body)
        elif sends:
            yield Message(sends.method, sends.path, text(sends, arn))


class TableGuard:
    """Allows the messages of the suite's scenarios, byte for byte, and nothing else.

    They break the contract on purpose, so they are compared instead of checked.

    Args:
        operation: the name of the verified operation.
        url: the URL of the service.
        arns: the ARN of the dataset of each state.
    """

    def __init__(self, operation: str, url: str, arns: Mapping[State, str]) -> None:
        self._operation, self._url, self._arns = load(operation).operation, url, arns

    def refusal(self, request: Request) -> str | None:
        """Return the reason that a request may not be sent; None if it may."""
        if reason := misaddressed(request, self._url):
            return reason
        path = request.path.removeprefix(urlsplit(self._url).path.rstrip("/"))
        target = f"{path}?{request.query}" if request.query else path
        if _digest(Message(request.method, target, request.body)) in self._table:
            return None
        return "it is not a request of the suite's scenarios for the declared datasets"

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
