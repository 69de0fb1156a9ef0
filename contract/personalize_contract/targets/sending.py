"""Marks the threads that send a checked request; no other may connect to the live service."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_this_thread = threading.local()


def is_sending() -> bool:
    """Return whether this thread is sending a checked request."""
    return getattr(_this_thread, "sending", False)


@contextlib.contextmanager
def sending() -> Iterator[None]:
    """Mark this thread as sending a checked request within the context."""
    _this_thread.sending = True
    try:
        yield
    finally:
        _this_thread.sending = False
