"""The handler that every interceptor hands its requests to."""

from __future__ import annotations

from typing import Protocol

from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import ParsedRequest


class Handler(Protocol):
    """Handles intercepted requests. Any thread may call it.

    An interceptor checks each request where it is sent, since that tells whose line it was, and
    then forwards it; a request that something else answers is only checked.
    """

    def check(self, request: Request) -> ParsedRequest:
        """Parse a request and note what is wrong with it. Never waits."""

    def forward(self, request: ParsedRequest) -> Response | None:
        """Return the response, or None to let the client send the request itself.

        Raises:
            PersonalizeContractError: there is no answer. It reaches the caller as it is.
            Interrupted: the client has to see what its wire would have shown it.
        """
