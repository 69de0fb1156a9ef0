"""What is behind the doors."""

from __future__ import annotations

from typing import Protocol

from personalize_contract.model.exchange import Request, Response


class Way(Protocol):
    """Checks each request and answers it. Any thread may call it."""

    def check(self, request: Request) -> None:
        """Note what can be said about a request. Never waits."""

    def ask(self, request: Request) -> Response | None:
        """The answer to a checked request; None if it is sent where it would have gone."""

    def answer(self, request: Request) -> Response | None:
        """Check and ask."""
