"""An exchange: one HTTP request message and the response it got, below any SDK.

The SDK hides what matters here. To botocore a 200 with a body is a success like any other, so
a promise about the body can only be checked on the messages themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Headers = Mapping[str, str]
"""Header values by lower-case name; those of one name are joined by `, ` (RFC 9110 5.3)."""


def headers(pairs: Iterable[tuple[str | bytes, str | bytes]]) -> Headers:
    """Headers from (name, value) pairs as a client or server gives them, in any case.

    >>> headers([("Content-Type", "application/json"), ("X-A", b"1"), ("x-a", "2")])
    {'content-type': 'application/json', 'x-a': '1, 2'}
    """
    found: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name = (raw_name.decode("latin-1") if isinstance(raw_name, bytes) else raw_name).lower()
        value = raw_value.decode("latin-1") if isinstance(raw_value, bytes) else str(raw_value)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def media_type(of: Headers) -> str:
    """The media type of a message, lower-case and without parameters; `""` without one."""
    return of.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request message: `url` absolute, `body` as sent, `headers` by lower-case name."""

    method: str
    url: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The path as sent, `/` when there is none."""
        return urlsplit(self.url).path or "/"

    @property
    def query(self) -> str:
        """What follows the `?`, without it."""
        return urlsplit(self.url).query


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response message; `body` after transfer and content codings are undone."""

    status: int
    reason: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """A request and its response.

    Args:
        request: what was sent.
        response: what came back.
        answered_by: `aws`, `endpoint`, `reference` or `unknown`.
        altered: the recording was changed after it was made, so it shows nobody's answer.
    """

    request: Request
    response: Response
    answered_by: str = "unknown"
    altered: bool = False

    def __repr__(self) -> str:
        """One short line for a failing assertion; never a body."""
        request, response = self.request, self.response
        said = response.headers.get("x-amzn-errortype", response.reason)
        answer = f"{response.status} {said}" if response.status else f"no answer ({said})"
        return f"<{request.method} {request.path} of {len(request.body)} bytes: {answer}>"
