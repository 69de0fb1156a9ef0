"""What is asked again, and for how long: whatever passes by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from personalize_contract import clock
from personalize_contract.model.failures import ACCESS_DENIED, Trouble

PATIENCE = 120.0
"""Seconds that one run waits at most for each thing that passes."""

Tell = Callable[[str], None]
"""Takes a line about what is waited for."""

T = TypeVar("T")


def pauses(first: float = 1.0, longest: float = 15.0) -> Iterator[float]:
    """Seconds to wait before each next attempt: ever longer, up to the longest."""
    while True:
        yield first
        first = min(first * 2, longest)


class Patience:
    """Waits for what passes by itself: throttling, and the denials that a new role begins with.

    Args:
        tell: told what is waited for.
        sleep: waits for a number of seconds.
        now: seconds on a clock that is never set back.
    """

    def __init__(
        self,
        tell: Tell,
        sleep: Callable[[float], None] = clock.sleep,
        now: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._tell, self._sleep, self._now = tell, sleep, now
        self._left: dict[str, float] = {}
        self._let_in: set[str] = set()
        self.notes: list[str] = []
        """What was waited for, and how that ended."""

    def ask(self, what: str, ask: Callable[[], T], trouble_in: Callable[[T], Trouble | None]) -> T:
        """The answer to a question that is asked again while something passes.

        The time counts that each attempt takes: an answer that hangs is waited for as well.

        Args:
            what: the operation; a role that was let in to it once is not new any more.
            ask: asks.
            trouble_in: the trouble that an answer is about.
        """
        began, met = self._now(), ""
        for pause in pauses():
            asked = self._now()
            answer = ask()
            trouble = trouble_in(answer)
            waited = f"{asked - began:.0f} s"
            if trouble is None:
                self._let_in.add(what)
                if met:
                    self._note(f"{what}: {met} passed after {waited}")
                return answer
            name = trouble.name
            left = self._left.get(name, PATIENCE) - (self._now() - asked)
            self._left[name] = left
            known = trouble is ACCESS_DENIED and what in self._let_in
            if not trouble.transient or known or left <= 0:
                if met:
                    self._note(f"{what}: {met} did not pass in {waited}")
                return answer
            met = trouble.brief or name
            pause = min(pause, left)
            self._tell(f"{what}: {met}; trying again in {pause:.0f} s, for {left:.0f} s at most")
            self._left[name] = left - pause
            self._sleep(pause)
        raise AssertionError("pauses never end")

    def _note(self, note: str) -> None:
        self.notes.append(note)
        self._tell(note)
