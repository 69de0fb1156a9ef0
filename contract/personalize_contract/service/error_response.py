"""Responses that report an error of this package to an HTTP client.

The service itself gives none of them, and SDKs retry only those for an unreachable target.
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
    """Return the response to a request that failed with an error."""
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    return core.error(status, type(error).__name__, str(error))
