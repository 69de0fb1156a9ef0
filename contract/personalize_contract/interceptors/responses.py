"""The interceptor of requests, through `responses`.

requests has two interceptors, of which one answers. With `personalize_service` it is this one, in
this process. With any other target it is VCR.py's, which works below requests; if a test or moto
uses `responses`, this one then only passes our requests through their mocks. Other requests are
left to those mocks, or to the network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ReadTimeout
from responses import CallbackResponse, RequestsMock

from personalize_contract import clock
from personalize_contract.interceptors.handler import Handler
from personalize_contract.model.exchange import Request, Response, headers
from personalize_contract.model.interruption import Interrupted

Mock: Any = RequestsMock


def _request_of(prepared: Any) -> Request:
    body = prepared.body or b""
    if not isinstance(body, str | bytes):
        body = b"".join(body)
    sent = headers(prepared.headers.items())
    return Request(
        prepared.method, prepared.url, sent, body.encode() if isinstance(body, str) else body
    )


def _read_timeout(prepared: Any) -> float:
    """Return the read time-out of a call in seconds."""
    timeout = prepared.req_kwargs.get("timeout")
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    return float("inf") if timeout is None else float(getattr(timeout, "read_timeout", timeout))


def _deliver_or_raise(interruption: Interrupted, prepared: Any) -> Response:
    """Return the delayed response to an interrupted request, or raise what requests would raise."""
    read_timeout = _read_timeout(prepared)
    clock.sleep(min(interruption.seconds, read_timeout))
    if response := interruption.answer_after(read_timeout):
        return response
    if interruption.times_out:
        raise ReadTimeout(interruption, request=prepared) from interruption
    if interruption.how == "truncate":
        raise ChunkedEncodingError(interruption, request=prepared) from interruption
    raise requests.ConnectionError(interruption, request=prepared) from interruption


class _Ours(CallbackResponse):
    """Answers every request: its caller selects them."""

    def __init__(self, handler: Handler) -> None:
        super().__init__("POST", "https://personalize-events/", self._answered)
        self._handler = handler

    def matches(self, request: requests.PreparedRequest) -> tuple[bool, str]:
        return True, ""

    def _answered(self, prepared: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        request = self._handler.check(_request_of(prepared))
        try:
            response = self._handler.forward(request)
        except Interrupted as interruption:
            response = _deliver_or_raise(interruption, prepared)
        assert response is not None
        return response.status, dict(response.headers), response.body


@contextlib.contextmanager
def checked(handler: Handler, is_ours: Callable[[str], bool]) -> Iterator[None]:
    """Check each of our requests that a mock answers, within the context."""
    on_request = Mock._on_request

    def _on_request(self: Any, adapter: Any, prepared: Any, **named: Any) -> Any:
        if is_ours(prepared.url):
            handler.check(_request_of(prepared))
        return on_request(self, adapter, prepared, **named)

    Mock._on_request = _on_request
    try:
        yield
    finally:
        Mock._on_request = on_request


@contextlib.contextmanager
def patched(handler: Handler | None, is_ours: Callable[[str], bool]) -> Iterator[None]:
    """Intercept our requests within the context, even while other mocks are active.

    Args:
        handler: the handler of our requests; None to pass them to the interceptor below.
        is_ours: the predicate of URLs that are Personalize's.
    """
    on_request, below = Mock._on_request, HTTPAdapter.send
    mock: Any = RequestsMock(assert_all_requests_are_fired=False)

    def _on_request(self: Any, adapter: Any, prepared: Any, **named: Any) -> Any:
        if not is_ours(prepared.url):
            if self is mock:
                return below(adapter, prepared, **named)
            return on_request(self, adapter, prepared, **named)
        if handler is None:
            named.pop("retries", None)
            return mock._real_send(adapter, prepared, **named)
        return on_request(mock, adapter, prepared, **named)

    with contextlib.ExitStack() as stack:
        stack.callback(setattr, Mock, "_on_request", on_request)
        Mock._on_request = _on_request
        if handler is not None:
            mock.add(_Ours(handler))
            stack.enter_context(mock)
        yield
