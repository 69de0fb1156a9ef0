"""The requests that are being sent, for the guard of the network.

A thread that sends a checked request may connect to the live service, and no other may. A refused
call to another service is named in the refusal.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar

_this_thread = threading.local()

_call: ContextVar[str] = ContextVar("personalize_contract_call", default="")


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


def current_call() -> str:
    """Return the call to another service in progress, as `S3 PutObject`; `""` if unknown."""
    return _call.get()


@contextlib.contextmanager
def calling(call: str) -> Iterator[None]:
    """Register the call to another service that is being sent, within the context."""
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)
