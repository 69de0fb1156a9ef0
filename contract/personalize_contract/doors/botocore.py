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

from botocore import endpoint as endpoints
from botocore import signers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from personalize_contract import signing
from personalize_contract.contract import load, operations
from personalize_contract.exchange import Request, Response, headers
from personalize_contract.service.signatures import DUMMY_CREDENTIALS

# What is wrapped is botocore's own business, and no part of its types.
Endpoint: Any = endpoints.Endpoint
RequestSigner: Any = signers.RequestSigner

Answer = Callable[[Request], Response | None]


def request_of(prepared: AWSPreparedRequest) -> Request:
    """The message that botocore is about to send."""
    body: Any = prepared.body or b""
    if hasattr(body, "read"):
        stream, start = body, body.tell()
        body = stream.read()
        stream.seek(start)
    sent = headers(prepared.headers.items())
    return Request(
        prepared.method, prepared.url, sent, body.encode() if isinstance(body, str) else bytes(body)
    )


def response_for(url: str, response: Response) -> AWSResponse:
    """The answer as botocore's own HTTP session gives it."""
    received: Any = dict(response.headers)
    given = AWSResponse(url, response.status, received, None)
    given._content = response.body  # type: ignore[attr-defined]
    return given


class _Answered:
    """Stands for an endpoint's event emitter, with the answer to `before-send`."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def emit(self, event: str, **_: Any) -> list[tuple[None, Any]]:
        return [(None, self._answer)]


def is_ours(operation_model: Any) -> bool:
    """Whether a call is of an operation that there is a contract for."""
    return bool(
        operation_model.name in operations()
        and operation_model.service_model.service_name == load(operation_model.name).service
    )


def answered(endpoint: Any, answer: Any) -> Any:
    """A copy of an endpoint that takes `answer` for what came over the wire."""
    twin = copy.copy(endpoint)
    twin._event_emitter = _Answered(answer)
    return twin


@contextlib.contextmanager
def patched(answer: Answer, *, unsigned: bool) -> Iterator[None]:
    """While this lasts, `answer` answers every botocore client of this process, in any thread.

    What `answer` raises reaches the caller as it is: never retried, never wrapped. Where it
    answers None, the client sends the request as if nothing was patched.

    Args:
        answer: from request to response, or to None.
        unsigned: sign with dummy credentials, so that a client made without any works too.
    """
    do_get_response, sign = Endpoint._do_get_response, RequestSigner.sign

    def _do_get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        __tracebackhide__ = True
        if not is_ours(operation_model):
            return do_get_response(self, request, operation_model, context)
        response = answer(request_of(request))
        endpoint = self if response is None else answered(self, response_for(request.url, response))
        return do_get_response(endpoint, request, operation_model, context)

    def _sign(self: Any, operation_name: str, *arguments: Any, **named: Any) -> Any:
        if operation_name in operations() and self.signing_name == signing.NAME:
            self = copy.copy(self)
            self._credentials = DUMMY_CREDENTIALS
        return sign(self, operation_name, *arguments, **named)

    with contextlib.ExitStack() as stack:
        stack.callback(setattr, Endpoint, "_do_get_response", do_get_response)
        Endpoint._do_get_response = _do_get_response
        if unsigned:
            stack.callback(setattr, RequestSigner, "sign", sign)
            RequestSigner.sign = _sign
        yield
