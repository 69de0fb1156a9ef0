"""The real clock, even while a test has frozen time.

freezegun replaces `time.time`, `time.monotonic` and `datetime` in every module; time-machine
patches CLOCK_REALTIME in C; tests replace `time.sleep` by fakes. Their time is for the code under
test. Waiting times, the age of a recording and its date need the real one.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable

# No library replaces these two, and the references survive a later fake.
_read: Callable[[int], float] | None = getattr(time, "clock_gettime", None)
_monotonic, _time = time.monotonic, time.time
"""For Windows, which has no `clock_gettime`."""

_sleep = time.sleep


def monotonic() -> float:
    """Return seconds on a clock that never goes back and that all processes share."""
    return _read(time.CLOCK_MONOTONIC) if _read else _monotonic()


def now() -> dt.datetime:
    """Return the current date and time in UTC."""
    if not _read:
        return dt.datetime.fromtimestamp(_time(), dt.UTC)
    read = _read
    time_machine = sys.modules.get("time_machine")
    if time_machine and time_machine.escape_hatch.is_travelling():
        read = time_machine.escape_hatch.time.clock_gettime
    return dt.datetime.fromtimestamp(read(time.CLOCK_REALTIME), dt.UTC)


def sleep(seconds: float) -> None:
    """Sleep for a number of seconds."""
    _sleep(seconds)
