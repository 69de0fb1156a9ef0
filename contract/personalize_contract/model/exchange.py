"""An exchange: one HTTP request message and its response, below any SDK.

SDKs hide details that the contract is about. To botocore a 200 with a body is a success like any
other, so a promise about the body can only be checked on the messages themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Headers = Mapping[str, str]
"""Header values by lower-case name; those of one name are joined by `, ` (RFC 9110 5.3)."""


def headers(pairs: Iterable[tuple[str | bytes, str | bytes]]) -> Headers:
    """Return headers from a client's or server's (name, value) pairs, in any case.

    >>> headers([("Content-Type", "application/json"), ("X-A", b"1"), ("x-a", "2")])
    {'content-type': 'application/json', 'x-a': '1, 2'}
    """
    merged: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name = (raw_name.decode("latin-1") if isinstance(raw_name, bytes) else raw_name).lower()
        value = raw_value.decode("latin-1") if isinstance(raw_value, bytes) else str(raw_value)
        merged[name] = f"{merged[name]}, {value}" if name in merged else value
    return merged


def media_type(headers: Headers) -> str:
    """Return the media type of a message, in lower case and without parameters, or `""`."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request message: `url` absolute, `body` as sent, `headers` by lower-case name."""

    method: str
    url: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The path as sent; `/` if the URL has none."""
        return urlsplit(self.url).path or "/"

    @property
    def query(self) -> str:
        """The query string as sent, without its `?`."""
        return urlsplit(self.url).query


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response message; `body` has its transfer and content codings removed."""

    status: int
    reason: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """A request and its response.

    Args:
        request: the request as sent.
        response: the response as received.
        answered_by: `aws`, `endpoint`, `reference` or `unknown`.
        altered: whether the recording was edited, so that it no longer shows a service's answer.
    """

    request: Request
    response: Response
    answered_by: str = "unknown"
    altered: bool = False

    def __repr__(self) -> str:
        """Return one short line for failing assertions, without any body."""
        request, response = self.request, self.response
        error = response.headers.get("x-amzn-errortype", response.reason)
        answer = f"{response.status} {error}" if response.status else f"no answer ({error})"
        return f"<{request.method} {request.path} of {len(request.body)} bytes: {answer}>"
