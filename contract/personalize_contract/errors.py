"""Every error that this package raises on purpose.

    PersonalizeContractError
    ├── UsageError              the call can't be carried out as it was written
    ├── TargetUnavailable       the target could not be asked: network, TLS, credentials
    │   └── NoAnswer            it was asked, and no whole HTTP answer came back
    │       └── TimedOut        in time, that is
    ├── ControlPlaneRefused     the control plane answered a call with an error
    ├── CassetteError           a cassette can't be read, or can't be written
    │   ├── CassetteMissing     there is no such cassette
    │   └── CassetteLocked      another recording of it is under way
    ├── NetworkRefused          a marked test tried to connect to somewhere else
    ├── TooLate                 the test that sent a request had ended
    ├── ContractBroken          arguments that were checked break clauses of the contract
    ├── SecretFound             something that looks like a secret was about to be written
    └── Miss                    no recorded exchange answers this request

Each message says what happened, where, and what to do. A broken clause of a marked test is no
error but a `personalize_contract.model.checker.Violation`; only `check` raises.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_guards: list[Callable[[str], str]] = []


def guard_messages(guard: Callable[[str], str]) -> None:
    """Have each message of an error pass a function before anybody reads it.

    Whoever shows an error, a test's traceback or a log, then shows no secret: `privacy.display`
    is on a higher floor, and puts itself here.
    """
    _guards[:] = [guard]


class PersonalizeContractError(Exception):
    """Base of all errors raised on purpose by this package."""

    def __str__(self) -> str:
        """Return the message as it may be shown."""
        message = super().__str__()
        for guard in _guards:
            message = guard(message)
        return message


class UsageError(PersonalizeContractError):
    """The command, option or mark can't be carried out as it was written."""


class TargetUnavailable(PersonalizeContractError):
    """The target could not be asked. Says nothing about the contract."""


class NoAnswer(TargetUnavailable):
    """The request was sent and no whole HTTP answer came back (reset, time-out, truncated)."""


class TimedOut(NoAnswer):
    """The request was sent and no whole HTTP answer came back in time."""


class ControlPlaneRefused(PersonalizeContractError):
    """The control plane of Personalize answered a call with an error.

    Args:
        operation: as `CreateDataset`.
        code: of the error.
        reason: the service's own words.
    """

    def __init__(self, operation: str, code: str, reason: str) -> None:
        self.code = code
        super().__init__(f"{operation} was refused: {code}: {reason}")


class CassetteError(PersonalizeContractError):
    """A cassette that can't be read or written.

    Args:
        path: the cassette.
        reason: what is wrong with it, and what to do.
        line: the line it was found on, from 1; None where no line applies.
    """

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        self.path, self.reason, self.line = path, reason, line
        super().__init__(f"{path}{f':{line}' if line else ''}: {reason}")


class CassetteMissing(CassetteError):
    """There is no cassette at this path."""


class CassetteLocked(CassetteError):
    """Another process or test is recording this cassette."""


class NetworkRefused(PersonalizeContractError):
    """A marked test tried to connect to a host that it may not connect to."""


class TooLate(PersonalizeContractError):
    """A thread or task that a test left running sent a request, or was answered, after its end."""


class ContractBroken(PersonalizeContractError):
    """Arguments that were checked break clauses of the contract; the message names each."""


class SecretFound(PersonalizeContractError):
    """A secret was about to be written. Nothing was written; the message says where, not what."""


class Miss(PersonalizeContractError):
    """No recorded exchange answers this request. The message shows the nearest one."""
