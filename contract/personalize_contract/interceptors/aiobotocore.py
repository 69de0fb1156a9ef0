"""The door of aiobotocore: the twin of botocore's, with the same place wrapped.

A request is checked where it is sent, so that its place in the user's code can be told. It is
answered in another thread: a live service would hold up the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.credentials import AioCredentials
from aiobotocore.endpoint import AioEndpoint
from aiobotocore.signers import AioRequestSigner
from botocore.exceptions import EndpointConnectionError

from personalize_contract.interceptors.botocore import (
    but,
    delay,
    is_ours,
    ours,
    read_timeout,
    received,
    request_of,
    response_for,
)
from personalize_contract.interceptors.handler import Way
from personalize_contract.model.contract import operations
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service.faults import Interrupted
from personalize_contract.service.signatures import DUMMY_CREDENTIALS
from personalize_contract.targets import signing

_UNSIGNED = AioCredentials(DUMMY_CREDENTIALS.access_key, DUMMY_CREDENTIALS.secret_key)


async def _elsewhere(way: Way, request: Request) -> Response | None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return way.ask(request)  # trio runs this, and lends no thread without its own library
    return await asyncio.to_thread(way.ask, request)


class _Emitter:
    """As `botocore`'s, awaited."""

    def __init__(self, endpoint: Any, way: Way, patience: float) -> None:
        self._emitter, self._way, self._patience = endpoint._event_emitter, way, patience
        self._sleep = getattr(endpoint, "_sleep", asyncio.sleep)

    async def emit(self, event: str, **named: Any) -> Any:
        given = await self._emitter.emit(event, **named)
        if not event.startswith("before-send."):
            return given
        prepared = named["request"]
        request = request_of(prepared)
        self._way.check(request)
        try:
            response = await _elsewhere(self._way, request)
        except Interrupted as interrupted:
            await self._sleep(delay(interrupted, self._patience))
            response = received(interrupted, prepared, self._patience, EndpointConnectionError)
        if response is None:
            return given
        return [(None, response_for(prepared.url, response, AioAWSResponse))]


@contextlib.contextmanager
def patched(way: Way, *, unsigned: bool) -> Iterator[None]:
    """While this lasts, every aiobotocore client of this process is answered this way.

    Args:
        way: see `install.of_sdks`.
        unsigned: sign with dummy credentials, so that a client made without any works too.
    """
    do_get_response, sign = AioEndpoint._do_get_response, AioRequestSigner.sign

    async def _do_get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        __tracebackhide__ = True
        endpoint = self
        if is_ours(operation_model):
            emitter = _Emitter(self, way, read_timeout(context))
            endpoint = but(self, _event_emitter=emitter)
        given, error = await do_get_response(endpoint, request, operation_model, context)
        if found := ours(error):
            raise found
        return given, error

    async def _sign(self: Any, operation_name: str, *arguments: Any, **named: Any) -> Any:
        if operation_name in operations() and self.signing_name == signing.NAME:
            self = but(self, _credentials=_UNSIGNED)
        return await sign(self, operation_name, *arguments, **named)

    with contextlib.ExitStack() as stack:
        stack.callback(setattr, AioEndpoint, "_do_get_response", do_get_response)
        AioEndpoint._do_get_response = _do_get_response
        if unsigned:
            stack.callback(setattr, AioRequestSigner, "sign", sign)
            AioRequestSigner.sign = _sign
        yield
