"""Faults between a client and a target, injected by `fail_next`.

An error code or a status replaces the target's response. The other faults are raised as
`Interrupted`, which the interceptor or the HTTP server turns into the failure that the client would
see on a network.

| fault    | reaches the target | the client                                          |
| -------- | ------------------ | --------------------------------------------------- |
| a code   | no                 | gets that error                                     |
| a status | no                 | gets that status, without an error code             |
| timeout  | no                 | gets no response, and times out                     |
| reset    | no                 | loses the connection before the response            |
| truncate | yes                | loses the connection in the middle of the response  |
| slow     | yes                | gets the response late, or times out before that    |
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

# AWS "Common Errors", the newer of its two lists.
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
    """A fault for one request.

    Args:
        instead: the response that replaces the service's; None for its own.
        wire: the failure of the connection; None for none.
        seconds: the delay of a slow response.
    """

    instead: Response | None = None
    wire: FaultKind | None = None
    seconds: float = 0.0

    @property
    def is_sent(self) -> bool:
        """True if the request reaches the target, whether or not the client gets the response."""
        return self.wire in ("truncate", "slow")

    @property
    def is_lost(self) -> bool:
        """True if the client gets no complete response."""
        return self.wire in ("timeout", "reset", "truncate")


def fault(error: str | int | None, slow: float | None) -> Fault:
    """Return the fault for the arguments of `fail_next`.

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
            raise UsageError(f"fail_next(slow={slow!r}): give the delay in seconds, at least 0")
        return Fault(wire="slow", seconds=slow)
    if isinstance(error, int):
        if not 400 <= error <= 599:
            raise UsageError(f"fail_next({error}): use a status from 400 to 599")
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
        hint = f"; did you mean {near[0]}?" if near else "."
        raise UsageError(
            f"fail_next({code!r}): unknown error code{hint} Use a code from the operation's page "
            "or from AWS's Common Errors, a status such as 503, "
            '"timeout", "reset", "truncate", or slow=seconds'
        )
    status = statuses[code]
    return core.error(status, code, "injected by fail_next")


def parse(text: str) -> tuple[str | int | None, int, float | None]:
    """Parse a fault written as `FAULT[:TIMES]` into the arguments of `fail_next`.

    Args:
        text: a code, a status, `timeout`, `reset`, `truncate` or `slow=SECONDS`, followed by the
            number of requests that fail, by default 1.

    Raises:
        UsageError: it is not in this form.
    """
    name, colon, times = text.partition(":")
    try:
        count = int(times) if colon else 1
        if name.startswith("slow="):
            return None, count, float(name.removeprefix("slow="))
    except ValueError:
        raise UsageError(
            f"fault {text!r}: write FAULT[:TIMES], for example 503:2, "
            "ThrottlingException, timeout or slow=2.5"
        ) from None
    return (int(name) if name.isdecimal() else name), count, None


class FaultInjector:
    """A target whose next requests can be made to fail. Thread-safe.

    It exists for one test. The inner target never sees a fault, so a recorder records none.

    Args:
        inner: the target that answers when no fault is pending.
        log: callback for each exchange, in order. A response that the client did not get
            completely has the status 0, and the reason `timeout`, `reset` or `truncate`.
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
        """Make the next requests fail; later ones are answered as usual.

        Each retry of an SDK counts as a request. Further calls queue their failures after the
        pending ones.

        Args:
            error: an error code such as `"ThrottlingException"`, a status from 400 to 599,
                `"timeout"`, `"reset"` or `"truncate"`.
            times: the number of requests.
            slow: the delay of a correct response in seconds, instead of an error.

        Raises:
            UsageError: there is no such fault.
        """
        if not isinstance(times, int) or times < 1:
            raise UsageError(f"fail_next(times={times!r}): give the number of requests, at least 1")
        with self._lock:
            self._faults.extend([fault(error, slow)] * times)

    def fail_as(self, text: str) -> None:
        """Make the next requests fail, given a fault in the form of `parse`."""
        error, times, slow = parse(text)
        self.fail_next(error, times, slow=slow)

    @property
    def waiting(self) -> int:
        """The number of pending failures."""
        with self._lock:
            return len(self._faults)

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the exchange of a request, unless a fault interrupts it.

        Raises:
            Interrupted: the client gets no complete response, or a late one.
        """
        with self._lock:
            pending = self._faults.popleft() if self._faults else None
        if pending is None:
            exchange = self._inner.answer(request)
        else:
            exchange = self._faulty(request, pending)
        self._log(exchange)
        if pending and pending.wire:
            late = exchange if pending.wire == "slow" else None
            raise Interrupted(pending.wire, late, pending.seconds)
        return exchange

    def _faulty(self, request: ParsedRequest, pending: Fault) -> Exchange:
        """Return the exchange under a fault, with the target's response if the request is sent."""
        response, answered_by = pending.instead, FAULT
        if pending.is_sent:
            inner = self._inner.answer(request)
            response, answered_by = inner.response, inner.answered_by
        if response is None or pending.is_lost:
            response = Response(0, pending.wire or "", {}, b"")
        return Exchange(request, response, answered_by)
