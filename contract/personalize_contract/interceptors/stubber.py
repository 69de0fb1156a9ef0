"""Checks the requests of stubbed clients: botocore's Stubber answers before the interceptor.

The response stays the Stubber's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from botocore import stub

from personalize_contract.interceptors.botocore import is_ours
from personalize_contract.interceptors.handler import Handler
from personalize_contract.model.exchange import Request, headers

# The wrapped method is private, and the type stubs omit it.
Stubber: Any = stub.Stubber


def _request_of(params: Mapping[str, Any]) -> Request:
    """Return the message that botocore has built for a call, before it is signed."""
    body = params["body"]
    return Request(
        params["method"],
        params["url"],
        headers(params["headers"].items()),
        body.encode() if isinstance(body, str) else bytes(body),
    )


@contextlib.contextmanager
def checked(handler: Handler) -> Iterator[None]:
    """Check each request that a Stubber answers, within the context."""
    # The class is patched, so that active Stubbers are covered too.
    expected = Stubber._assert_expected_call_order

    def _assert_expected_call_order(self: Any, model: Any, params: Any) -> None:
        # Called twice: with the call's parameters, and with the message built from them.
        if is_ours(model) and "body" in params:
            handler.check(_request_of(params))
        expected(self, model, params)

    Stubber._assert_expected_call_order = _assert_expected_call_order
    try:
        yield
    finally:
        Stubber._assert_expected_call_order = expected
