"""Errors of a rest-json service: the code and the message in a response.

Source: AWS restJson1, "Operation error serialization", as botocore and the other SDKs parse it:
the code is in `x-amzn-errortype` (up to a `:`), otherwise in the body's `code` or `__type` (after a
`#`); the message is in `message` or `Message`.
"""

from __future__ import annotations

import re
from typing import Any

from personalize_contract.model import strict_json
from personalize_contract.model.exchange import Response

HEADERS = ("content-type", "x-amzn-errortype", "x-amzn-requestid")
"""The recorded headers that clients use."""

_LONGEST = 300

_VARIABLE = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.I), "(id)"),
    (re.compile(r"\b\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "(date)"),
    (re.compile(r"\b[0-9a-f]{16,}\b", re.I), "(id)"),
)
"""Values that differ in each response: request ids, dates, trace ids."""


def _document(response: Response) -> dict[str, Any]:
    try:
        document = strict_json.loads(response.body)
    except strict_json.NotJson:
        return {}
    return document if isinstance(document, dict) else {}


def error_code(response: Response) -> str | None:
    """Return the error code of a response without namespace or URI; None if it has none."""
    code = response.headers.get("x-amzn-errortype")
    if not code:
        document = _document(response)
        code = document.get("code") or document.get("Code") or document.get("__type")
    if not isinstance(code, str):
        return None
    return code.partition(":")[0].rpartition("#")[2].strip() or None


def error_message(response: Response) -> object:
    """Return the value of the error message: a string from a correct service, None if absent."""
    document = _document(response)
    return document.get("message", document.get("Message"))


def framing(response: Response) -> str:
    """Name the places in which an error carries its code: header, body members, or nowhere."""
    places = ["x-amzn-errortype"] if "x-amzn-errortype" in response.headers else []
    document = _document(response)
    places += [f"body {name}" for name in ("code", "Code", "__type") if name in document]
    return " and ".join(places) or "nowhere"


def headers(response: Response) -> list[str]:
    """Return the `HEADERS` that a response has."""
    return [name for name in HEADERS if name in response.headers]


def wording(response: Response) -> str:
    """Return an error's message without ids and dates, shortened; `none` if it isn't a string."""
    message = error_message(response)
    if not isinstance(message, str):
        return "none"
    for pattern, replacement in _VARIABLE:
        message = pattern.sub(replacement, message)
    words = " ".join(message.split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."
