"""The reference service inside a test: the fixture `personalize_service`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from personalize_contract.datasets import State
from personalize_contract.exchange import Exchange, Request, Response
from personalize_contract.service.core import answer
from personalize_contract.service.store import Store


class Service:
    """The reference service for one test: what is put into it is there until the test ends.

    It has the dummy datasets of `personalize_dataset`. One never mentioned is missing: 404, as
    on AWS.
    """

    def __init__(self) -> None:
        self._store = Store()
        self._store.add_dummies()
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._open = contextlib.ExitStack()
        self._url = ""
        self.front: Callable[[Request], Response] = self.respond

    def answer(self, request: Request) -> Exchange:
        """Answer a request, as a target does."""
        exchange = Exchange(request, answer(request, self._store), "reference")
        with self._lock:
            self._exchanges.append(exchange)
        return exchange

    def respond(self, request: Request) -> Response:
        """Answer a request, as a function from request to response."""
        return self.answer(request).response

    @property
    def url(self) -> str:
        """Where it listens, for whatever is not caught in process: `http://127.0.0.1:PORT`."""
        with self._lock:
            if not self._url:
                from personalize_contract.service.http import HttpServer

                server = HttpServer(lambda request: self.front(request))
                self._url = self._open.enter_context(server).url
            return self._url

    def add_dataset(self, arn: str, state: State = "active") -> None:
        """Make a dataset: `active` (200), `in-use` (409) or `missing` (404)."""
        self._store.add_dataset(arn, state)

    def set_state(self, arn: str, state: State) -> None:
        """Change the state of a dataset; its items stay."""
        self._store.add_dataset(arn, state)

    def items(self, arn: str) -> dict[str, str | None]:
        """The items of a dataset: itemId to properties as sent, None where there were none."""
        return self._store.items(arn)

    @property
    def exchanges(self) -> list[Exchange]:
        """What was sent and answered, each attempt of an SDK's retries for itself, in order."""
        with self._lock:
            return list(self._exchanges)

    def close(self) -> None:
        """Stop listening and forget everything."""
        self._open.close()
        self._store.close()
