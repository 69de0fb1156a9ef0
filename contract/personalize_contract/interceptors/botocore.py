"""The interceptor of botocore, boto3 and every other client built on it, whenever it was made.

Handlers on a client's events miss the clients that exist already, so the one method that all of
them call is wrapped: `Endpoint._do_get_response`, above the sending and below the retries.
botocore's own code still does everything else. It gets the response as if from a `before-send`
handler, after all other handlers have seen the request.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore import endpoint as endpoints
from botocore import session as sessions
from botocore import signers, utils
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ProfileNotFound,
    ReadTimeoutError,
)

from personalize_contract import clock
from personalize_contract.errors import PersonalizeContractError
from personalize_contract.interceptors.handler import Handler
from personalize_contract.interceptors.identity import Identity
from personalize_contract.model.contract import load, operations
from personalize_contract.model.exchange import Request, Response, headers
from personalize_contract.model.interruption import Interrupted
from personalize_contract.targets import signing
from personalize_contract.targets.sending import calling
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

# The wrapped methods are private, and the type stubs omit them.
Endpoint: Any = endpoints.Endpoint
RequestSigner: Any = signers.RequestSigner
Session: Any = sessions.Session
RegionProvider: Any = utils.IMDSRegionProvider

_READ_TIMEOUT = 60.0
"""Default read time-out of a client, in seconds (botocore's)."""


def request_of(prepared: AWSPreparedRequest, operation_model: Any = None) -> Request:
    """Return the message that botocore is about to send.

    Args:
        prepared: the message in botocore's form.
        operation_model: the model of its operation, if the endpoint's own path before the
            operation's path has to be removed.
    """
    body: Any = prepared.body or b""
    if hasattr(body, "read"):
        stream, start = body, body.tell()
        body = stream.read()
        stream.seek(start)
    sent = headers(prepared.headers.items())
    url = prepared.url
    if operation_model is not None:
        url = _at_the_root(url, operation_model.http["requestUri"])
    return Request(
        prepared.method, url, sent, body.encode() if isinstance(body, str) else bytes(body)
    )


def _at_the_root(url: str, path: str) -> str:
    """Return the URL of an operation without the path of its endpoint."""
    parts = urlsplit(url)
    if parts.path == path or not parts.path.endswith(path):
        return url
    return parts._replace(path=path).geturl()


def response_for(
    url: str, response: Response, kind: type[AWSResponse] = AWSResponse
) -> AWSResponse:
    """Return a response in the form of botocore's HTTP session.

    Args:
        url: the URL of the request.
        response: the response.
        kind: the class to return; aiobotocore has its own.
    """
    received: Any = dict(response.headers)
    converted = kind(url, response.status, received, None)
    converted._content = response.body  # type: ignore[attr-defined]
    return converted


def is_ours(operation_model: Any) -> bool:
    """Return whether a call is of an operation with a contract."""
    return bool(
        operation_model.name in operations()
        and operation_model.service_model.service_name == load(operation_model.name).service
    )


def read_timeout(context: Any) -> float:
    """Return the read time-out of a call's client in seconds."""
    config = context.get("client_config")
    return context.get("read_timeout") or getattr(config, "read_timeout", None) or _READ_TIMEOUT


def deliver_or_raise(
    interruption: Interrupted,
    prepared: AWSPreparedRequest,
    read_timeout: float,
    reset: type[BotoCoreError] = ConnectionClosedError,
) -> Response:
    """Return the delayed response to an interrupted request, or raise what its client would raise.

    Args:
        interruption: the interruption.
        prepared: the request.
        read_timeout: the client's read time-out in seconds.
        reset: the error of the client's HTTP session for a reset connection.

    Raises:
        ReadTimeoutError, ConnectionClosedError, `reset`: the error of the client's HTTP session
            for a missing response; botocore decides whether to retry.
    """
    if response := interruption.answer_after(read_timeout):
        return response
    if interruption.times_out:
        raise ReadTimeoutError(endpoint_url=prepared.url, error=interruption)
    closed = reset if interruption.how == "reset" else ConnectionClosedError
    raise closed(endpoint_url=prepared.url, request=prepared, error=interruption)


def own_error(error: BaseException | None) -> PersonalizeContractError | None:
    """Return this package's error that botocore caught, even if it wrapped it in one of its own."""
    if isinstance(error, BotoCoreError):
        error = error.kwargs.get("error")
    return error if isinstance(error, PersonalizeContractError) else None


def copy_with(instance: Any, **members: Any) -> Any:
    """Return a shallow copy with other members; `copy.replace` is slower, for every call."""
    copy = object.__new__(type(instance))
    copy.__dict__.update(instance.__dict__, **members)
    return copy


class _Emitter:
    """Wraps an endpoint's event emitter, to answer `before-send` after all other handlers."""

    def __init__(
        self, endpoint: Any, handler: Handler, operation_model: Any, read_timeout: float
    ) -> None:
        self._emitter, self._handler = endpoint._event_emitter, handler
        self._operation, self._read_timeout = operation_model, read_timeout

    def emit(self, event: str, **arguments: Any) -> Any:
        responses = self._emitter.emit(event, **arguments)
        if not event.startswith("before-send."):
            return responses
        prepared = arguments["request"]
        request = self._handler.check(request_of(prepared, self._operation))
        try:
            response = self._handler.forward(request)
        except Interrupted as interruption:
            clock.sleep(min(interruption.seconds, self._read_timeout))
            response = deliver_or_raise(interruption, prepared, self._read_timeout)
        return responses if response is None else [(None, response_for(prepared.url, response))]


@contextlib.contextmanager
def patched(handler: Handler, identity: Identity | None) -> Iterator[None]:
    """Intercept every botocore client of this process, in any thread, within the context.

    An error of this package that the handler raises reaches the caller unchanged: never retried,
    never wrapped.

    Args:
        handler: the handler of intercepted requests.
        identity: the clients' default credentials and region; None to leave their own.
    """
    do_get_response, sign = Endpoint._do_get_response, RequestSigner.sign
    get_credentials, get_config = Session.get_credentials, Session.get_config_variable
    get_profile, provide_region = Session.get_scoped_config, RegionProvider.provide

    def _do_get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        __tracebackhide__ = True
        endpoint = self
        if is_ours(operation_model):
            emitter = _Emitter(self, handler, operation_model, read_timeout(context))
            endpoint = copy_with(self, _event_emitter=emitter)
            success, error = do_get_response(endpoint, request, operation_model, context)
        else:
            with calling(f"{operation_model.service_model.service_id} {operation_model.name}"):
                success, error = do_get_response(endpoint, request, operation_model, context)
        if reason := own_error(error):
            raise reason
        return success, error

    def _sign(self: Any, operation_name: str, *arguments: Any, **named: Any) -> Any:
        if operation_name in operations() and self.signing_name == signing.NAME:
            self = copy_with(self, _credentials=DUMMY_CREDENTIALS)
        return sign(self, operation_name, *arguments, **named)

    def _get_credentials(self: Any) -> Any:
        # Not stored in the session, which may outlive the test.
        own = self._credentials
        return own if own is not None else Credentials(*identity.resolve())  # type: ignore[union-attr]

    def _get_config_variable(self: Any, logical_name: str, *arguments: Any) -> Any:
        value = get_config(self, logical_name, *arguments)
        return identity.region_for(logical_name, value)  # type: ignore[union-attr]

    def _get_profile(self: Any) -> Any:
        # The profile is not used, so it need not exist.
        try:
            return get_profile(self)
        except ProfileNotFound:
            return {}

    Endpoint._do_get_response = _do_get_response
    if identity:
        # For the defaults mode `auto`, which would send a request to a metadata service.
        RegionProvider.provide = lambda self: None
        Session.get_scoped_config = _get_profile
        Session.get_credentials = _get_credentials
        Session.get_config_variable = _get_config_variable
        if identity.unsigned:
            RequestSigner.sign = _sign
    try:
        yield
    finally:
        Endpoint._do_get_response, RequestSigner.sign = do_get_response, sign
        Session.get_credentials, Session.get_config_variable = get_credentials, get_config
        Session.get_scoped_config, RegionProvider.provide = get_profile, provide_region
