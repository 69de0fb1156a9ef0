"""The handler of a forked child, which sends requests to the test's endpoint in the parent."""

from __future__ import annotations

import contextlib

from personalize_contract.errors import NetworkRefused, NoAnswer, TargetUnavailable, TimedOut
from personalize_contract.feedback import call_site
from personalize_contract.interceptors.child_processes import REFUSED
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.interruption import Interrupted
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.targets.endpoint import Endpoint

_TIMEOUT = 60.0
"""A child's read time-out in seconds (botocore's default)."""


class Sender:
    """Handles requests by sending them to an endpoint, which checks them.

    Args:
        url: the URL of the endpoint.
    """

    def __init__(self, url: str) -> None:
        self._endpoint = Endpoint(url, "reference", _TIMEOUT)

    def refuse(self, error: NetworkRefused) -> None:
        """Report a refused connection to the test."""
        # A test that has ended no longer listens.
        with contextlib.suppress(TargetUnavailable):
            self._endpoint.answer(
                Request("POST", f"http://localhost{REFUSED}", {}, str(error).encode())
            )

    def check(self, request: Request) -> ParsedRequest:
        """Parse a request, and add its call site as a header."""
        sent = {**request.headers, call_site.HEADER: call_site.of_caller()}
        return parse(Request(request.method, request.url, sent, request.body))

    def forward(self, request: ParsedRequest) -> Response:
        """Send a request.

        Raises:
            Interrupted: no complete response came, or none in time.
        """
        try:
            return self._endpoint.answer(request).response
        except TimedOut:
            raise Interrupted("timeout") from None
        except NoAnswer:
            raise Interrupted("reset") from None
