"""The call of another service that is being sent, for the message of whoever refuses it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_call: ContextVar[str] = ContextVar("personalize_contract_call", default="")


def current() -> str:
    """The service and operation, as `S3 PutObject`; `""` if none is known."""
    return _call.get()


@contextlib.contextmanager
def sending(call: str) -> Iterator[None]:
    """Let it be known, in this thread, that a call is being sent."""
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)
