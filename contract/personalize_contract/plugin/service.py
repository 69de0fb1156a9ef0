"""The reference service inside a test: the fixture `personalize_service`."""

from __future__ import annotations

from functools import partial
from typing import Any

from personalize_contract.errors import UsageError
from personalize_contract.model.datasets import STATES, State, parse
from personalize_contract.model.exchange import Exchange
from personalize_contract.plugin.loopback import Loopback
from personalize_contract.plugin.session import Session
from personalize_contract.service import core
from personalize_contract.service.store import Store
from personalize_contract.targets.base import InProcess
from personalize_contract.targets.faults import FaultInjector


class Service:
    """The reference service for one test: what is put into it is there until the test ends.

    It has the dummy datasets of `personalize_dataset` and the dummy trackers of
    `personalize_tracker`. One never mentioned is missing: 404, as on AWS.

    Args:
        store: the datasets with their items, the trackers with their events.
        loopback: the way to it for clients that are not intercepted in process.
    """

    def __init__(self, store: Store, loopback: Loopback) -> None:
        self._store, self._loopback = store, loopback
        self._exchanges: list[Exchange] = []
        service = InProcess(partial(core.respond, store=store), "reference")
        self.target = FaultInjector(service, self._exchanges.append)

    @property
    def url(self) -> str:
        """Where it listens, for whatever is not caught in process: `http://127.0.0.1:PORT`."""
        return self._loopback.url

    def add_dataset(self, arn: str, state: State = "active") -> None:
        """Make a dataset: `active` (200), `in-use` (409) or `missing` (404).

        Raises:
            UsageError: there is no such state, or it is not the ARN of a Personalize resource.
        """
        if state not in STATES:
            raise UsageError(f"a dataset is not {state!r}, but one of {', '.join(STATES)}")
        self._store.add_dataset(arn, parse([f"{arn}={state}"])[arn])

    def add_tracker(self, tracking_id: str, state: State = "active") -> None:
        """Make a tracker: `active` (200), `in-use` or `missing`.

        The last two are answered 409 and 404 by PutActionInteractions. PutEvents documents
        neither, and answers 400.

        Raises:
            UsageError: there is no such state.
        """
        if state not in STATES:
            raise UsageError(f"a tracker is not {state!r}, but one of {', '.join(STATES)}")
        self._store.add_dataset(tracking_id, state)

    def set_state(self, arn: str, state: State) -> None:
        """Change the state of a dataset or tracker; what was sent to it stays.

        Raises as `add_dataset`.
        """
        self.add_dataset(arn, state)

    def fail_next(
        self, error: str | int | None = None, times: int = 1, *, slow: float | None = None
    ) -> None:
        """Make the next requests fail, as `FaultInjector.fail_next` does."""
        self.target.fail_next(error, times, slow=slow)

    def items(self, arn: str) -> dict[str, str | None]:
        """Return the items of a dataset: itemId to properties as sent, None without any.

        Raises:
            UsageError: nobody ever said that there is such a dataset.
        """
        if arn not in self._store.states():
            raise UsageError(
                f"there is no dataset {arn!r} in this service: give an ARN of "
                "personalize_dataset, or of add_dataset"
            )
        return self._store.items(arn)

    def events(self, tracking_id: str) -> list[dict[str, Any]]:
        """Return the events of a tracker, of either operation, in the order in which they came.

        Each is as it was sent; those of PutEvents also have the `userId` and `sessionId` that
        stood beside them.

        Raises:
            UsageError: nobody ever said that there is such a tracker.
        """
        if tracking_id not in self._store.states():
            raise UsageError(
                f"there is no tracker {tracking_id!r} in this service: give an id of "
                "personalize_tracker, or of add_tracker"
            )
        return self._store.events(tracking_id)

    @property
    def exchanges(self) -> list[Exchange]:
        """The exchanges so far, each attempt of an SDK's retries by itself, in order.

        Where no whole answer reached the client, the response has the status 0, and its reason
        says why: `timeout`, `reset` or `truncate`.
        """
        return list(self._exchanges)

    @property
    def urls(self) -> list[str]:
        """The URL, once it listens; read by whoever has to know which requests are its."""
        return self._loopback.urls

    def close(self) -> None:
        """Answer nothing more, and forget everything."""
        self._loopback.close()
        self._store.close()


def serve(session: Session, loopback: Loopback | None = None) -> Service:
    """Let a reference service of its own answer the requests of a session.

    Args:
        session: of a test.
        loopback: its endpoint; None to make one.
    """
    store = Store()
    store.add_dummies()
    service = Service(store, loopback or Loopback(session.respond))
    session.target = service.target
    return service
