"""The loopback endpoint of a test, for the clients that are not intercepted in its process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from personalize_contract.model.exchange import Request, Response


class Loopback:
    """An HTTP endpoint on loopback that starts listening when its URL is asked for.

    Lives as long as the test: `close` it at the end.

    Args:
        respond: from request to response; called by several threads at once.
    """

    def __init__(self, respond: Callable[[Request], Response]) -> None:
        self._respond = respond
        self._lock = threading.Lock()
        self._listening = contextlib.ExitStack()
        self.urls: list[str] = []
        """The URL, once there is one."""

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`."""
        with self._lock:
            if not self.urls:
                from personalize_contract.service.http_server import HttpServer

                server = self._listening.enter_context(HttpServer(self._respond))
                self.urls.append(server.url)
            return self.urls[0]

    def close(self) -> None:
        """Stop listening."""
        self._listening.close()
