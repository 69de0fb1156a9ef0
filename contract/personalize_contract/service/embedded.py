"""The reference service inside a test: the fixture `personalize_service`."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable

from personalize_contract.errors import UsageError
from personalize_contract.model.datasets import STATES, State, parse
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.service.core import answer
from personalize_contract.service.faults import Fault, Interrupted, fault
from personalize_contract.service.store import Store

_NONE = Fault()


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
        self._faults: deque[Fault] = deque()
        self._open = contextlib.ExitStack()
        self.urls: list[str] = []
        self.front: Callable[[Request], Response] = self.respond

    def answer(self, request: Request) -> Exchange:
        """Answer a request, as a target does.

        Raises:
            Interrupted: a fault of `fail_next` lies on the way of the answer.
        """
        with self._lock:
            fault = self._faults.popleft() if self._faults else _NONE
        response = fault.instead
        if fault is _NONE or fault.is_stored:
            response = answer(request, self._store)
        shown = (
            response if response and not fault.is_lost else Response(0, fault.wire or "", {}, b"")
        )
        exchange = Exchange(request, shown, "reference")
        with self._lock:
            self._exchanges.append(exchange)
        if fault.wire:
            raise Interrupted(fault.wire, response, fault.seconds)
        return exchange

    def respond(self, request: Request) -> Response:
        """Answer a request, as a function from request to response."""
        return self.answer(request).response

    @property
    def url(self) -> str:
        """Where it listens, for whatever is not caught in process: `http://127.0.0.1:PORT`."""
        with self._lock:
            if not self.urls:
                from personalize_contract.service.http_server import HttpServer

                server = HttpServer(lambda request: self.front(request))
                self.urls.append(self._open.enter_context(server).url)
            return self.urls[0]

    def add_dataset(self, arn: str, state: State = "active") -> None:
        """Make a dataset: `active` (200), `in-use` (409) or `missing` (404).

        Raises:
            UsageError: there is no such state, or it is not the ARN of a Personalize resource.
        """
        if state not in STATES:
            raise UsageError(f"a dataset is not {state!r}, but one of {', '.join(STATES)}")
        self._store.add_dataset(arn, parse([f"{arn}={state}"])[arn])

    def set_state(self, arn: str, state: State) -> None:
        """Change the state of a dataset; its items stay. Raises as `add_dataset`."""
        self.add_dataset(arn, state)

    def fail_next(
        self, error: str | int | None = None, times: int = 1, *, slow: float | None = None
    ) -> None:
        """Make the next requests fail; those after them are answered as ever.

        Each attempt of an SDK's retries is a request. Asked for again, it is another failure,
        after those asked for before.

        Args:
            error: an error code such as `"ThrottlingException"`, a status from 400 to 599,
                `"timeout"`, `"reset"` or `"truncate"`.
            times: how many requests.
            slow: seconds that a right answer takes; instead of an error.

        Raises:
            UsageError: there is no such failure.
        """
        if not isinstance(times, int) or times < 1:
            raise UsageError(f"fail_next(times={times!r}): how many requests fail, at least 1")
        found = fault(error, slow)
        with self._lock:
            self._faults.extend([found] * times)

    def items(self, arn: str) -> dict[str, str | None]:
        """The items of a dataset: itemId to properties as sent, None where there were none.

        Raises:
            UsageError: nobody ever said that there is such a dataset.
        """
        if arn not in self._store.states():
            raise UsageError(
                f"there is no dataset {arn!r} in this service: give an ARN of "
                "personalize_dataset, or of add_dataset"
            )
        return self._store.items(arn)

    @property
    def waiting(self) -> int:
        """How many of the failures that were asked for have not happened yet."""
        with self._lock:
            return len(self._faults)

    @property
    def exchanges(self) -> list[Exchange]:
        """What was sent and answered, each attempt of an SDK's retries for itself, in order.

        Where no whole answer reached the client, the response has the status 0, and its reason
        says why: `timeout`, `reset` or `truncate`.
        """
        with self._lock:
            return list(self._exchanges)

    def close(self) -> None:
        """Stop listening and forget everything."""
        self._open.close()
        self._store.close()
