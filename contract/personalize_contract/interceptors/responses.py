"""The door of requests, through `responses`.

requests has two doors, and one of them is open at a time. With `personalize_service` it is this
one: `responses` answers in this process. With any other target it is that of VCR.py, below
requests; where a test uses `responses` itself, or moto does, this one only lets our requests pass
through their mocks. What is not ours is left to those mocks, or to the network.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ReadTimeout
from responses import CallbackResponse, RequestsMock

from personalize_contract.model.exchange import Request, Response, headers
from personalize_contract.service.faults import Interrupted

Mock: Any = RequestsMock

Answer = Callable[[Request], Response | None]


def _request_of(prepared: Any) -> Request:
    body = prepared.body or b""
    if not isinstance(body, str | bytes):
        body = b"".join(body)
    sent = headers(prepared.headers.items())
    return Request(
        prepared.method, prepared.url, sent, body.encode() if isinstance(body, str) else body
    )


def _patience(prepared: Any) -> float:
    """Seconds that a call waits for an answer."""
    timeout = prepared.req_kwargs.get("timeout")
    if isinstance(timeout, tuple):
        timeout = timeout[1]
    return float("inf") if timeout is None else float(getattr(timeout, "read_timeout", timeout))


def _late(interrupted: Interrupted, prepared: Any) -> Response:
    """The late answer to an interrupted request, or what requests raises where there is none."""
    patience = _patience(prepared)
    time.sleep(min(interrupted.seconds, patience))
    if interrupted.how == "slow" and interrupted.seconds < patience and interrupted.response:
        return interrupted.response
    if interrupted.how in ("slow", "timeout"):
        raise ReadTimeout(interrupted, request=prepared) from interrupted
    if interrupted.how == "truncate":
        raise ChunkedEncodingError(interrupted, request=prepared) from interrupted
    raise requests.ConnectionError(interrupted, request=prepared) from interrupted


class _Ours(CallbackResponse):
    """Answers whatever it is given: which requests those are is known to the caller."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("POST", "https://personalize-events/", self._answered)
        self._answer = answer

    def matches(self, request: requests.PreparedRequest) -> tuple[bool, str]:
        return True, ""

    def _answered(self, prepared: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        try:
            response = self._answer(_request_of(prepared))
        except Interrupted as interrupted:
            response = _late(interrupted, prepared)
        assert response is not None
        return response.status, dict(response.headers), response.body


@contextlib.contextmanager
def checked(check: Callable[[Request], None], is_ours: Callable[[str], bool]) -> Iterator[None]:
    """While this lasts, each of our requests that a mock answers goes to `check` first."""
    on_request = Mock._on_request

    def _on_request(self: Any, adapter: Any, prepared: Any, **named: Any) -> Any:
        if is_ours(prepared.url):
            check(_request_of(prepared))
        return on_request(self, adapter, prepared, **named)

    Mock._on_request = _on_request
    try:
        yield
    finally:
        Mock._on_request = on_request


@contextlib.contextmanager
def patched(answer: Answer | None, is_ours: Callable[[str], bool]) -> Iterator[None]:
    """While this lasts, our requests are answered here, also where mocks of others are active.

    Args:
        answer: from request to response; None to let our requests through to what is below.
        is_ours: whether a URL is one of ours.
    """
    on_request, below = Mock._on_request, HTTPAdapter.send
    mock: Any = RequestsMock(assert_all_requests_are_fired=False)

    def _on_request(self: Any, adapter: Any, prepared: Any, **named: Any) -> Any:
        if not is_ours(prepared.url):
            if self is mock:
                return below(adapter, prepared, **named)
            return on_request(self, adapter, prepared, **named)
        if answer is None:
            named.pop("retries", None)
            return mock._real_send(adapter, prepared, **named)
        return on_request(mock, adapter, prepared, **named)

    with contextlib.ExitStack() as stack:
        stack.callback(setattr, Mock, "_on_request", on_request)
        Mock._on_request = _on_request
        if answer is not None:
            mock.add(_Ours(answer))
            stack.enter_context(mock)
        yield
