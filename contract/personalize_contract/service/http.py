"""The reference service over HTTP/1.1 on a socket, served by waitress.

waitress reads each request whole before a worker thread sees it, so a slow sender holds no
thread. What it leaves open is closed here: a request that isn't complete after `READ_SECONDS`
is answered 408.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.utilities import Error

from personalize_contract.errors import UsageError
from personalize_contract.exchange import Request, Response, headers

MAX_BODY = 8 * 1024 * 1024
"""Bytes of the largest body: the largest legal one, all of it escaped emoji, has under 4 MB."""

READ_SECONDS = 10.0
"""Seconds that a client has to send one whole request."""

Answer = Callable[[Request], Response]


class _RequestTimeout(Error):  # type: ignore[misc]  # waitress has no types
    code = 408
    reason = "Request Timeout"


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that remembers when its unfinished request began."""

    request: Any
    began = 0.0

    def received(self, data: bytes) -> bool:
        if self.request is None:
            self.began = time.monotonic()
        return bool(super().received(data))

    def give_up(self) -> None:
        """Answer 408 to the unfinished request; the connection closes after it."""
        with self.requests_lock:
            request, self.request = self.request, None
            if request is None or self.requests:
                return
            request.error = _RequestTimeout(f"not complete after {READ_SECONDS:g} seconds")
            request.completed = True
            self.requests.append(request)
        self.server.add_task(self)


class _Server(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        oldest = time.monotonic() - READ_SECONDS
        for channel in list(self.active_channels.values()):
            if channel.request is not None and channel.began < oldest:
                channel.give_up()


def _application(answer: Answer) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        sent = headers(
            (key.removeprefix("HTTP_").replace("_", "-"), value)
            for key, value in environ.items()
            if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
        )
        host = sent.get("host") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        response = answer(
            Request(
                environ["REQUEST_METHOD"],
                f"http://{host}{environ['REQUEST_URI']}",
                sent,
                environ["wsgi.input"].read(),
            )
        )
        start_response(f"{response.status} {response.reason}", list(response.headers.items()))
        return [response.body]

    return application


class HttpServer:
    """Serves an answer function on a socket. Use as a context manager, or `run` in this thread.

    Args:
        answer: from request to response; called by several threads at once.
        host: an address to listen on; loopback unless there is a reason.
        port: 0 for any free one.

    Raises:
        UsageError: the address can't be listened on (in use, not of this machine).
    """

    def __init__(self, answer: Answer, host: str = "127.0.0.1", port: int = 0) -> None:
        self._sockets: dict[int, Any] = {}
        # It warns of each moment of load, which is what a server is for.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        try:
            self._server = _Server(
                _application(answer),
                map=self._sockets,
                adj=Adjustments(
                    host=host,
                    port=port,
                    threads=8,
                    ident=None,
                    max_request_body_size=MAX_BODY,
                    channel_timeout=60,
                    cleanup_interval=1,
                    connection_limit=1000,
                    asyncore_use_poll=True,
                ),
            )
        except (OSError, ValueError) as error:
            raise UsageError(
                f"can't listen on {host}:{port}: {error}; choose another --port, or 0 for any"
            ) from error
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`."""
        host = self._server.effective_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.effective_port}"

    def run(self) -> None:
        """Serve in this thread until interrupted or closed."""
        try:
            self._server.run()
        finally:
            wasyncore.close_all(self._sockets, ignore_all=True)
            self._server.task_dispatcher.shutdown()

    def close(self) -> None:
        """Stop listening and drop open connections."""
        # The thread that polls the sockets is the one that may close them.
        self._server.trigger.pull_trigger(
            lambda: wasyncore.close_all(self._sockets, ignore_all=True)
        )
        if self._thread:
            self._thread.join(5)

    def __enter__(self) -> HttpServer:
        self._thread = threading.Thread(
            target=self.run, name="personalize-contract-service", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
