"""The door of botocore: boto3 and every other client made of it, however and whenever made.

Handlers on a client's events miss the clients that were there before, so the one place that all
of them pass is wrapped: `Endpoint._do_get_response`, above the sending and below the retries.
botocore's own code still does everything else; it is given the answer where a `before-send`
handler would have given it.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.endpoint import Endpoint

from personalize_contract.contract import load
from personalize_contract.exchange import Request, Response, headers

Answer = Callable[[Request], Response]


def request_of(prepared: AWSPreparedRequest) -> Request:
    """The message that botocore is about to send."""
    body = prepared.body or b""
    if hasattr(body, "read"):
        start = body.tell()
        body = body.read()
        prepared.body.seek(start)
    sent = headers(prepared.headers.items())
    return Request(
        prepared.method, prepared.url, sent, body.encode() if isinstance(body, str) else bytes(body)
    )


def response_for(url: str, response: Response) -> AWSResponse:
    """The answer as botocore's own HTTP session gives it."""
    given = AWSResponse(url, response.status, dict(response.headers), None)
    given._content = response.body
    return given


class _Answered:
    """Stands for an endpoint's event emitter, with the answer to `before-send`."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def emit(self, event: str, **_: Any) -> list[tuple[None, Any]]:
        return [(None, self._answer)]


def is_ours(operation_model: Any) -> bool:
    """Whether a call is of an operation that there is a contract for."""
    contract = load()
    return (
        operation_model.name == contract.operation
        and operation_model.service_model.service_name == contract.service
    )


def answered(endpoint: Any, answer: Any) -> Any:
    """A copy of an endpoint that takes `answer` for what came over the wire."""
    twin = copy.copy(endpoint)
    twin._event_emitter = _Answered(answer)
    return twin


@contextlib.contextmanager
def patched(answer: Answer) -> Iterator[None]:
    """While this lasts, `answer` answers every botocore client of this process, in any thread.

    What `answer` raises reaches the caller as it is: never retried, never wrapped.
    """
    original = Endpoint._do_get_response

    def _do_get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        if not is_ours(operation_model):
            return original(self, request, operation_model, context)
        response = response_for(request.url, answer(request_of(request)))
        return original(answered(self, response), request, operation_model, context)

    Endpoint._do_get_response = _do_get_response  # type: ignore[method-assign]
    try:
        yield
    finally:
        Endpoint._do_get_response = original  # type: ignore[method-assign]
