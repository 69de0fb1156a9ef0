"""The fake AWS account, in this process and over real HTTP, with a clock that tests move."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from unittest import mock

from personalize_contract.fake_account import account, sts
from personalize_contract.fake_account.clock import Clock
from personalize_contract.fake_account.control_plane import ControlPlane
from personalize_contract.fake_account.lifecycle import Resource
from personalize_contract.live import provision, rate_limit, resources, retry
from personalize_contract.model import contract
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store

ACCOUNT = "111122223333"


class HandClock(Clock):
    """A clock that stands still until it is moved."""

    def __init__(self, start: float | None = None) -> None:
        super().__init__(1, start)
        self.time = self._start

    def now(self) -> float:
        return self.time


@dataclass
class StandIn:
    """A fake account that answers at `url`, and logs its calls.

    `step` moves its clock with each request, so that waiting takes a known number of requests.
    `before` may answer a request instead; `after` is called before a response is sent. Both get the
    name of the operation.
    """

    store: Store = field(default_factory=Store)
    clock: HandClock = field(default_factory=HandClock)
    in_use: frozenset[str] | None = None
    step: float = 0
    before: Callable[[str, Request], Response | None] = lambda name, request: None
    after: Callable[[str], object] = lambda name: None
    authenticate: account.Authenticate | None = None
    calls: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    account: str = ACCOUNT
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        more = {} if self.in_use is None else {"in_use": self.in_use}
        self.plane = ControlPlane(self.store, self.clock, self.account, **more)

    def answer(self, request: Request) -> Response:
        name = operation(request)
        with self.lock:
            self.clock.time += self.step
            self.calls.append(name)
            self.requests.append(request)
        response = self.before(name, request)
        if response is None:
            response = account.answer(request, self.store, self.plane, self.authenticate)
        self.after(name)
        return response

    def written(self) -> list[str]:
        """Return the calls that change something."""
        reads = ("Describe", "List", "GetCallerIdentity")
        return [name for name in self.calls if not name.startswith(reads)]

    def left(self) -> list[str]:
        """Return the names of all existing resources."""
        self.plane.settle()
        prefix = f":{self.account}:"
        return sorted(resource.arn.partition(prefix)[2] for resource in self.resources())

    def resources(self) -> list[Resource]:
        return list(self.plane.resources.by_arn.values())

    @contextlib.contextmanager
    def served(self) -> Iterator[StandIn]:
        with HttpServer(self.answer) as server:
            self.url = server.url
            yield self
        self.store.close()


def operation(request: Request) -> str:
    """Return the operation of a request by its name in the SDKs."""
    if sts.is_for(request):
        return "GetCallerIdentity"
    target = request.headers.get("x-amz-target", "")
    operation = contract.at(request.path)
    return target.rpartition(".")[2] or (operation.operation if operation else request.path)


@contextlib.contextmanager
def short_waits() -> Iterator[None]:
    """Shorten the waits for AWS of a live run in this process to milliseconds."""
    pauses = partial(retry.pauses, longest=0.05)
    with (
        mock.patch.object(rate_limit, "INTERVAL", 0.001),
        mock.patch.object(provision, "pauses", lambda first: pauses(first / 100)),
        mock.patch.object(resources, "pauses", lambda first: pauses(first / 100)),
    ):
        yield
