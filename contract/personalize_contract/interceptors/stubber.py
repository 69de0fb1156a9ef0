"""botocore's Stubber answers before a request is sent, so the interceptor never sees it.

What a stubbed client would have sent is checked here. The answer stays the Stubber's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from botocore import stub

from personalize_contract.interceptors.botocore import is_ours
from personalize_contract.interceptors.handler import Handler
from personalize_contract.model.exchange import Request, headers

# What is wrapped is botocore's own business, and no part of its types.
Stubber: Any = stub.Stubber


def _request_of(params: Mapping[str, Any]) -> Request:
    """The message that botocore has built for a call, before it is signed."""
    body = params["body"]
    return Request(
        params["method"],
        params["url"],
        headers(params["headers"].items()),
        body.encode() if isinstance(body, str) else bytes(body),
    )


@contextlib.contextmanager
def checked(handler: Handler) -> Iterator[None]:
    """Check each request that a Stubber answers, while this lasts."""
    # Looked up on the class at each call, so that Stubbers which are active already are seen too.
    expected = Stubber._assert_expected_call_order

    def _assert_expected_call_order(self: Any, model: Any, params: Any) -> None:
        # Called twice: with the call's parameters, and with the message made of them.
        if is_ours(model) and "body" in params:
            handler.check(_request_of(params))
        expected(self, model, params)

    Stubber._assert_expected_call_order = _assert_expected_call_order
    try:
        yield
    finally:
        Stubber._assert_expected_call_order = expected
