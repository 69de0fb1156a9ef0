"""What goes wrong between a client and the service because a test asked for it: `fail_next`.

An error code and a status are answers, given in the place of the service's own. The others are
about the wire: they are raised as `Interrupted`, and whatever stands between the client and the
service (a door in this process, or a socket) shows the client what its wire would have shown.

| fault    | stored? | the client                                    |
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
from dataclasses import dataclass
from typing import Literal, cast, get_args

from personalize_contract.errors import UsageError
from personalize_contract.model import contract
from personalize_contract.model.exchange import Response
from personalize_contract.service import core

Wire = Literal["timeout", "reset", "truncate", "slow"]

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


class Interrupted(Exception):
    """The client gets no whole answer, or gets it late.

    Args:
        how: what happens to it on the wire.
        response: the service's answer; None if it never took the request.
        seconds: that a slow answer takes.
    """

    def __init__(self, how: Wire, response: Response | None = None, seconds: float = 0.0) -> None:
        super().__init__(f"made to happen by fail_next: {how}")
        self.how, self.response, self.seconds = how, response, seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request.

    Args:
        instead: the answer that is given in the place of the service's; None for its own.
        wire: what happens on the wire; None if nothing does.
        seconds: that a slow answer takes.
    """

    instead: Response | None = None
    wire: Wire | None = None
    seconds: float = 0.0

    @property
    def is_stored(self) -> bool:
        """Whether the service does what was asked for, although the client may not know."""
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
    if error in get_args(Wire) and error != "slow":
        return Fault(wire=cast(Wire, error))
    return Fault(_error(str(error)))


def _error(code: str) -> Response:
    statuses = _COMMON | {
        code: status
        for name in contract.operations()
        for code, status in contract.load(name).errors.items()
    }
    if code not in statuses:
        near = difflib.get_close_matches(code, [*statuses, *get_args(Wire)], n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(
            f"fail_next({code!r}): no error has this code. {hint}It takes the codes of the "
            "operation's page and of AWS's Common Errors, a status such as 503, "
            '"timeout", "reset", "truncate", or slow=seconds'
        )
    status = statuses[code]
    return core.error(status, code, "made to happen by fail_next")
