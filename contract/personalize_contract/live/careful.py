"""How an account is asked: slowly, patiently, and for nothing that its owner would not know.

Items can't be deleted, and the account is somebody's. So each request waits for its turn, what
passes by itself is waited for, and what would write anything else than items with our prefix into
a dataset that was given for it is not sent at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from personalize_contract import contract, environment, strictjson
from personalize_contract.datasets import PREFIX
from personalize_contract.environment import ACCESS_DENIED, Trouble
from personalize_contract.errors import UsageError
from personalize_contract.exchange import Exchange, Request
from personalize_contract.targets import Target

INTERVAL = 0.125
"""Seconds between two requests: the quota is 10 a second for each dataset group."""

PATIENCE = 120.0
"""Seconds that one run waits at most for each thing that passes."""

Tell = Callable[[str], None]
"""Takes a line about what is waited for."""

T = TypeVar("T")


class Pace:
    """Gives turns, at most one every `INTERVAL` seconds. Any thread may ask for one.

    Args:
        sleep: waits for a number of seconds.
        now: seconds on a clock that is never set back.
        sharers: how many processes ask the same service; each gets its share of the turns.
    """

    def __init__(
        self,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        sharers: int = 1,
    ) -> None:
        self._sleep, self._now, self._interval = sleep, now, INTERVAL * sharers
        self._lock = threading.Lock()
        self._next = 0.0

    def turn(self) -> None:
        """Wait for the next turn."""
        with self._lock:
            now = self._now()
            turn = max(now, self._next)
            self._next = turn + self._interval
        self._sleep(turn - now)


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
    """

    def __init__(self, tell: Tell, sleep: Callable[[float], None] = time.sleep) -> None:
        self._tell, self._sleep = tell, sleep
        self._left: dict[str, float] = {}
        self._let_in: set[str] = set()
        self.notes: list[str] = []
        """What was waited for, and how that ended."""

    def ask(self, what: str, ask: Callable[[], T], trouble_in: Callable[[T], Trouble | None]) -> T:
        """The answer to a question that is asked again while something passes.

        Args:
            what: the operation; a role that was let in to it once is not new any more.
            ask: asks.
            trouble_in: the trouble that an answer is about.
        """
        waited, met = 0.0, ""
        for pause in pauses():
            answer = ask()
            trouble = trouble_in(answer)
            if trouble is None:
                self._let_in.add(what)
                if met:
                    self._note(f"{what}: {met} passed after {waited:g} s")
                return answer
            met = trouble.name
            left = self._left.setdefault(trouble.name, PATIENCE)
            known = trouble is ACCESS_DENIED and what in self._let_in
            if not trouble.passes or known or left <= 0:
                if waited:
                    self._note(f"{what}: {met} did not pass in {waited:g} s")
                return answer
            pause = min(pause, left)
            self._tell(f"{what}: {met}; trying again in {pause:g} s, for {left:g} s at most")
            self._left[trouble.name] = left - pause
            waited += pause
            self._sleep(pause)
        raise AssertionError("pauses never end")

    def _note(self, note: str) -> None:
        self.notes.append(note)
        self._tell(note)


class Careful:
    """A target in somebody's account.

    Args:
        inner: whom to ask.
        pace: turns.
        patience: for what passes.
        account: whose it is.
        datasets: the ARNs that may be written to.
    """

    def __init__(
        self,
        inner: Target,
        pace: Pace,
        patience: Patience,
        account: str,
        datasets: Collection[str],
    ) -> None:
        self._inner, self._pace, self._patience = inner, pace, patience
        self._account, self._datasets = account, tuple(datasets)

    def answer(self, request: Request) -> Exchange:
        """Ask, if that writes nothing that it should not.

        Raises:
            UsageError: it would; nothing was sent.
        """
        operation = contract.at(request.path)
        if operation:
            self._refuse(request, operation)
        name = operation.operation if operation else request.path
        return self._patience.ask(
            name, lambda: self._ask(request), lambda one: environment.in_response(one.response)
        )

    def _ask(self, request: Request) -> Exchange:
        self._pace.turn()
        return self._inner.answer(request)

    def _refuse(self, request: Request, operation: contract.Contract) -> None:
        try:
            body = strictjson.loads(request.body)
        except strictjson.NotJson:
            return
        if not isinstance(body, dict):
            return
        arn = body.get("datasetArn")
        ours = isinstance(arn, str) and arn.split(":")[4:5] == [self._account]
        # The suite makes ARNs longer, which name nothing.
        if ours and not str(arn).startswith(self._datasets):
            raise UsageError(
                "live: this is a dataset of the account that was not given, so nothing was "
                "sent to it: add --dataset ARN=STATE if it may be written to"
            )
        batch = body.get(operation.batch)
        for number, one in enumerate(batch if isinstance(batch, list) else ()):
            name = one.get(operation.identity) if isinstance(one, dict) else None
            if isinstance(name, str) and not name.startswith(PREFIX[: len(name)]):
                raise UsageError(
                    f"live: {operation.batch}[{number}].{operation.identity} does not begin with "
                    f"{PREFIX}, so nothing was sent: what is put can't be deleted, and whoever "
                    "owns the dataset must know it"
                )
