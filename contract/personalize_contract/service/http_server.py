"""The reference service over HTTP/1.1: a function from request to response, on a socket."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from waitress import wasyncore
from waitress.adjustments import Adjustments

from personalize_contract import clock
from personalize_contract.errors import UsageError
from personalize_contract.model.exchange import Request, Response, headers
from personalize_contract.model.interruption import Interrupted
from personalize_contract.service.strict_server import MAX_BODY, StrictServer

Answer = Callable[[Request], Response]


_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te"),
        *("trailer", "trailers", "transfer-encoding", "upgrade"),
    }
)
_HOSTLESS = Response(400, "Bad Request", {}, b"The request needs exactly one valid Host header.\n")


def _late(answer: Answer, request: Request) -> Response:
    """Return the response, delayed by a `slow` fault; the server carries out the other faults."""
    try:
        return answer(request)
    except Interrupted as interrupted:
        if interrupted.late is None:
            raise
        clock.sleep(interrupted.seconds)
        return interrupted.late.response


def _application(answer: Answer) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        sent = dict(
            headers(
                (key.removeprefix("HTTP_").replace("_", "-"), value)
                for key, value in environ.items()
                if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
            )
        )
        if "transfer-encoding" in sent:
            sent.pop("content-length", None)  # added by waitress
        host = sent.get("host", "")
        if not _HOST.fullmatch(host) and (host or environ["SERVER_PROTOCOL"] != "HTTP/1.0"):
            response = _HOSTLESS
        else:
            url = f"http://{host or 'localhost'}{_target(environ['REQUEST_URI'])}"
            body = environ["wsgi.input"].read()
            response = _late(answer, Request(environ["REQUEST_METHOD"], url, sent, body))
        received = [pair for pair in response.headers.items() if pair[0] not in _HOP_BY_HOP]
        start_response(f"{response.status} {response.reason}", received)
        return [response.body]

    return application


def _target(uri: str) -> str:
    """Return the path and query of a request target, even an absolute URI (RFC 9112, 3.2.2)."""
    if uri.startswith("/"):
        return uri
    parts = urlsplit(uri)
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))


def _url(server: StrictServer) -> str:
    host = server.effective_host
    return f"http://{f'[{host}]' if ':' in host else host}:{server.effective_port}"


class HttpServer:
    """Serves a function on a socket. Use as a context manager, or `run` it in this thread.

    Args:
        answer: the function from request to response; called by several threads at once.
        host: the address to listen on.
        port: the port; 0 for any free one.

    Raises:
        UsageError: it can't listen on that address (in use, or not one of this machine).
    """

    def __init__(self, answer: Answer, host: str = "127.0.0.1", port: int = 0) -> None:
        self._sockets: dict[int, Any] = {}
        # It warns whenever requests queue up, which is normal for a server.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        try:
            self._server = self._listen(answer, host, port)
        except (OSError, ValueError) as error:
            wasyncore.close_all(self._sockets, ignore_all=True)
            raise UsageError(
                f"can't listen on {host}:{port}: {error}; choose another --port, or 0 for any"
            ) from error
        self._thread: threading.Thread | None = None

    def _listen(self, answer: Answer, host: str, port: int, dispatcher: Any = None) -> StrictServer:
        return StrictServer(
            _application(answer),
            map=self._sockets,
            dispatcher=dispatcher,
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
                clear_untrusted_proxy_headers=False,  # keep headers as sent
            ),
        )

    def add(self, answer: Answer, abandoned: Callable[[], None]) -> str:
        """Serve another function with the same threads, and return its URL on loopback.

        Args:
            answer: the function from request to response.
            abandoned: callback for a client that disconnects in the middle of a request.
        """
        added = self._listen(answer, "127.0.0.1", 0, self._server.task_dispatcher)
        added.abandoned = abandoned
        added.trigger.close()
        added.trigger = self._server.trigger
        added.trigger.pull_trigger()
        return _url(added)

    def settle(self) -> None:
        """Wait until all events on the connections so far have been processed."""
        for _ in range(2):  # within one round, the trigger may precede a connection
            processed = threading.Event()
            self._server.trigger.pull_trigger(processed.set)
            processed.wait()

    @property
    def threads(self) -> int:
        """The number of serving threads."""
        return len(self._server.task_dispatcher.threads) + (self._thread is not None)

    def disown(self) -> None:
        """Close this process's copies of the sockets, after a fork.

        The connections belong to the parent process, and stay open there.
        """
        for channel in self._sockets.values():
            if isinstance(channel.socket, socket.socket):
                channel.socket.close()

    @property
    def url(self) -> str:
        """The URL that it listens on: `http://127.0.0.1:PORT`."""
        return _url(self._server)

    def run(self) -> None:
        """Serve in this thread until interrupted or closed."""
        try:
            # Not through the server, which swallows KeyboardInterrupt.
            wasyncore.loop(timeout=1, map=self._sockets, use_poll=True)
        finally:
            wasyncore.close_all(self._sockets, ignore_all=True)
            self._server.task_dispatcher.shutdown()

    def close(self) -> None:
        """Stop listening and drop open connections."""
        # Only the polling thread may close the sockets. An error here means that it has already
        # closed them.
        with contextlib.suppress(OSError):
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
