"""Faults between a client and a target, which a test asks for by `fail_next`.

An error code and a status are answers, given in the place of the target's own. The others are
about the wire: they are raised as `Interrupted`, and whatever stands between the client and the
target (an interceptor in this process, or a socket) shows the client what its wire would have
shown.

| fault    | sent?   | the client                                    |
| -------- | ------- | --------------------------------------------- |
| a code   | no      | gets that error                               |
| a status | no      | gets that status without a code               |
| timeout  | no      | waits for an answer that does not come        |
| reset    | no      | loses the connection before an answer         |
| truncate | yes     | loses the connection in the middle of one     |
| slow     | yes     | gets the answer late, or gives up before that |
"""

from __future__ import annotations

import difflib
import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast, get_args

from personalize_contract.errors import UsageError
from personalize_contract.model import contract
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.model.interruption import FAULT, FaultKind, Interrupted
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.service import core
from personalize_contract.targets.base import Target

# AWS "Common Errors", in the newer of its two generations.
_COMMON = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "IncompleteSignature": 403,
    "InternalFailure": 500,
    "MalformedHttpRequestException": 400,
    "NotAuthorized": 401,
    "OptInRequired": 403,
    "RequestAbortedException": 400,
    "RequestEntityTooLargeException": 413,
    "RequestExpired": 400,
    "RequestTimeoutException": 408,
    "ServiceUnavailable": 503,
    "ThrottlingException": 400,
    "UnrecognizedClientException": 403,
    "UnknownOperationException": 404,
    "ValidationError": 400,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request.

    Args:
        instead: the answer that is given in the place of the service's; None for its own.
        wire: what happens on the wire; None if nothing does.
        seconds: that a slow answer takes.
    """

    instead: Response | None = None
    wire: FaultKind | None = None
    seconds: float = 0.0

    @property
    def is_sent(self) -> bool:
        """Whether the target gets the request, although the client may never know."""
        return self.wire in ("truncate", "slow")

    @property
    def is_lost(self) -> bool:
        """Whether no whole answer reaches the client."""
        return self.wire in ("timeout", "reset", "truncate")


def fault(error: str | int | None, slow: float | None) -> Fault:
    """The fault that `fail_next` was asked for.

    Raises:
        UsageError: there is no such fault.
    """
    if (error is None) == (slow is None):
        raise UsageError(
            'fail_next needs one fault: fail_next("ThrottlingException"), fail_next(503), '
            'fail_next("timeout"), fail_next(slow=2.5)'
        )
    if slow is not None:
        if not isinstance(slow, int | float) or not 0 <= slow < math.inf:
            raise UsageError(f"fail_next(slow={slow!r}): the seconds that an answer takes")
        return Fault(wire="slow", seconds=slow)
    if isinstance(error, int):
        if not 400 <= error <= 599:
            raise UsageError(f"fail_next({error}): a failure has a status from 400 to 599")
        return Fault(core.response(error, b""))
    if error in get_args(FaultKind) and error != "slow":
        return Fault(wire=cast(FaultKind, error))
    return Fault(_error(str(error)))


def _error(code: str) -> Response:
    statuses = _COMMON | {
        code: status
        for name in contract.operations()
        for code, status in contract.load(name).errors.items()
    }
    if code not in statuses:
        near = difflib.get_close_matches(code, [*statuses, *get_args(FaultKind)], n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"fail_next({code!r}): no error has this code. {hint}It takes the codes of the "
            "operation's page and of AWS's Common Errors, a status such as 503, "
            '"timeout", "reset", "truncate", or slow=seconds'
        )
    status = statuses[code]
    return core.error(status, code, "injected by fail_next")


def parse(text: str) -> tuple[str | int | None, int, float | None]:
    """Return the arguments of `fail_next` that a text stands for: `FAULT[:TIMES]`.

    Args:
        text: a code, a status, `timeout`, `reset`, `truncate` or `slow=SECONDS`; and how many
            requests fail, 1 if that is not said.

    Raises:
        UsageError: it is no such text.
    """
    name, colon, times = text.partition(":")
    try:
        count = int(times) if colon else 1
        if name.startswith("slow="):
            return None, count, float(name.removeprefix("slow="))
    except ValueError:
        raise UsageError(
            f"fault {text!r}: write it as FAULT[:TIMES], for example 503:2, "
            "ThrottlingException, timeout or slow=2.5"
        ) from None
    return (int(name) if name.isdecimal() else name), count, None


class FaultInjector:
    """A target whose next answers can be made to fail. Any thread may call it.

    Lives as long as the test that asks for the faults. What it wraps never learns of those that
    are not sent: a recorder records no fault.

    Args:
        inner: the target that answers when no fault is waiting.
        log: takes each exchange, in order. Where no whole answer reached the client, the
            response has the status 0, and its reason says why: `timeout`, `reset` or `truncate`.
    """

    def __init__(
        self, inner: Target, log: Callable[[Exchange], object] = lambda exchange: None
    ) -> None:
        self._inner, self._log = inner, log
        self._lock = threading.Lock()
        self._faults: deque[Fault] = deque()

    def fail_next(
        self, error: str | int | None = None, times: int = 1, *, slow: float | None = None
    ) -> None:
        """Make the next requests fail; those after them are answered as ever.

        Each attempt of an SDK's retries is a request. Asked for again, it is another failure,
        after those asked for before.

        Args:
            error: an error code such as `"ThrottlingException"`, a status from 400 to 599,
                `"timeout"`, `"reset"` or `"truncate"`.
            times: how many requests.
            slow: seconds that a right answer takes; instead of an error.

        Raises:
            UsageError: there is no such failure.
        """
        if not isinstance(times, int) or times < 1:
            raise UsageError(f"fail_next(times={times!r}): how many requests fail, at least 1")
        with self._lock:
            self._faults.extend([fault(error, slow)] * times)

    def fail_as(self, text: str) -> None:
        """Make the next requests fail, as `parse` reads it."""
        error, times, slow = parse(text)
        self.fail_next(error, times, slow=slow)

    @property
    def waiting(self) -> int:
        """The number of failures that were asked for and have not happened yet."""
        with self._lock:
            return len(self._faults)

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the exchange of a request, unless a fault interrupts it.

        Raises:
            Interrupted: a fault lies on the way of the answer.
        """
        with self._lock:
            waiting = self._faults.popleft() if self._faults else None
        if waiting is None:
            exchange = self._inner.answer(request)
        else:
            exchange = self._faulty(request, waiting)
        self._log(exchange)
        if waiting and waiting.wire:
            late = exchange if waiting.wire == "slow" else None
            raise Interrupted(waiting.wire, late, waiting.seconds)
        return exchange

    def _faulty(self, request: ParsedRequest, waiting: Fault) -> Exchange:
        """The exchange that a fault makes; the target takes part where the fault lets it."""
        response, answered_by = waiting.instead, FAULT
        if waiting.is_sent:
            inner = self._inner.answer(request)
            response, answered_by = inner.response, inner.answered_by
        if response is None or waiting.is_lost:
            response = Response(0, waiting.wire or "", {}, b"")
        return Exchange(request, response, answered_by)
