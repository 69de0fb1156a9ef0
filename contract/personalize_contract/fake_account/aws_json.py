"""awsJson1.1, as the control plane speaks it: JSON both ways, and every error a 400."""

from __future__ import annotations

import json
import uuid
from typing import Any

from personalize_contract.model.exchange import Response


class Refused(Exception):
    """A request that is answered with an error: its code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def error(code: str, message: str) -> Response:
    """An awsJson1.1 error: always 400, the code in `__type`."""
    return response(400, {"__type": code, "message": message})


def response(status: int, body: dict[str, Any] | None) -> Response:
    """A response with this body, or with none."""
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
