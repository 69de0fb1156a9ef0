"""Record, replay and verify the contract of Amazon Personalize's PutItems.

These names are for tests: the types of the pytest fixtures, the HTTP messages that they return, and
the errors that code under test may meet. Everything else is internal. A name is imported on first
use, so that the installed package costs a pytest run nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_contract.errors import (
        CassetteError,
        ContractBroken,
        Miss,
        NetworkRefused,
        PersonalizeContractError,
        SecretFound,
        TargetUnavailable,
        UsageError,
    )
    from personalize_contract.feedback.check import check
    from personalize_contract.model.datasets import Datasets, Trackers
    from personalize_contract.model.exchange import Exchange, Request, Response
    from personalize_contract.plugin.service import Service

_HOMES = {
    "feedback.check": ("check",),
    "model.datasets": ("Datasets", "Trackers"),
    "errors": (
        "CassetteError",
        "ContractBroken",
        "Miss",
        "NetworkRefused",
        "PersonalizeContractError",
        "SecretFound",
        "TargetUnavailable",
        "UsageError",
    ),
    "model.exchange": ("Exchange", "Request", "Response"),
    "plugin.service": ("Service",),
}

__all__ = [
    "CassetteError",
    "ContractBroken",
    "Datasets",
    "Exchange",
    "Miss",
    "NetworkRefused",
    "PersonalizeContractError",
    "Request",
    "Response",
    "SecretFound",
    "Service",
    "TargetUnavailable",
    "Trackers",
    "UsageError",
    "check",
]


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"personalize_contract.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
