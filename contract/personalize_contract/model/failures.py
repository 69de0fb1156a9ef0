"""Failures of the environment between client and service, each with its symptom and remedy.

None of them says anything about a contract. The service reports some by an error code: those of
AWS's "Common Errors", of which an older and a newer list exist, with different codes and statuses.
The others end in an exception of the client library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from personalize_contract.model import rest_json
from personalize_contract.model.exchange import Response


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of failure of the environment.

    Args:
        name: its name in messages and reports.
        symptom: its effect, as a predicate after "the service".
        advice: the remedy.
        codes: the error codes that report it.
        statuses: the HTTP statuses that go with such a code; empty for any.
        transient: whether it goes away by itself, so that waiting helps.
        brief: its name in the notices of a retry; `name` if empty.
    """

    name: str
    symptom: str
    advice: str
    codes: frozenset[str] = frozenset()
    statuses: tuple[int, ...] = (400, 401, 403)
    transient: bool = False
    brief: str = ""

    def describe(self, subject: str, error: str) -> str:
        """Return one line with the failure, its symptom and its remedy.

        Args:
            subject: the host or operation that failed.
            error: the original error message.
        """
        return f"{self.name}: {subject} {self.symptom} ({error}); {self.advice}"


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_CREDENTIALS = Trouble(
    "no credentials",
    "received a request without credentials",
    "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in (aws sso login)",
    _codes("MissingAuthenticationToken MissingAuthenticationTokenException"),
)
EXPIRED = Trouble(
    "credentials expired",
    "rejected the credentials",
    "log in again (aws sso login), or request new credentials from their issuer",
    _codes("ExpiredToken ExpiredTokenException TokenRefreshRequired"),
)
CLOCK_SKEW = Trouble(
    "clock skew",
    "rejected the signature",
    "this machine's clock is off by minutes: synchronise it (NTP)",
    _codes("RequestTimeTooSkewed RequestExpired RequestInTheFuture"),
)
REFUSED = Trouble(
    "credentials refused",
    "rejected the credentials",
    "check that key, secret and session token belong together and that the region is enabled",
    _codes(
        "InvalidClientTokenId UnrecognizedClientException SignatureDoesNotMatch"
        " InvalidSignatureException IncompleteSignature IncompleteSignatureException"
        " OptInRequired InvalidAccessKeyId"
    ),
)
ACCESS_DENIED = Trouble(
    "access denied",
    "denied access",
    "allow it in the role's policy (`personalize-contract verify --target live --dry-run --account "
    "ID` prints what a run needs), and check its permissions boundary, session policy and service "
    "control policies, which may deny it too; a new role or policy may take minutes to take effect",
    _codes("AccessDenied AccessDeniedException NotAuthorized UnauthorizedOperation"),
    transient=True,
)
THROTTLING = Trouble(
    "throttling",
    "asked to slow down",
    "try again when nothing else in this account uses up its Personalize request rate",
    _codes(  # those that botocore retries, except LimitExceededException
        "Throttling ThrottlingException ThrottledException TooManyRequestsException"
        " RequestThrottled RequestThrottledException RequestLimitExceeded SlowDown"
    ),
    statuses=(),
    transient=True,
)
UNAVAILABLE = Trouble(
    "service unavailable",
    "is unavailable",
    "try again later; the AWS Health Dashboard shows whether the service is down",
    _codes("ServiceUnavailable ServiceUnavailableException"),
    statuses=(),
)
DNS = Trouble(
    "DNS",
    "can't be reached",
    "its name does not resolve: check the region or URL, and this machine's DNS",
)
TLS = Trouble(
    "TLS",
    "can't be reached",
    "its certificate is not trusted for that name: check the URL, or set AWS_CA_BUNDLE to your "
    "company's certificates",
)
PROXY = Trouble(
    "proxy",
    "can't be reached",
    "correct the proxy in HTTPS_PROXY, HTTP_PROXY or the system's settings, or set NO_PROXY for "
    "this host",
)
NETWORK = Trouble(
    "network",
    "can't be reached",
    "check the region or URL, that no firewall or missing route blocks the connection, and that "
    "a server of your own is running",
)

NOT_HTTP = Trouble(
    "network",
    "does not speak HTTP",
    "check the port of the URL: another service listens there",
)
NO_ANSWER = Trouble(
    "network",
    "gave no complete response",
    "check that nothing between this machine and the service drops connections, and try again",
    transient=True,
    brief="no answer",
)
RESET = replace(NO_ANSWER, brief="connection reset")
TIMED_OUT = replace(NO_ANSWER, brief="no answer in time")
FOREIGN = Trouble(
    "proxy",
    "did not answer, but a server between this machine and it did",
    "log in to the network's portal, or correct HTTPS_PROXY and NO_PROXY",
)
UNKNOWN_ORIGIN = Trouble(
    "unknown origin",
    "returned an error that its front end or a proxy may have sent",
    "try again later; if it persists, check HTTPS_PROXY and NO_PROXY, and the AWS Health Dashboard",
)

_DENIALS = (NO_CREDENTIALS, EXPIRED, CLOCK_SKEW, REFUSED, ACCESS_DENIED)
_REPORTED = (*_DENIALS, THROTTLING, UNAVAILABLE)
_BY_STATUS = {429: THROTTLING, 503: UNAVAILABLE}
"""Statuses that suffice without a code."""

_SKEWED = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)


def in_error(status: int, code: str | None, message: object = None) -> Trouble | None:
    """Return the failure that a service's error reports; None if it is about the operation."""
    for trouble in _REPORTED:
        if code in trouble.codes and (status in trouble.statuses or not trouble.statuses):
            skewed = trouble is REFUSED and isinstance(message, str) and _SKEWED.search(message)
            return CLOCK_SKEW if skewed else trouble
    return _BY_STATUS.get(status)


def in_response(response: Response) -> Trouble | None:
    """Return the failure that a response reports; None if it is about the operation."""
    return in_error(
        response.status, rest_json.error_code(response), rest_json.error_message(response)
    )


def denial(response: Response) -> bool:
    """Return whether a response rejects the sender, regardless of the request."""
    return in_response(response) in _DENIALS


def why(response: Response) -> str | None:
    """Explain why a response says nothing about the operation; None if it does."""
    trouble = in_response(response)
    error = f"{response.status} {rest_json.error_code(response) or ''}".strip()
    return trouble.describe("the service", error) if trouble else None


@cache
def _failures() -> tuple[tuple[Trouble, Callable[[BaseException], bool]], ...]:
    """Return the exceptions that show that a request was never sent; the first match counts."""
    import socket
    import ssl

    from urllib3 import exceptions as urllib3

    def any_of(*kinds: type[BaseException]) -> Callable[[BaseException], bool]:
        return lambda error: isinstance(error, kinds)

    return (
        (PROXY, any_of(urllib3.ProxyError)),
        (DNS, any_of(urllib3.NameResolutionError, socket.gaierror)),
        (TLS, any_of(ssl.SSLError, urllib3.SSLError)),
        (TLS, lambda error: isinstance(error, TimeoutError) and "handshake" in str(error)),
        (NETWORK, any_of(urllib3.NewConnectionError, urllib3.ConnectTimeoutError)),
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, the innermost last."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def cause(error: BaseException) -> str:
    """Return the message of the innermost cause."""
    *_, innermost = causes(error)
    text = str(innermost)
    return text.partition("] ")[2] or text or type(innermost).__name__


def banner(error: BaseException) -> str | None:
    """Return what came instead of an HTTP status line, quoted; None if a status line came.

    Args:
        error: an exception of requests, caused by one of the standard library.
    """
    from http.client import BadStatusLine, RemoteDisconnected

    for cause in causes(error):
        if isinstance(cause, BadStatusLine) and not isinstance(cause, RemoteDisconnected):
            line = str(cause).strip("'\"")
            return None if line.startswith("HTTP/") else f'"{line[:100]}"'
    return None


def in_failure(error: BaseException) -> Trouble | None:
    """Return the failure that kept a request from being sent; None if it was sent.

    Args:
        error: an exception of requests or botocore, caused by one of urllib3 or the standard
            library.
    """
    chain = list(causes(error))
    for trouble, matches in _failures():
        if any(matches(exception) for exception in chain):
            return trouble
    return None
