"""Silences the debug logs of this package's own calls, which would leak what is signed and sent.

botocore logs the session token with each signature, urllib3 the query of each request. The clients
of the code under test log as usual.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

_LIBRARIES = ("botocore", "boto3", "requests", "urllib3")


class _Own(threading.local):
    calls = 0
    known = 0


_own = _Own()


def _is_loud(record: logging.LogRecord) -> bool:
    return not _own.calls or record.levelno >= logging.WARNING


@contextlib.contextmanager
def unlogged() -> Iterator[None]:
    """Let libraries log only warnings and errors in this thread, within the context.

    Also works as a decorator: `@unlogged()`.
    """
    # A logger's filter doesn't see the records of its children.
    if _own.known != len(loggers := logging.root.manager.loggerDict):
        for name in [*loggers]:
            if name.partition(".")[0] in _LIBRARIES:
                logging.getLogger(name).addFilter(_is_loud)
        _own.known = len(loggers)
    _own.calls += 1
    try:
        yield
    finally:
        _own.calls -= 1
