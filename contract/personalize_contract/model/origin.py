"""Tells a service's own answer from that of something on the way to it.

Proxies, captive portals and gateways answer too, and what they say is about the environment. An
answer of AWS has a request id, or an error in one of AWS's forms; nothing of AWS is a web page.
"""

from __future__ import annotations

import html
import re

from personalize_contract.model import rest_json
from personalize_contract.model.exchange import Response, media_type
from personalize_contract.model.failures import FOREIGN

_REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id")

_OF_GATEWAYS = (301, 302, 303, 307, 308, 407, 502, 504, 511)
"""Statuses that something between a client and a service answers with (RFC 9110, RFC 6585)."""

_CODE = re.compile(r"[A-Z][A-Za-z.]*[a-z][A-Za-z.]*")
"""The form of AWS's error codes: words, each beginning with a capital."""

_XML_ERROR = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?<(\w+Exception\s*/>|ErrorResponse\b|Error>|Response>\s*<Errors>)"
)
"""How the front ends of AWS begin an error in XML."""

_PAGE = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|title)\b", re.I | re.S)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.I | re.S)
_LONGEST = 100


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
    """Return what answered in the place of the service, as a sentence; None if it did itself.

    Args:
        response: the answer.
        asked: who or what was asked, for the sentence.
        sends_ids: whether each answer of this service has a request id.
    """
    status = response.status
    if not is_web_page(response):
        if has_request_id(response) or has_aws_form(response):
            return None
        of_a_gateway = status in _OF_GATEWAYS
        if not sends_ids and not of_a_gateway:
            return None
    return FOREIGN.describe(asked, summary(response))


def summary(response: Response) -> str:
    """Return status, media type and title of an answer: `200 text/html "Log in"`.

    Nothing else of it is quoted: whose it is nobody knows.
    """
    kind = media_type(response.headers) or "without a media type"
    words = f"{status_line(response)} {_printable(kind)}"
    if title := _TITLE.search(response.body):
        line = " ".join(html.unescape(title[1].decode("utf-8", "replace")).split())
        words += f' "{_printable(line[:_LONGEST])}"'
    return words if response.body else f"{words}, empty"


def _printable(words: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in words
    )


def status_line(response: Response) -> str:
    """Return the status with where a redirect leads, without its query."""
    where = response.headers.get("location", "").partition("?")[0]
    return f"{response.status} to {_printable(where[:_LONGEST])}" if where else f"{response.status}"
