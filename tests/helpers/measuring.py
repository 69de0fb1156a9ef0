"""The fixture `unmeasured`: for what shows that a service is wrong, not that our code is run."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def unmeasured() -> Iterator[None]:
    """No coverage meanwhile, here or in a process: a suite run hundreds of times takes minutes."""
    tracing = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_START", raising=False)
        yield
    sys.settrace(tracing[0])
    if tracing[1]:
        threading.settrace(tracing[1])
