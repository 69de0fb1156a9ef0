"""Every error that this package raises on purpose.

    PersonalizeContractError
    ├── UsageError              a command, option, mark or call is used wrongly
    │   └── StateNotDeclared    no dataset is declared to be in the state that a test asks for
    ├── TargetUnavailable       the target can't be reached: network, TLS, credentials
    │   └── NoAnswer            the request was sent, but no complete HTTP response came back
    │       ├── TimedOut        the response did not come in time
    │       └── Reset           the connection was reset before it came
    ├── ControlPlaneRefused     the control plane answered a call with an error
    ├── CassetteError           a cassette can't be read or written
    │   ├── CassetteMissing     there is no such cassette
    │   └── CassetteLocked      another recording of it is in progress
    ├── NetworkRefused          a marked test tried to connect to another host
    ├── TooLate                 a request was sent after the end of its test
    ├── ContractBroken          the arguments given to `check` break clauses of the contract
    ├── SecretFound             a value that looks like a secret was about to be written
    └── Miss                    no recorded exchange answers this request

Each message names the problem, its place and the remedy. A broken clause in a marked test is a
`personalize_contract.model.checker.Violation` and not an error; only `check` raises one.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from pathlib import Path
from typing import Any

_guards: list[Callable[[str], str]] = []


def guard_messages(guard: Callable[[str], str]) -> None:
    """Register the filter that every error message passes through.

    It keeps secrets out of tracebacks and logs. `privacy.display`, a layer above, registers itself.
    """
    _guards[:] = [guard]


class PersonalizeContractError(Exception):
    """Base class of all errors that this package raises on purpose."""

    def __str__(self) -> str:
        """Return the message with accounts and secrets masked."""
        message = super().__str__()
        for guard in _guards:
            message = guard(message)
        return message

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle message and attributes, for child processes that pass their errors on.

        By default, unpickling calls `__init__` with the message alone.
        """
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class UsageError(PersonalizeContractError):
    """A command, option, mark or call is used wrongly."""


class StateNotDeclared(UsageError):
    """No dataset, or tracker, is declared to be in the state that a test asks for."""


class TargetUnavailable(PersonalizeContractError):
    """The target can't be reached. Says nothing about the contract."""


class NoAnswer(TargetUnavailable):
    """The request was sent, but no complete HTTP response came back: reset, time-out, cut."""


class TimedOut(NoAnswer):
    """The request was sent, but no complete HTTP response came back in time."""


class Reset(NoAnswer):
    """The request was sent, but the connection was reset before a complete response came back."""


class ControlPlaneRefused(PersonalizeContractError):
    """The control plane of Personalize answered a call with an error.

    Args:
        operation: the operation called, as `CreateDataset`.
        code: the error code.
        reason: the service's error message.
    """

    def __init__(self, operation: str, code: str, reason: str) -> None:
        self.code = code
        super().__init__(f"{operation} failed: {code}: {reason}")


class CassetteError(PersonalizeContractError):
    """A cassette can't be read or written.

    Args:
        path: the cassette.
        reason: the problem and its remedy.
        line: the number of the line with the problem, from 1; None if no line applies.
    """

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        self.path, self.reason, self.line = path, reason, line
        super().__init__(f"{path}{f':{line}' if line else ''}: {reason}")


class CassetteMissing(CassetteError):
    """There is no cassette at this path."""


class CassetteLocked(CassetteError):
    """Another process or test is recording this cassette."""


class NetworkRefused(PersonalizeContractError):
    """A marked test tried to connect to a host that is not allowed.

    Args:
        host: the name or address of the host.
        reason: the reason for the refusal, and its remedy.
        call: the AWS call that was being sent, as `S3 PutObject`; `""` if unknown.
    """

    def __init__(self, host: str, reason: str, call: str = "") -> None:
        self.host, self.call = host, call
        message = f"a test marked personalize_contract may not connect to {host}: {reason}"
        super().__init__(f"{call}: {message}" if call else message)


class TooLate(PersonalizeContractError):
    """A thread or task left running by a test sent a request, or got its answer, after the end."""


class ContractBroken(PersonalizeContractError):
    """The arguments given to `check` break clauses of the contract; the message names each."""


class SecretFound(PersonalizeContractError):
    """A secret was about to be written. Nothing was written; the message names only the place."""


class Miss(PersonalizeContractError):
    """No recorded exchange answers this request. The message shows the nearest one.

    Args:
        text: the message.
        report: the message for reports, without item properties; `""` if it is the same.
    """

    def __init__(self, text: str, report: str = "") -> None:
        self.report = report or text
        super().__init__(text)
