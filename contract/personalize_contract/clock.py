"""The real clock, whatever a test or a session has frozen.

freezegun replaces `time.time`, `time.monotonic` and `datetime` in every module; time-machine
changes what CLOCK_REALTIME says in C; tests put fakes in the place of `time.sleep`. Their time is
that of the code under test. How long to wait, how old a recording is and when it was made are
facts about the world.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable

# No library replaces these two, and the references outlive a fake that is put in their place.
_read = time.clock_gettime
_sleep = time.sleep


def monotonic() -> float:
    """Seconds on a clock that is never set back, the same one for all processes."""
    return _read(time.CLOCK_MONOTONIC)


def now() -> dt.datetime:
    """The date and time, UTC."""
    read: Callable[[int], float] = _read
    time_machine = sys.modules.get("time_machine")
    if time_machine and time_machine.escape_hatch.is_travelling():
        read = time_machine.escape_hatch.time.clock_gettime
    return dt.datetime.fromtimestamp(read(time.CLOCK_REALTIME), dt.UTC)


def sleep(seconds: float) -> None:
    """Wait for a number of seconds."""
    _sleep(seconds)
