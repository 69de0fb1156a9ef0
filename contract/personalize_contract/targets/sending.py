"""Whether a thread is sending what was checked: the live service is open to nobody else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_this_thread = threading.local()


def is_sending() -> bool:
    """Whether what this thread connects to is where an endpoint sends a checked request."""
    return getattr(_this_thread, "sending", False)


@contextlib.contextmanager
def sending() -> Iterator[None]:
    """While this lasts, what this thread connects to is on the way to the target."""
    _this_thread.sending = True
    try:
        yield
    finally:
        _this_thread.sending = False
