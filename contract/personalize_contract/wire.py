"""How a rest-json service says what went wrong: the error code and message of a response.

Source: AWS restJson1, "Operation error serialization", as botocore and the other SDKs read it:
the code is in `x-amzn-errortype` (up to a `:`), else in the body's `code` or `__type` (after a
`#`); the message is in `message` or `Message`.
"""

from __future__ import annotations

from typing import Any

from personalize_contract import strictjson
from personalize_contract.exchange import Response

THROTTLING = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException"})
"""Codes that say "too fast". A passing state of the environment, not an answer."""

DENIALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes that refuse the sender, whatever was sent (AWS "Common Errors", both generations)."""


def _document(response: Response) -> dict[str, Any]:
    try:
        document = strictjson.loads(response.body)
    except strictjson.NotJson:
        return {}
    return document if isinstance(document, dict) else {}


def error_code(response: Response) -> str | None:
    """The error code of a response without namespace or URI, or None if it names none."""
    code = response.headers.get("x-amzn-errortype")
    if not code:
        document = _document(response)
        code = document.get("code") or document.get("Code") or document.get("__type")
    if not isinstance(code, str):
        return None
    return code.partition(":")[0].rpartition("#")[2].strip() or None


def error_message(response: Response) -> object:
    """What stands where the message belongs: a string if all is well, None if nothing does."""
    document = _document(response)
    return document.get("message", document.get("Message"))


def environment_trouble(response: Response) -> str | None:
    """Why this response says nothing about the operation, or None if it does.

    503 and throttling pass by themselves; a denial is about the sender's credentials.
    """
    code = error_code(response)
    if response.status in (429, 503) or code in THROTTLING:
        return f"the service asked to slow down or wait ({response.status} {code or ''})".replace(
            " )", ")"
        )
    if response.status in (400, 401, 403) and code in DENIALS:
        return f"the service refused the sender ({response.status} {code})"
    return None
