"""The loopback endpoints of a run: for the clients that are not intercepted in its process."""

from __future__ import annotations

import _thread
import threading
from collections import Counter
from typing import TYPE_CHECKING

from personalize_contract.model.exchange import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from personalize_contract.interceptors.child_processes import RefusingHandler
    from personalize_contract.service.http_server import HttpServer


class Loopbacks:
    """The endpoints of all tests of a run, served by the same threads.

    There is nothing of it until the first one listens. An endpoint listens to the end of the run,
    so that what a test left running is answered, and told of.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: HttpServer | None = None
        self.late: Counter[str] = Counter()
        """The requests that came when their test was over, by its name."""

    def listen(self, respond: Callable[[Request], Response], abandoned: Callable[[], None]) -> str:
        """Listen for another endpoint; returns its URL.

        Args:
            respond: from request to response.
            abandoned: called when a client leaves a request that isn't complete.
        """
        with self._lock:
            if not self._server:
                self._begin()
            assert self._server
            return self._server.add(respond, abandoned)

    def settle(self) -> None:
        """Wait until what has happened on the connections so far is known."""
        if self._server:
            self._server.settle()

    def _begin(self) -> None:
        # These threads serve each test of the run, so none that a test has started starts them.
        started = threading.Event()
        _thread.start_new_thread(self._start, (started,))
        started.wait()

    def _start(self, started: threading.Event) -> None:
        from personalize_contract.service import core
        from personalize_contract.service.http_server import HttpServer

        try:
            # Each test has an address of its own; nobody is told of this one.
            self._server = HttpServer(lambda request: core.response(404, b"")).__enter__()
        finally:
            started.set()

    def is_alone(self) -> bool:
        """Whether no thread runs beside the calling one and those of the endpoints."""
        own = self._server.threads if self._server else 0
        return threading.active_count() - own == 1

    def disown(self) -> None:
        """Close the sockets of a forked child."""
        if self._server:
            self._server.disown()

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()


class Loopback:
    """The endpoint of a test. It starts listening when its URL is asked for.

    Args:
        respond: from request to response; called by several threads at once.
        run: the endpoints of the run; None to be the only one.
        test: the name of the test.
        abandoned: called when a client leaves a request that isn't complete.
    """

    def __init__(
        self,
        respond: Callable[[Request], Response],
        run: Loopbacks | None = None,
        test: str = "",
        abandoned: Callable[[], None] = lambda: None,
    ) -> None:
        self._respond, self._test, self._abandoned = respond, test, abandoned
        self._run = run or Loopbacks()
        self._is_only = run is None
        self._lock = threading.Lock()
        self._is_idle = threading.Condition()
        self._answering, self._is_over = 0, False
        self.urls: list[str] = []
        """The URL, once there is one."""
        self.foreign = 0
        """The children that were left alone, since their environment names another endpoint."""

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`."""
        if not self.urls:
            with self._lock:
                if not self.urls:
                    self.urls.append(self._run.listen(self._answer, self._abandoned))
        return self.urls[0]

    def is_alone(self) -> bool:
        """Whether no thread runs beside the calling one and those of the endpoints."""
        return self._run.is_alone()

    def disown(self) -> None:
        """Close the sockets of a forked child."""
        self._answering, self._is_over = 0, True
        self._run.disown()

    def left_alone(self) -> None:
        """Note a child whose environment names another endpoint."""
        self.foreign += 1

    def for_forked(self, url: str) -> RefusingHandler:
        """Return the handler of a forked child, which sends to the endpoint at a URL."""
        from personalize_contract.plugin.forked_child import Sender

        return Sender(url)

    def _answer(self, request: Request) -> Response:
        with self._is_idle:
            if self._is_over:
                return self._gone()
            self._answering += 1
        try:
            return self._respond(request)
        finally:
            with self._is_idle:
                self._answering -= 1
                self._is_idle.notify_all()

    def _gone(self) -> Response:
        from personalize_contract.service import core

        self._run.late[self._test] += 1
        return core.error(
            410,
            "TestIsOver",
            f"The test {self._test} is over, and this is its endpoint: nothing was sent. Wait in "
            "the test for what it starts, or start it in the test whose traffic it sends.",
        )

    def finish(self) -> None:
        """Wait for the answers that are under way; from now on there are no more."""
        if self.urls and not self._is_over:
            self._run.settle()
        with self._is_idle:
            self._is_over = True
            self._is_idle.wait_for(lambda: not self._answering)

    def close(self) -> None:
        """Finish; stop listening if this is the only one."""
        self.finish()
        if self._is_only:
            self._run.close()
