"""The loopback endpoints of a run, for clients that are not intercepted in process."""

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

    The server starts with the first endpoint. An endpoint listens until the end of the run, so that
    late requests of a test's leftovers get an answer and are reported.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: HttpServer | None = None
        self.late: Counter[str] = Counter()
        """The number of requests after the end of their test, by test."""

    def listen(self, respond: Callable[[Request], Response], abandoned: Callable[[], None]) -> str:
        """Listen for another endpoint, and return its URL.

        Args:
            respond: the function from request to response.
            abandoned: the callback for a client that disconnects in the middle of a request.
        """
        with self._lock:
            if not self._server:
                self._begin()
            assert self._server
            return self._server.add(respond, abandoned)

    def settle(self) -> None:
        """Wait until all events on the connections so far have been processed."""
        if self._server:
            self._server.settle()

    def _begin(self) -> None:
        # These threads serve all tests of the run, so they must not belong to the current test.
        started = threading.Event()
        _thread.start_new_thread(self._start, (started,))
        started.wait()

    def _start(self, started: threading.Event) -> None:
        from personalize_contract.service import core
        from personalize_contract.service.http_server import HttpServer

        try:
            # Each test has its own address; this one is not used.
            self._server = HttpServer(lambda request: core.response(404, b"")).__enter__()
        finally:
            started.set()

    def is_alone(self) -> bool:
        """Return whether no threads run but the calling one and those of the endpoints."""
        own = self._server.threads if self._server else 0
        return threading.active_count() - own == 1

    def release_parent(self) -> None:
        """Close the sockets of a forked child."""
        if self._server:
            self._server.disown()

    def close(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()


class Loopback:
    """The endpoint of a test. The first access of its URL makes it listen.

    Args:
        respond: the function from request to response; called by several threads at once.
        run: the endpoints of the run; None for a separate server.
        test: the name of the test.
        abandoned: the callback for a client that disconnects in the middle of a request.
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
        """The URL, once it listens."""
        self.foreign = 0
        """The number of children with another endpoint in their environment."""

    @property
    def url(self) -> str:
        """The URL that it listens on: `http://127.0.0.1:PORT`."""
        if not self.urls:
            with self._lock:
                if not self.urls:
                    self.urls.append(self._run.listen(self._answer, self._abandoned))
        return self.urls[0]

    def is_alone(self) -> bool:
        """Return whether no thread runs besides the calling one and those of the endpoints."""
        return self._run.is_alone()

    def release_parent(self) -> None:
        """Close the sockets of a forked child."""
        self._answering, self._is_over = 0, True
        self._run.release_parent()

    def note_foreign_child(self) -> None:
        """Count a child whose environment names another endpoint."""
        self.foreign += 1

    def forked_handler(self, url: str) -> RefusingHandler:
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
            f"This endpoint belongs to the test {self._test}, which has ended: nothing was "
            "sent. Wait in the test for the processes that it starts, or start them in the test "
            "that uses them.",
        )

    def finish(self) -> None:
        """Wait for pending responses, and answer no further requests."""
        if self.urls and not self._is_over:
            self._run.settle()
        with self._is_idle:
            self._is_over = True
            self._is_idle.wait_for(lambda: not self._answering)

    def close(self) -> None:
        """Finish, and stop listening if it has a separate server."""
        self.finish()
        if self._is_only:
            self._run.close()
