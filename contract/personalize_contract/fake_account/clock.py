"""The control plane's time: the wall clock's to begin with, then as many times as fast as asked."""

from __future__ import annotations

from personalize_contract import clock


class Clock:
    """A clock that can run fast, so that a dataset need not take minutes to become active.

    Args:
        speed: seconds on this clock for each real second.
        start: what it shows first, in seconds since 1970; the wall clock's time when None.

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
        """Seconds since 1970."""
        return self._start + (clock.monotonic() - self._since) * self._speed
