"""The protocol of the handler that every interceptor passes its requests to."""

from __future__ import annotations

from typing import Protocol

from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import ParsedRequest


class Handler(Protocol):
    """Handles intercepted requests. Thread-safe.

    An interceptor checks each request in the frame that sends it, so that the call site is known,
    and then forwards it. A request that a mock answers is only checked.
    """

    def check(self, request: Request) -> ParsedRequest:
        """Parse a request and record its violations and advice. Never blocks."""

    def forward(self, request: ParsedRequest) -> Response | None:
        """Return the response, or None to let the client send the request itself.

        Raises:
            PersonalizeContractError: there is no response. It reaches the caller unchanged.
                Interrupted: the client gets no complete response, or a late one.
        """
