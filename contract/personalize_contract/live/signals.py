"""Ctrl-C, SIGTERM and SIGHUP during a live run, which still deletes the resources it created."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

from personalize_contract.live.retry import Notify

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Turns these signals into a `KeyboardInterrupt`, at a moment when it does no harm.

    During a call the interrupt is held back, since the resource that the call creates would be
    lost. During the teardown the first signal is answered with a notice, and the second one ends
    it. Use as a context manager, in the main thread; elsewhere it does nothing.

    Args:
        notify: the callback for the notice.
    """

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._previous: dict[int, Any] = {}
        self._is_held = self._is_pending = self._warns_first = False

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                # SIGHUP stays ignored under nohup.
                if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                    self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, *_: object) -> None:
        if self._warns_first:
            self._warns_first = False
            self._notify("deleting the resources of this run; interrupt again to leave them")
        elif self._is_held:
            self._is_pending = True
        else:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Delay an interrupt until the end of the context."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
            if self._is_pending:
                self._is_pending = False
                raise KeyboardInterrupt

    def begin_teardown(self) -> None:
        """Answer the next interrupt with a notice only."""
        self._warns_first = True
