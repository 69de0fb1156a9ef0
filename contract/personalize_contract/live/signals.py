"""Ctrl-C, SIGTERM and SIGHUP during a live run: what it made is taken down before it ends."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

from personalize_contract.live.retry import Tell

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Turns each of these signals into one `KeyboardInterrupt`, at a moment when it does no harm.

    While a call is under way it waits: what the call makes would not be known. While things are
    taken down, the first signal is answered with a sentence, and only the second ends that.
    Use as a context manager, in the main thread; in another one it does nothing.

    Args:
        tell: told the sentence.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._before: dict[int, Any] = {}
        self._held = self._waiting = self._warn = False

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                # What nohup had ignored stays so.
                if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _arrived(self, *_: object) -> None:
        if self._warn:
            self._warn = False
            self._tell("taking down what was made; interrupt again to leave it there")
        elif self._held:
            self._waiting = True
        else:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """An interrupt that comes meanwhile comes at the end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            if self._waiting:
                self._waiting = False
                raise KeyboardInterrupt

    def taking_down(self) -> None:
        """From now on the first interrupt is only answered."""
        self._warn = True
