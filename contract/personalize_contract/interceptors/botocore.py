"""The door of botocore: boto3 and every other client made of it, however and whenever made.

Handlers on a client's events miss the clients that were there before, so the one place that all
of them pass is wrapped: `Endpoint._do_get_response`, above the sending and below the retries.
botocore's own code still does everything else; it is given the answer where a `before-send`
handler would have given it, after the handlers of everybody else have seen the request.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore import endpoint as endpoints
from botocore import signers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError, ConnectionClosedError, ReadTimeoutError

from personalize_contract.errors import PersonalizeContractError
from personalize_contract.model.contract import load, operations
from personalize_contract.model.exchange import Request, Response, headers
from personalize_contract.service.faults import Interrupted
from personalize_contract.service.signatures import DUMMY_CREDENTIALS
from personalize_contract.targets import signing

# What is wrapped is botocore's own business, and no part of its types.
Endpoint: Any = endpoints.Endpoint
RequestSigner: Any = signers.RequestSigner

Answer = Callable[[Request], Response | None]

_READ_TIMEOUT = 60.0
"""Seconds that a client waits which was not told how long (botocore's default)."""


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


def response_for(
    url: str, response: Response, kind: type[AWSResponse] = AWSResponse
) -> AWSResponse:
    """The answer as botocore's own HTTP session gives it.

    Args:
        url: that was asked.
        response: what came back.
        kind: the class of it; aiobotocore has its own.
    """
    received: Any = dict(response.headers)
    given = kind(url, response.status, received, None)
    given._content = response.body  # type: ignore[attr-defined]
    return given


def is_ours(operation_model: Any) -> bool:
    """Whether a call is of an operation that there is a contract for."""
    return bool(
        operation_model.name in operations()
        and operation_model.service_model.service_name == load(operation_model.name).service
    )


def read_timeout(context: Any) -> float:
    """Seconds that the client of a call waits for an answer."""
    config = context.get("client_config")
    return context.get("read_timeout") or getattr(config, "read_timeout", None) or _READ_TIMEOUT


def delay(interrupted: Interrupted, patience: float) -> float:
    """Seconds until the client has a late answer, or has waited long enough for it."""
    return min(interrupted.seconds, patience)


def received(
    interrupted: Interrupted,
    prepared: AWSPreparedRequest,
    patience: float,
    reset: type[BotoCoreError] = ConnectionClosedError,
) -> Response:
    """The late answer to an interrupted request, after its `delay`.

    Args:
        interrupted: by which fault.
        prepared: the request.
        patience: seconds that the client waits.
        reset: what the client's HTTP session raises for a connection that is reset.

    Raises:
        ReadTimeoutError, ConnectionClosedError, `reset`: what that session raises where there is
            no answer: it is botocore that decides about another attempt.
    """
    late = interrupted.how == "slow" and interrupted.seconds < patience
    if late and interrupted.response:
        return interrupted.response
    if interrupted.how in ("slow", "timeout"):
        raise ReadTimeoutError(endpoint_url=prepared.url, error=interrupted)
    closed = reset if interrupted.how == "reset" else ConnectionClosedError
    raise closed(endpoint_url=prepared.url, request=prepared, error=interrupted)


def ours(error: BaseException | None) -> PersonalizeContractError | None:
    """The error of ours that botocore was given, or has wrapped in one of its own."""
    if isinstance(error, BotoCoreError):
        error = error.kwargs.get("error")
    return error if isinstance(error, PersonalizeContractError) else None


def but(one: Any, **members: Any) -> Any:
    """A shallow copy with other members; `copy.copy` takes thrice as long, on every call."""
    new = object.__new__(type(one))
    new.__dict__.update(one.__dict__, **members)
    return new


class _Emitter:
    """Stands for an endpoint's event emitter, and has the last word on `before-send`."""

    def __init__(self, emitter: Any, answer: Answer, patience: float) -> None:
        self._emitter, self._answer, self._patience = emitter, answer, patience

    def emit(self, event: str, **named: Any) -> Any:
        given = self._emitter.emit(event, **named)
        if not event.startswith("before-send."):
            return given
        prepared = named["request"]
        try:
            response = self._answer(request_of(prepared))
        except Interrupted as interrupted:
            time.sleep(delay(interrupted, self._patience))
            response = received(interrupted, prepared, self._patience)
        return given if response is None else [(None, response_for(prepared.url, response))]


@contextlib.contextmanager
def patched(answer: Answer, *, unsigned: bool) -> Iterator[None]:
    """While this lasts, `answer` answers every botocore client of this process, in any thread.

    What `answer` raises of ours reaches the caller as it is: never retried, never wrapped. Where
    it answers None, the client sends the request as if nothing was patched.

    Args:
        answer: from request to response, or to None.
        unsigned: sign with dummy credentials, so that a client made without any works too.
    """
    do_get_response, sign = Endpoint._do_get_response, RequestSigner.sign

    def _do_get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        __tracebackhide__ = True
        endpoint = self
        if is_ours(operation_model):
            emitter = _Emitter(self._event_emitter, answer, read_timeout(context))
            endpoint = but(self, _event_emitter=emitter)
        given, error = do_get_response(endpoint, request, operation_model, context)
        if found := ours(error):
            raise found
        return given, error

    def _sign(self: Any, operation_name: str, *arguments: Any, **named: Any) -> Any:
        if operation_name in operations() and self.signing_name == signing.NAME:
            self = but(self, _credentials=DUMMY_CREDENTIALS)
        return sign(self, operation_name, *arguments, **named)

    with contextlib.ExitStack() as stack:
        stack.callback(setattr, Endpoint, "_do_get_response", do_get_response)
        Endpoint._do_get_response = _do_get_response
        if unsigned:
            stack.callback(setattr, RequestSigner, "sign", sign)
            RequestSigner.sign = _sign
        yield
