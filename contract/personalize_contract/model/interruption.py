"""What happens to a client that gets no whole answer, or gets it late."""

from __future__ import annotations

from typing import Literal

from personalize_contract.model.exchange import Exchange, Response

FAULT = "fault"
"""Answers in the place of the service where a fault does. Never recorded as an answer of it."""

Wire = Literal["timeout", "reset", "truncate", "slow"]


class Interrupted(Exception):
    """The client gets no whole answer, or gets it late.

    Raised by a target; an interceptor shows its client what the wire would have shown.

    Args:
        how: what happens on the wire.
        late: the exchange whose response comes late; None if no whole response comes.
        seconds: that a slow answer takes.
    """

    def __init__(self, how: Wire, late: Exchange | None = None, seconds: float = 0.0) -> None:
        super().__init__(f"made to happen by fail_next: {how}")
        self.how, self.late, self.seconds = how, late, seconds

    def answer_after(self, read_timeout: float) -> Response | None:
        """Return the late answer; None if the client has given up before it comes."""
        return self.late.response if self.late and self.seconds < read_timeout else None

    @property
    def times_out(self) -> bool:
        """Whether a client without an answer waited in vain, rather than lost its connection."""
        return self.how in ("slow", "timeout")
