"""The retry policy of live calls: try again after failures that go away by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from personalize_contract import clock
from personalize_contract.model.failures import ACCESS_DENIED, Trouble

MAX_WAIT = 120.0
"""Seconds that one run waits at most for each kind of transient failure."""

Notify = Callable[[str], None]
"""Progress callback: takes a line for the person who watches the run."""

T = TypeVar("T")


def pauses(first: float = 1.0, longest: float = 15.0) -> Iterator[float]:
    """Yield the seconds to wait before each further attempt, doubled up to the longest."""
    while True:
        yield first
        first = min(first * 2, longest)


class RetryPolicy:
    """Retries throttled calls, and those that a new role is denied in its first minute.

    Args:
        notify: the callback for each wait.
        sleep: the function that waits for a number of seconds.
        now: a clock in seconds that never goes back.
    """

    def __init__(
        self,
        notify: Notify,
        sleep: Callable[[float], None] = clock.sleep,
        now: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._notify, self._sleep, self._now = notify, sleep, now
        self._remaining: dict[str, float] = {}
        self._allowed: set[str] = set()
        self.notes: list[str] = []
        """A line for each failure that was waited for, with the outcome."""

    def run(
        self, operation: str, call: Callable[[], T], trouble_in: Callable[[T], Trouble | None]
    ) -> T:
        """Make a call until it has no transient failure; return its last result.

        The duration of each attempt counts as waiting, so a call that hangs uses up the time too.

        Args:
            operation: the name of the operation. A role that was allowed once to call it is not
                new any more, so a later denial is final.
            call: the function that makes one attempt.
            trouble_in: the function that returns the failure that a result reports, or None.
        """
        began, failure = self._now(), ""
        for pause in pauses():
            attempted = self._now()
            result = call()
            trouble = trouble_in(result)
            waited = f"{attempted - began:.0f} s"
            if trouble is None:
                self._allowed.add(operation)
                if failure:
                    self._note(f"{operation}: {failure} passed after {waited}")
                return result
            remaining = self._remaining.get(trouble.name, MAX_WAIT) - (self._now() - attempted)
            self._remaining[trouble.name] = remaining
            is_final = trouble is ACCESS_DENIED and operation in self._allowed
            if not trouble.transient or is_final or remaining <= 0:
                if failure:
                    self._note(f"{operation}: {failure} did not pass in {waited}")
                return result
            failure = trouble.brief or trouble.name
            pause = min(pause, remaining)
            self._notify(
                f"{operation}: {failure}; trying again in {pause:.0f} s, "
                f"for {remaining:.0f} s at most"
            )
            self._remaining[trouble.name] = remaining - pause
            self._sleep(pause)
        raise AssertionError("pauses never end")

    def _note(self, note: str) -> None:
        self.notes.append(note)
        self._notify(note)
