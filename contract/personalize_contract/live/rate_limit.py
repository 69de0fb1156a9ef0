"""The rate limit of an account: turns, so that its quota is never used up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from personalize_contract import clock

INTERVAL = 0.125
"""Seconds between two requests: the quota is 10 a second for each dataset group."""


class Pace:
    """Gives turns, at most one every `INTERVAL` seconds. Any thread may ask for one.

    Args:
        sleep: waits for a number of seconds.
        now: seconds on a clock that is never set back.
        sharers: how many processes ask the same service; each gets its share of the turns.
    """

    def __init__(
        self,
        sleep: Callable[[float], None] = clock.sleep,
        now: Callable[[], float] = clock.monotonic,
        sharers: int = 1,
    ) -> None:
        self._sleep, self._now, self._interval = sleep, now, INTERVAL * sharers
        self._lock = threading.Lock()
        self._next = 0.0

    def turn(self) -> None:
        """Wait for the next turn."""
        with self._lock:
            now = self._now()
            turn = max(now, self._next)
            self._next = turn + self._interval
        self._sleep(turn - now)
