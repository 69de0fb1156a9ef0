"""One SDK call and its attempts: retries share an id, and all of them count as one exchange.

A replay answers each attempt alike. Of a recording, and of a comparison with one, the last attempt
counts, so that neither depends on how often the SDK was set to retry. A request without an id is a
call of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from personalize_contract.model.exchange import Exchange, Request

T = TypeVar("T")


def call_id(request: Request) -> str:
    """Return the id that the attempts of one SDK call share; `""` if the request has none."""
    return request.headers.get("amz-sdk-invocation-id", "")


def last_attempts(exchanges: Iterable[tuple[Exchange, str]]) -> list[Exchange]:
    """Return the last attempt of each call, in the place of its first.

    Args:
        exchanges: exchanges in their order, each with its call's id.
    """
    last: dict[object, Exchange] = {}
    for number, (exchange, call) in enumerate(exchanges):
        last[call or number] = exchange
    return list(last.values())


class ByCall(Generic[T]):
    """A value for each SDK call, the same for all attempts. Not for several threads at once."""

    def __init__(self) -> None:
        self._values: dict[str, T] = {}

    def get(self, call: str) -> T | None:
        """Return the value of a call; None before it has one, and without an id."""
        return self._values.get(call)

    def put(self, call: str, value: T) -> None:
        """Give a call its value, which replaces the earlier one."""
        if call:
            self._values[call] = value
