"""An interrupted exchange: the client gets no complete response, or gets it late."""

from __future__ import annotations

from typing import Literal

from personalize_contract.model.exchange import Exchange, Response

FAULT = "fault"
"""`answered_by` of a response that a fault injected; never recorded as the service's answer."""

FaultKind = Literal["timeout", "reset", "truncate", "slow"]


class Interrupted(Exception):
    """The client gets no complete response, or gets it late.

    Raised by a target; the interceptor turns it into the failure that the client would see on a
    network.

    Args:
        how: the kind of fault.
        late: the exchange whose response is late; None if no complete response comes.
        seconds: the delay of a slow response.
    """

    def __init__(self, how: FaultKind, late: Exchange | None = None, seconds: float = 0.0) -> None:
        super().__init__(f"injected by fail_next: {how}")
        self.how, self.late, self.seconds = how, late, seconds

    def answer_after(self, read_timeout: float) -> Response | None:
        """Return the late response; None if the client times out before it comes."""
        return self.late.response if self.late and self.seconds < read_timeout else None

    @property
    def times_out(self) -> bool:
        """True if the client times out, rather than loses its connection."""
        return self.how in ("slow", "timeout")
