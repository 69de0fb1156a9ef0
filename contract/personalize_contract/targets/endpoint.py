"""The target behind a URL: each request goes out once, and its whole answer is read."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from personalize_contract.errors import NoAnswer, TargetUnavailable, TimedOut
from personalize_contract.model import failures
from personalize_contract.model.exchange import Exchange, Request, Response, headers
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.privacy.own_logs import unlogged
from personalize_contract.targets.base import Target
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.sending import sending
from personalize_contract.targets.signing import is_current, signed

if TYPE_CHECKING:
    import requests

Send = Callable[..., "requests.Response"]

MAX_ANSWER = 8 * 1024 * 1024
"""Bytes of the longest answer that is read."""

QUIET = 0.05
"""Seconds that a connection which is kept stays silent after an answer."""


class Endpoint:
    """A service behind a URL: each request goes out once, on a connection of its own.

    A second attempt would hide a service that fails now and then; on a connection that is used
    again, one answer can spoil the next. Only a request that says `connection: keep-alive` leaves
    its connection to the next one of its thread, and its answer must leave nothing else there.

    Args:
        url: scheme, host and port; the path and query are those of each request.
        answered_by: `aws`, `endpoint` or `reference`.
        timeout: seconds to wait for the connection, for each part of the answer, and for the
            answer as a whole.
        ca_bundle: file with the certificates to trust; None for those that are usually trusted.
        keep_alive: use connections again, as an SDK does: where what counts is not the service
            but the code that calls it.
    """

    def __init__(
        self,
        url: str,
        answered_by: str,
        timeout: float = 10.0,
        ca_bundle: str | None = None,
        *,
        keep_alive: bool = False,
    ) -> None:
        self._base = urlsplit(url)
        self._answered_by, self._timeout, self._ca_bundle = answered_by, timeout, ca_bundle
        self._keep_alive, self._lock = keep_alive, threading.Lock()
        self._kept: Send | None = None
        self._left = threading.local()

    @unlogged()
    def answer(self, request: Request) -> Exchange:
        """Send the request as it is and read the whole answer."""
        import requests
        from urllib3.exceptions import HTTPError

        where = f"{self._base.scheme}://{self._base.netloc}"
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        query = f"?{request.query}" if request.query else ""
        prepared.url = f"{where}{request.path}{query}"
        prepared.headers = requests.structures.CaseInsensitiveDict(request.headers)
        # It was undone where the request was taken from its client.
        prepared.headers.pop("transfer-encoding", None)
        prepared.headers.setdefault("content-length", str(len(request.body)))
        prepared.body = request.body
        leaves = request.headers.get("connection") == "keep-alive"
        # A coding that nobody asked for is not undone: an empty body in gzip is not empty.
        coded = request.headers.get("accept-encoding", "identity") != "identity"
        with sending(), self._sender(where, leaves) as send:
            try:
                answer = send(prepared, stream=True)
                connection = answer.raw.connection
                response = self._read(where, answer, coded)
                if leaves:
                    _must_be_quiet(where, connection)
            except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
                # Its causes are frames of libraries, with the request in them.
                raise _trouble(where, error) from None
            except requests.RequestException as error:
                raise NoAnswer(
                    f"{where} answered, but not in HTTP: {failures.cause(error)}"
                ) from None
        return Exchange(request, response, self._answered_by)

    def _read(self, where: str, answer: requests.Response, coded: bool) -> Response:
        body = bytearray()
        for part in answer.raw.stream(65536, decode_content=coded):
            body += part
            if len(body) > MAX_ANSWER:
                raise NoAnswer(f"{where} began to answer, and its answer has no end")
        received = dict(headers(answer.raw.headers.items()))
        if not received.get("content-length", "0").strip(" \t").isdecimal():
            raise NoAnswer(f"{where} answered, but its Content-Length is not a number")
        for coding in ("transfer-encoding", *(["content-encoding"] if coded else [])):
            if received.pop(coding, None):
                received["content-length"] = str(len(body))
        return Response(answer.status_code, answer.reason or "", received, bytes(body))

    @contextlib.contextmanager
    def _sender(self, where: str, leaves: bool) -> Iterator[Send]:
        from personalize_contract.targets.http_session import session

        if self._keep_alive:
            with self._lock:
                self._kept = self._kept or self._through(session(), where)
            yield self._kept
            return
        sender = self._left.__dict__.pop("sender", None) or session()
        try:
            yield self._through(sender, where)
        except BaseException:
            sender.close()
            raise
        if leaves:
            self._left.sender = sender
        else:
            sender.close()

    def _through(self, sender: requests.Session, where: str) -> Send:
        # The reference service is in this process: no proxy can reach it.
        sender.trust_env = self._answered_by != "reference"
        settings = sender.merge_environment_settings(where, {}, False, self._ca_bundle, None)
        # Not through the session, which would look into where a redirect leads.
        return partial(
            sender.get_adapter(where).send,
            timeout=self._timeout,
            verify=settings["verify"] or True,
            cert=settings["cert"],
            proxies=settings["proxies"],
        )


def _must_be_quiet(where: str, connection: Any) -> None:
    """Nothing may follow an answer on its connection, unless it said that it closes that."""
    from urllib3.util.wait import wait_for_read

    if connection and connection.sock and wait_for_read(connection.sock, timeout=QUIET):
        raise NoAnswer(
            f"{where} closed the connection after its answer without saying so, "
            "or sent more than its answer"
        )


def _trouble(where: str, error: Exception) -> TargetUnavailable:
    import requests
    from urllib3.exceptions import ReadTimeoutError

    if trouble := failures.in_failure(error):
        return TargetUnavailable(trouble.describe(where, failures.cause(error)))
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return TimedOut(f"{where} took the request and did not answer in time")
    cause = failures.cause(error)
    return NoAnswer(f"{where} took the request and gave no whole answer: {cause}")


_OF_ONE_CONNECTION = frozenset(
    {
        *("connection", "expect", "host", "keep-alive", "proxy-authenticate", "te", "trailer"),
        *("proxy-authorization", "proxy-connection", "transfer-encoding", "upgrade"),
        "personalize-contract-sent",  # of a forked child, to the endpoint of its test
    }
)
"""Headers that say nothing to anybody but the next one on the way (RFC 9110 7.6.1)."""


class Readdressed:
    """Sends what a client wrote for some host to the live one, signed for it."""

    def __init__(self, inner: Target, to: Connection) -> None:
        self._inner, self._to = inner, to
        key = re.escape(f"{to.credentials.access_key}/")
        self._signed = re.compile(rf"Credential={key}\d+/{re.escape(to.region)}/").search

    def answer(self, request: ParsedRequest) -> Exchange:
        """Ask the inner target."""
        if self._is_for_it(request):
            return self._inner.answer(request)
        query = f"?{request.query}" if request.query else ""
        url = f"{self._to.url.rstrip('/')}{request.path}{query}"
        kept = {
            name: value for name, value in request.headers.items() if name not in _OF_ONE_CONNECTION
        }
        here = Request(request.method, url, kept, request.body)
        again = signed(here, self._to.credentials, self._to.region)
        return self._inner.answer(parse(again, request.operation))

    def _is_for_it(self, request: Request) -> bool:
        """Whether its client knew where it goes, and signed it with what it is signed with here."""
        written, to = urlsplit(request.url), urlsplit(self._to.url)
        return (
            (written.scheme, written.netloc) == (to.scheme, to.netloc)
            and to.path in ("", "/")
            # A test that stops the time signs for a day that is over.
            and is_current(request)
            and bool(self._signed(request.headers.get("authorization", "")))
            and request.headers.get("x-amz-security-token") == self._to.credentials.token
        )
