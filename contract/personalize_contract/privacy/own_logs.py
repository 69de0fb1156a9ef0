"""The debug logs of calls made here: none, since libraries log what they sign and send.

botocore writes the session token into the log of a signature, urllib3 the query of each request.
What the code under test sends is logged by its own clients as ever.
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
    """While this lasts, what libraries log in this thread is kept to warnings.

    Also a decorator of functions: `@unlogged()`.
    """
    # A filter of a logger isn't asked about the records of those below it.
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
