"""What can be wrong between here and the service: how it shows, and what to do about it.

None of it says anything about a contract. A service shows it by an error code (AWS "Common
Errors", both generations), everything else by the exception that a client library ends in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from personalize_contract.model import rest_json
from personalize_contract.model.exchange import Response


@dataclass(frozen=True, slots=True)
class Trouble:
    """A way in which the environment can be broken.

    Args:
        name: in messages and reports.
        shows: what is seen of it, as a sentence goes on after "the service".
        advice: what to do.
        codes: the error codes that say so.
        statuses: those that an error with such a code has; any at all when empty.
        passes: whether it goes away by itself, so that it is worth waiting for.
    """

    name: str
    shows: str
    advice: str
    codes: frozenset[str] = frozenset()
    statuses: tuple[int, ...] = (400, 401, 403)
    passes: bool = False

    def told(self, who: str, saw: str) -> str:
        """One line: which trouble, what was seen of it, what to do.

        Args:
            who: the host or operation that it was met at.
            saw: the error in the words of whoever noticed it.
        """
        return f"{self.name}: {who} {self.shows} ({saw}); {self.advice}"


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_CREDENTIALS = Trouble(
    "no credentials",
    "refused the sender",
    "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in (aws sso login)",
    _codes("MissingAuthenticationToken MissingAuthenticationTokenException"),
)
EXPIRED = Trouble(
    "credentials expired",
    "refused the sender",
    "log in again (aws sso login), or get new ones from whoever issued them",
    _codes("ExpiredToken ExpiredTokenException TokenRefreshRequired"),
)
CLOCK_SKEW = Trouble(
    "clock skew",
    "refused the sender",
    "this machine's clock is minutes wrong: set it (NTP)",
    _codes("RequestTimeTooSkewed RequestExpired RequestInTheFuture"),
)
REFUSED = Trouble(
    "credentials refused",
    "refused the sender",
    "check that key, secret and session token belong together and that the region is enabled",
    _codes(
        "InvalidClientTokenId UnrecognizedClientException SignatureDoesNotMatch"
        " InvalidSignatureException IncompleteSignature IncompleteSignatureException"
        " NotAuthorized OptInRequired InvalidAccessKeyId"
    ),
)
ACCESS_DENIED = Trouble(
    "access denied",
    "refused the sender",
    "allow the role what `verify --target live --dry-run` prints; "
    "a new role or policy may need some minutes",
    _codes("AccessDenied AccessDeniedException UnauthorizedOperation"),
    passes=True,
)
THROTTLING = Trouble(
    "throttling",
    "asked to slow down or wait",
    "try again when nothing else in this account calls Personalize as fast as it may",
    _codes("Throttling ThrottlingException ThrottledException TooManyRequestsException"),
    statuses=(),
    passes=True,
)
UNAVAILABLE = Trouble(
    "service unavailable",
    "asked to slow down or wait",
    "try again later; the AWS Health Dashboard says if it is the service",
    _codes("ServiceUnavailable ServiceUnavailableException"),
    statuses=(),
)
DNS = Trouble(
    "DNS",
    "can't be reached",
    "the name is not known here: is the region or URL right, and does this machine resolve names?",
)
TLS = Trouble(
    "TLS",
    "can't be reached",
    "its certificate is not trusted here for that name: is the URL right, and should "
    "AWS_CA_BUNDLE name your company's certificates?",
)
PROXY = Trouble(
    "proxy",
    "can't be reached",
    "HTTPS_PROXY, HTTP_PROXY or the system names a proxy that does not let this through; "
    "set it right, or NO_PROXY for this host",
)
NETWORK = Trouble(
    "network",
    "can't be reached",
    "is it running, is the URL right, and may this machine connect to it?",
)

_DENIALS = (NO_CREDENTIALS, EXPIRED, CLOCK_SKEW, REFUSED, ACCESS_DENIED)
_SAID = (*_DENIALS, THROTTLING, UNAVAILABLE)
_ALONE = {429: THROTTLING, 503: UNAVAILABLE}
"""Statuses that say so without a code."""

_SKEWED = re.compile(r"signature (expired|not yet current)", re.IGNORECASE)


def in_error(status: int, code: str | None, message: object = None) -> Trouble | None:
    """The trouble that an error of a service is about, or None if it is about the operation."""
    for trouble in _SAID:
        if code in trouble.codes and (status in trouble.statuses or not trouble.statuses):
            skewed = trouble is REFUSED and isinstance(message, str) and _SKEWED.search(message)
            return CLOCK_SKEW if skewed else trouble
    return _ALONE.get(status)


def in_response(response: Response) -> Trouble | None:
    """The trouble that a response is about, or None if it is about the operation."""
    return in_error(
        response.status, rest_json.error_code(response), rest_json.error_message(response)
    )


def denial(response: Response) -> bool:
    """Whether a response refuses the sender, whatever was sent."""
    return in_response(response) in _DENIALS


def why(response: Response) -> str | None:
    """Why this response says nothing about the operation, or None if it does."""
    trouble = in_response(response)
    saw = f"{response.status} {rest_json.error_code(response) or ''}".strip()
    return trouble.told("the service", saw) if trouble else None


@cache
def _failures() -> tuple[tuple[Trouble, Callable[[BaseException], bool]], ...]:
    """How an exception shows that a request was never sent; the first row that fits counts."""
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
    """An exception and what led to it, the innermost last."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def cause(error: BaseException) -> str:
    """The innermost reason, in its own words."""
    *_, innermost = causes(error)
    text = str(innermost)
    return text.partition("] ")[2] or text or type(innermost).__name__


def in_failure(error: BaseException) -> Trouble | None:
    """The trouble that kept a request from being sent; None if it was sent.

    Args:
        error: of requests or botocore; both tell by what urllib3 and the standard library raised.
    """
    chain = list(causes(error))
    for trouble, shows in _failures():
        if any(shows(one) for one in chain):
            return trouble
    return None
