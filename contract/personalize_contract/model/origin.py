"""Distinguishes a service's own answers from those of a proxy, captive portal or gateway.

Their answers are about the environment, not about the service. An answer of AWS's service has a
request id, or an error in one of AWS's forms. A web page is no answer of the service: with a status
below 500 it comes from a portal or proxy; with a 5xx, AWS's own front end may have sent it too.
"""

from __future__ import annotations

import html
import re

from personalize_contract.model import rest_json
from personalize_contract.model.exchange import Response, media_type
from personalize_contract.model.failures import FOREIGN, UNKNOWN_ORIGIN

_REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id")

_OF_GATEWAYS = (301, 302, 303, 307, 308, 407, 502, 504, 511)
"""Statuses of intermediaries between a client and a service (RFC 9110, RFC 6585). Without a request
id, a 502 or 504 may come from a proxy or from a front end of the service itself."""

_CODE = re.compile(r"[A-Z][A-Za-z.]*[a-z][A-Za-z.]*")
"""The form of AWS's error codes: words, each beginning with a capital."""

_XML_ERROR = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?<(\w+Exception\s*/>|ErrorResponse\b|Error>|Response>\s*<Errors>)"
)
"""The beginning of an XML error of AWS's front ends."""

_PAGE = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|title)\b", re.I | re.S)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.I | re.S)
_MAX_LENGTH = 100
"""Maximum number of characters shown of a title or location."""


def has_request_id(response: Response) -> bool:
    """Return whether an answer has the id that AWS gives to each request."""
    return any(response.headers.get(name) for name in _REQUEST_IDS)


def is_web_page(response: Response) -> bool:
    """Return whether an answer is HTML, by its media type or by its body."""
    return media_type(response.headers) in ("text/html", "application/xhtml+xml") or bool(
        _PAGE.match(response.body)
    )


def has_aws_form(response: Response) -> bool:
    """Return whether an answer is an error in one of the forms that AWS's front ends have."""
    if response.headers.get("x-amzn-errortype"):
        return True
    code = rest_json.error_code(response)
    return bool(code and _CODE.fullmatch(code)) or bool(_XML_ERROR.match(response.body))


def foreign(response: Response, asked: str = "the service", *, sends_ids: bool) -> str | None:
    """Return a sentence about an answer that isn't, or may not be, the service's; None if it is.

    Args:
        response: the answer.
        asked: the name of the service in the sentence.
        sends_ids: whether each answer of this service has a request id.
    """
    status = response.status
    if not is_web_page(response):
        if has_request_id(response) or has_aws_form(response):
            return None
        of_a_gateway = status in _OF_GATEWAYS
        if not sends_ids and not of_a_gateway:
            return None
    sender = FOREIGN if status < 500 or status == 511 else UNKNOWN_ORIGIN
    return sender.describe(asked, summary(response))


def summary(response: Response) -> str:
    """Return status, media type and title of an answer: `200 text/html "Log in"`.

    Nothing else is quoted, since its origin is unknown.
    """
    kind = media_type(response.headers) or "without a media type"
    line = f"{status_line(response)} {_printable(kind)}"
    if match := _TITLE.search(response.body):
        title = " ".join(html.unescape(match[1].decode("utf-8", "replace")).split())
        line += f' "{_printable(title[:_MAX_LENGTH])}"'
    return line if response.body else f"{line}, empty"


def _printable(text: str) -> str:
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def status_line(response: Response) -> str:
    """Return the status, with the location of a redirect without its query."""
    location = response.headers.get("location", "").partition("?")[0][:_MAX_LENGTH]
    return f"{response.status} to {_printable(location)}" if location else f"{response.status}"
