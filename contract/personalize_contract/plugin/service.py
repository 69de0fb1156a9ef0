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
    """The reference service for one test; its records last until the test ends.

    It has the dummy datasets of `personalize_dataset` and the dummy trackers of
    `personalize_tracker`. An unknown dataset is missing: 404, as on AWS.

    Args:
        store: the datasets with their items, the trackers with their events.
        loopback: the endpoint for clients that are not intercepted in process.
    """

    def __init__(self, store: Store, loopback: Loopback) -> None:
        self._store, self._loopback = store, loopback
        self._exchanges: list[Exchange] = []
        service = InProcess(partial(core.respond, store=store), "reference")
        self.target = FaultInjector(service, self._exchanges.append)

    @property
    def url(self) -> str:
        """Its URL, for clients that are not intercepted in process: `http://127.0.0.1:PORT`."""
        return self._loopback.url

    def add_dataset(self, arn: str, state: State = "active") -> None:
        """Add a dataset: `active` (200), `in-use` (409) or `missing` (404).

        Raises:
            UsageError: there is no such state, or it is not the ARN of a Personalize resource.
        """
        if state not in STATES:
            raise UsageError(
                f"{state!r} is not a state of a dataset; use one of {', '.join(STATES)}"
            )
        self._store.add_dataset(arn, parse([f"{arn}={state}"])[arn])

    def add_tracker(self, tracking_id: str, state: State = "active") -> None:
        """Add a tracker: `active` (200), `in-use` or `missing`.

        PutActionInteractions answers 409 and 404 for the last two. PutEvents documents neither, and
        answers 400.

        Raises:
            UsageError: there is no such state.
        """
        if state not in STATES:
            raise UsageError(
                f"{state!r} is not a state of a tracker; use one of {', '.join(STATES)}"
            )
        self._store.add_dataset(tracking_id, state)

    def set_state(self, arn: str, state: State) -> None:
        """Change the state of a dataset or tracker; its records stay.

        Raises the errors of `add_dataset`.
        """
        self.add_dataset(arn, state)

    def fail_next(
        self, error: str | int | None = None, times: int = 1, *, slow: float | None = None
    ) -> None:
        """Make the next requests fail, as in `FaultInjector.fail_next`."""
        self.target.fail_next(error, times, slow=slow)

    def items(self, arn: str) -> dict[str, str | None]:
        """Return the properties of each item of a dataset as sent, by itemId; None without any.

        Raises:
            UsageError: the dataset is unknown.
        """
        if arn not in self._store.states():
            raise UsageError(
                f"there is no dataset {arn!r} in this service: use an ARN from "
                "personalize_dataset or add_dataset"
            )
        return self._store.items(arn)

    def events(self, tracking_id: str) -> list[dict[str, Any]]:
        """Return the events of a tracker, of either operation, in order of arrival.

        Each is as sent; those of PutEvents also have the `userId` and `sessionId` of their request.

        Raises:
            UsageError: the tracker is unknown.
        """
        if tracking_id not in self._store.states():
            raise UsageError(
                f"there is no tracker {tracking_id!r} in this service: use an id from "
                "personalize_tracker or add_tracker"
            )
        return self._store.events(tracking_id)

    @property
    def exchanges(self) -> list[Exchange]:
        """The exchanges so far, in order; each attempt of an SDK's retries is one.

        A response that the client did not get completely has the status 0, and the reason
        `timeout`, `reset` or `truncate`.
        """
        return list(self._exchanges)

    @property
    def urls(self) -> list[str]:
        """The URL, once it listens; by it the interceptors recognise its requests."""
        return self._loopback.urls

    def close(self) -> None:
        """Answer no further requests, and clear the store."""
        self._loopback.close()
        self._store.close()


def serve(session: Session, loopback: Loopback | None = None) -> Service:
    """Let a new reference service answer the requests of a session.

    Args:
        session: the session of a test.
        loopback: its endpoint; None to create one.
    """
    store = Store()
    store.add_dummies()
    service = Service(store, loopback or Loopback(session.respond))
    session.target = service.target
    return service
