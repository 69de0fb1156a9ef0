"""A fake of STS's `GetCallerIdentity`, in AWS's query protocol (XML)."""

from __future__ import annotations

import uuid
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from personalize_contract.model.exchange import Request, Response

_XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"


def is_for(request: Request) -> bool:
    """Return whether a request uses the query protocol, as only STS does here."""
    return request.path == "/" and request.body.startswith(b"Action=")


def answer(request: Request, account: str) -> Response:
    """Answer a request in the query protocol.

    Args:
        request: the request; its body is a form with an `Action`.
        account: the account id of any credentials.
    """
    action = parse_qs(request.body.decode("latin-1")).get("Action", [""])[0]
    if action != "GetCallerIdentity":
        return error(400, "InvalidAction", f"there is no action {action}")
    return _xml(
        200,
        "GetCallerIdentityResponse",
        "<GetCallerIdentityResult>"
        f"<Arn>arn:aws:iam::{account}:user/personalize-contract</Arn>"
        f"<UserId>AIDAPERSONALIZECONTRACT</UserId><Account>{account}</Account>"
        "</GetCallerIdentityResult>"
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>",
    )


def error(status: int, code: str, message: str) -> Response:
    """Return an error in the query protocol."""
    return _xml(
        status,
        "ErrorResponse",
        f"<Error><Type>Sender</Type><Code>{escape(code)}</Code>"
        f"<Message>{escape(message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId>",
    )


def _xml(status: int, name: str, inner: str) -> Response:
    text = f'<{name} xmlns="{_XMLNS}">{inner}</{name}>\n'.encode()
    reasons = {200: "OK", 400: "Bad Request", 403: "Forbidden"}
    headers = {"content-type": "text/xml", "content-length": str(len(text))}
    return Response(status, reasons[status], headers, text)
