"""STS's `GetCallerIdentity`: whose credentials these are. AWS's query protocol, XML."""

from __future__ import annotations

import uuid
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from personalize_contract.model.exchange import Request, Response

_XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"


def is_for(request: Request) -> bool:
    """Whether a request is of the query protocol, which no other service here speaks."""
    return request.path == "/" and request.body.startswith(b"Action=")


def answer(request: Request, account: str) -> Response:
    """Answer a request of the query protocol.

    Args:
        request: its body is a form, with an `Action`.
        account: whose credentials they always are.
    """
    action = parse_qs(request.body.decode("latin-1")).get("Action", [""])[0]
    if action != "GetCallerIdentity":
        return error(400, "InvalidAction", f"there is no action {action} here")
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
    """An error of the query protocol."""
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
