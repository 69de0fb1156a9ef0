"""The control plane's clock: it starts at the wall clock's time and may run faster."""

from __future__ import annotations

from personalize_contract import clock


class Clock:
    """A clock that can run fast, so that a dataset needn't take minutes to become active.

    Args:
        speed: seconds on this clock for each real second.
        start: the initial time, in seconds since 1970; None for the wall clock's.

    Raises:
        ValueError: the speed is not above 0.
    """

    def __init__(self, speed: float = 1.0, start: float | None = None) -> None:
        if not speed > 0:
            raise ValueError("a clock's speed is above 0")
        self._speed = speed
        self._start = clock.now().timestamp() if start is None else start
        self._since = clock.monotonic()

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._start + (clock.monotonic() - self._since) * self._speed
