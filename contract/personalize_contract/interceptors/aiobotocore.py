"""The interceptor of aiobotocore: it wraps the same method as botocore's.

A request is checked in the frame that sends it, so that its call site is known. It is forwarded in
another thread, since a live service would block the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.credentials import AioCredentials
from aiobotocore.endpoint import AioEndpoint
from aiobotocore.session import AioSession
from aiobotocore.signers import AioRequestSigner
from aiobotocore.utils import AioIMDSRegionProvider
from botocore.exceptions import EndpointConnectionError

from personalize_contract.interceptors.botocore import (
    copy_with,
    deliver_or_raise,
    is_ours,
    own_error,
    read_timeout,
    request_of,
    response_for,
)
from personalize_contract.interceptors.handler import Handler
from personalize_contract.interceptors.identity import Identity
from personalize_contract.model.contract import operations
from personalize_contract.model.exchange import Response
from personalize_contract.model.interruption import Interrupted
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.targets import signing
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

AioRegionProvider: Any = AioIMDSRegionProvider

_UNSIGNED = AioCredentials(DUMMY_CREDENTIALS.access_key, DUMMY_CREDENTIALS.secret_key)


async def _forward(handler: Handler, request: ParsedRequest) -> Response | None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # trio runs this, and offers no thread without its own library.
        return handler.forward(request)
    return await asyncio.to_thread(handler.forward, request)


class _Emitter:
    """The asynchronous twin of `botocore._Emitter`."""

    def __init__(
        self, endpoint: Any, handler: Handler, operation_model: Any, read_timeout: float
    ) -> None:
        self._emitter, self._handler = endpoint._event_emitter, handler
        self._operation, self._read_timeout = operation_model, read_timeout
        self._sleep = getattr(endpoint, "_sleep", asyncio.sleep)

    async def emit(self, event: str, **arguments: Any) -> Any:
        responses = await self._emitter.emit(event, **arguments)
        if not event.startswith("before-send."):
            return responses
        prepared = arguments["request"]
        request = self._handler.check(request_of(prepared, self._operation))
        try:
            response = await _forward(self._handler, request)
        except Interrupted as interruption:
            await self._sleep(min(interruption.seconds, self._read_timeout))
            response = deliver_or_raise(
                interruption, prepared, self._read_timeout, EndpointConnectionError
            )
        if response is None:
            return responses
        return [(None, response_for(prepared.url, response, AioAWSResponse))]


@contextlib.contextmanager
def patched(handler: Handler, identity: Identity | None) -> Iterator[None]:
    """Intercept every aiobotocore client of this process within the context.

    Args:
        handler: the handler of intercepted requests.
        identity: the clients' default credentials and region; None to leave their own.
    """
    do_get_response, sign = AioEndpoint._do_get_response, AioRequestSigner.sign
    get_credentials, provide_region = AioSession.get_credentials, AioRegionProvider.provide

    async def _do_get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        __tracebackhide__ = True
        endpoint = self
        if is_ours(operation_model):
            emitter = _Emitter(self, handler, operation_model, read_timeout(context))
            endpoint = copy_with(self, _event_emitter=emitter)
        success, error = await do_get_response(endpoint, request, operation_model, context)
        if reason := own_error(error):
            raise reason
        return success, error

    async def _sign(self: Any, operation_name: str, *arguments: Any, **named: Any) -> Any:
        if operation_name in operations() and self.signing_name == signing.NAME:
            self = copy_with(self, _credentials=_UNSIGNED)
        return await sign(self, operation_name, *arguments, **named)

    async def _get_credentials(self: Any) -> Any:
        own = self._credentials
        return own if own is not None else AioCredentials(*identity.resolve())  # type: ignore[union-attr]

    async def _provide_region(self: Any) -> None:
        """Return no region, and send nothing to a metadata service."""

    AioEndpoint._do_get_response = _do_get_response
    if identity:
        AioRegionProvider.provide = _provide_region
        AioSession.get_credentials = _get_credentials
        if identity.unsigned:
            AioRequestSigner.sign = _sign
    try:
        yield
    finally:
        AioEndpoint._do_get_response, AioRequestSigner.sign = do_get_response, sign
        AioSession.get_credentials, AioRegionProvider.provide = get_credentials, provide_region
