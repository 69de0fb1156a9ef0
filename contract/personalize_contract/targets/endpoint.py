"""The target at a URL: each request is sent once, and its whole response is read."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from personalize_contract.errors import NoAnswer, Reset, TargetUnavailable, TimedOut
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
"""Maximum size of a response in bytes."""

QUIET = 0.05
"""Seconds that a reused connection has to stay silent after a response."""


class Endpoint:
    """A service at a URL: each request is sent once, on a connection of its own.

    A retry would hide intermittent failures, and on a reused connection one response can corrupt
    the next. Only a request with `connection: keep-alive` leaves its connection to the next one of
    its thread, and nothing may follow its response there.

    Args:
        url: scheme, host and port; path and query come from each request.
        answered_by: its name in provenance: `aws`, `endpoint` or `reference`.
        timeout: seconds to wait for the connection, for each part of the response, and for the
            whole response.
        ca_bundle: a file with the certificates to trust; None for the default ones.
        keep_alive: whether to reuse connections as an SDK does, when the calling code is under
            test rather than the service.
        name: its name in messages; empty for its URL.
    """

    def __init__(
        self,
        url: str,
        answered_by: str,
        timeout: float = 10.0,
        ca_bundle: str | None = None,
        *,
        keep_alive: bool = False,
        name: str = "",
    ) -> None:
        self._name = name
        self._base = urlsplit(url)
        self._answered_by, self._timeout, self._ca_bundle = answered_by, timeout, ca_bundle
        self._keep_alive, self._lock = keep_alive, threading.Lock()
        self._reused: Send | None = None
        self._idle = threading.local()

    @unlogged()
    def answer(self, request: Request) -> Exchange:
        """Send the request unchanged and read the whole response."""
        import requests
        from urllib3.exceptions import HTTPError

        where = f"{self._base.scheme}://{self._base.netloc}"
        name = self._name or where
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        query = f"?{request.query}" if request.query else ""
        prepared.url = f"{where}{request.path}{query}"
        prepared.headers = requests.structures.CaseInsensitiveDict(request.headers)
        # The interceptor has decoded it already.
        prepared.headers.pop("transfer-encoding", None)
        prepared.headers.setdefault("content-length", str(len(request.body)))
        prepared.body = request.body
        reusable = request.headers.get("connection") == "keep-alive"
        # A coding that the client didn't ask for is kept: an empty body in gzip is not empty.
        coded = request.headers.get("accept-encoding", "identity") != "identity"
        with sending(), self._sender(where, reusable) as send:
            try:
                answer = send(prepared, stream=True)
                connection = answer.raw.connection
                response = self._read(name, answer, coded)
                if reusable:
                    _must_be_quiet(name, connection)
            except (requests.RequestException, HTTPError) as error:
                # The frames of its causes hold the request.
                raise _trouble(name, error) from None
        return Exchange(request, response, self._answered_by)

    def _read(self, where: str, answer: requests.Response, coded: bool) -> Response:
        body = bytearray()
        for part in answer.raw.stream(65536, decode_content=coded):
            body += part
            if len(body) > MAX_ANSWER:
                raise NoAnswer(
                    f"{where} sent a response that is too large (over {MAX_ANSWER} bytes)"
                )
        received = dict(headers(answer.raw.headers.items()))
        if not received.get("content-length", "0").strip(" \t").isdecimal():
            raise NoAnswer(f"{where} sent a response with a Content-Length that is not a number")
        for coding in ("transfer-encoding", *(["content-encoding"] if coded else [])):
            if received.pop(coding, None):
                received["content-length"] = str(len(body))
        return Response(answer.status_code, answer.reason or "", received, bytes(body))

    @contextlib.contextmanager
    def _sender(self, where: str, reusable: bool) -> Iterator[Send]:
        from personalize_contract.targets.http_session import session

        if self._keep_alive:
            with self._lock:
                self._reused = self._reused or self._through(session(), where)
            yield self._reused
            return
        sender = self._idle.__dict__.pop("sender", None) or session()
        try:
            yield self._through(sender, where)
        except BaseException:
            sender.close()
            raise
        if reusable:
            self._idle.sender = sender
        else:
            sender.close()

    def _through(self, sender: requests.Session, where: str) -> Send:
        # No proxy can reach the reference service, which is in this process.
        sender.trust_env = self._answered_by != "reference"
        settings = sender.merge_environment_settings(where, {}, False, self._ca_bundle, None)
        # Not through the session, which would follow redirects.
        return partial(
            sender.get_adapter(where).send,
            timeout=self._timeout,
            verify=settings["verify"] or True,
            cert=settings["cert"],
            proxies=settings["proxies"],
        )


def _must_be_quiet(where: str, connection: Any) -> None:
    """Check that nothing follows a response on a connection that it leaves open."""
    from urllib3.util.wait import wait_for_read

    if connection and connection.sock and wait_for_read(connection.sock, timeout=QUIET):
        raise NoAnswer(
            f"{where} closed the connection without announcing it, or sent data after its response"
        )


def _trouble(where: str, error: Exception) -> TargetUnavailable:
    import requests
    from urllib3.exceptions import ReadTimeoutError

    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        # The endpoint's own URL was checked before. The error quotes the proxy's password.
        reason = "the proxy's URL is invalid, or its scheme unsupported"
        return TargetUnavailable(failures.PROXY.describe(where, reason))
    if trouble := failures.in_failure(error):
        return TargetUnavailable(trouble.describe(where, failures.cause(error)))
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return TimedOut(f"{where} accepted the request but did not answer in time")
    cause = failures.cause(error)
    if banner := failures.banner(error):
        return TargetUnavailable(failures.NOT_HTTP.describe(where, banner))
    was_reset = any(type(each) is ConnectionResetError for each in failures.causes(error))
    kind = Reset if was_reset else NoAnswer
    return kind(f"{where} accepted the request but sent no complete response: {cause}")


_OF_ONE_CONNECTION = frozenset(
    {
        *("connection", "expect", "host", "keep-alive", "proxy-authenticate", "te", "trailer"),
        *("proxy-authorization", "proxy-connection", "transfer-encoding", "upgrade"),
        "personalize-contract-sent",  # from a forked child to its test's endpoint
    }
)
"""Hop-by-hop headers (RFC 9110, section 7.6.1), and those of one connection."""


class Readdressed:
    """Redirects the requests of clients to the live endpoint, signed again for it."""

    def __init__(self, inner: Target, to: Connection) -> None:
        self._inner, self._to = inner, to
        key = re.escape(f"{to.credentials.access_key}/")
        self._signed = re.compile(rf"Credential={key}\d+/{re.escape(to.region)}/").search

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the inner target's exchange."""
        if self._is_for_it(request):
            return self._inner.answer(request)
        query = f"?{request.query}" if request.query else ""
        url = f"{self._to.url.rstrip('/')}{request.path}{query}"
        forwarded = {
            name: value for name, value in request.headers.items() if name not in _OF_ONE_CONNECTION
        }
        here = Request(request.method, url, forwarded, request.body)
        again = signed(here, self._to.credentials, self._to.region)
        return self._inner.answer(parse(again, request.operation))

    def _is_for_it(self, request: Request) -> bool:
        """Return whether the client addressed the live endpoint, with the same credentials."""
        written, to = urlsplit(request.url), urlsplit(self._to.url)
        return (
            (written.scheme, written.netloc) == (to.scheme, to.netloc)
            and to.path in ("", "/")
            # A test that freezes time signs with a date in the past.
            and is_current(request)
            and bool(self._signed(request.headers.get("authorization", "")))
            and request.headers.get("x-amz-security-token") == self._to.credentials.token
        )
