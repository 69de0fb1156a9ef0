"""The call to another service in progress, for the message if its connection is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_call: ContextVar[str] = ContextVar("personalize_contract_call", default="")


def current() -> str:
    """Return the service and operation, as `S3 PutObject`; `""` if unknown."""
    return _call.get()


@contextlib.contextmanager
def sending(call: str) -> Iterator[None]:
    """Register the call that this thread is sending, within the context."""
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)
