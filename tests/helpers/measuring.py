"""The fixture `unmeasured`, for tests of services rather than of this project's code."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def unmeasured() -> Iterator[None]:
    """Turn off coverage, here and in child processes: it slows down hundreds of suite runs."""
    tracing = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_START", raising=False)
        yield
    sys.settrace(tracing[0])
    if tracing[1]:
        threading.settrace(tracing[1])
