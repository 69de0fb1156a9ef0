"""The control plane's protocol, awsJson1.1: JSON both ways, and status 400 for every error."""

from __future__ import annotations

import json
import uuid
from typing import Any

from personalize_contract.model.exchange import Response


class Rejected(Exception):
    """A request is rejected with an error code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def error(code: str, message: str) -> Response:
    """Return an awsJson1.1 error: always 400, the code in `__type`."""
    return response(400, {"__type": code, "message": message})


def response(status: int, body: dict[str, Any] | None) -> Response:
    """Return a response with a JSON body; None for an empty one."""
    text = b"" if body is None else json.dumps(body).encode()
    return Response(
        status,
        "OK" if status == 200 else "Bad Request",
        {
            "content-type": "application/x-amz-json-1.1",
            "content-length": str(len(text)),
            "x-amzn-requestid": str(uuid.uuid4()),
        },
        text,
    )
