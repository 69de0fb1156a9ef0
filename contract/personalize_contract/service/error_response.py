"""The response that tells a client over HTTP of an error of this package.

None of these is one that the service could have given, and none but those of an unreachable target
is one that an SDK tries again.
"""

from __future__ import annotations

from personalize_contract.errors import (
    Miss,
    PersonalizeContractError,
    TargetUnavailable,
    TimedOut,
)
from personalize_contract.model.exchange import Response
from personalize_contract.service import core

_STATUSES: tuple[tuple[type[PersonalizeContractError], int], ...] = (
    (Miss, 421),
    (TimedOut, 504),
    (TargetUnavailable, 502),
    (PersonalizeContractError, 403),
)


def of(error: PersonalizeContractError) -> Response:
    """Return the response to a request that an error leaves without an answer."""
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    return core.error(status, type(error).__name__, str(error))
