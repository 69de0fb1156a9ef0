"""Datasets and trackers, named by their state in the suite and in cassettes.

A dataset is `active` (200), `in-use` (409) or `missing` (404), and so is the tracker of an
operation whose page documents these. Offline, each state has one fixed dummy; against a live
service the caller declares the state of each real ARN or tracking id. Real ARNs are never recorded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Literal, get_args

from personalize_contract.errors import StateNotDeclared, UsageError

State = Literal["active", "in-use", "missing"]
STATES: tuple[State, ...] = get_args(State)

ACCOUNT = "000000000000"
"""Replaces every account id; 12 digits, so that lengths survive."""

REGION = "us-east-1"
"""The region of the dummy ARNs, and of clients without a region."""

PREFIX = "personalize-contract-"
"""Prefix of every resource that a live run creates, and of the id of every item that it puts."""

DUMMY_ACCESS_KEY = "personalize-contract"
DUMMY_SECRET_KEY = "personalize-contract-dummy-secret"  # noqa: S105 - it grants no access
"""Credentials that the reference service accepts, and that grant access to nothing."""

_TYPES = ("ITEMS", "USERS", "ACTIONS", "tracker")


TRACKER = "tracker"
"""The resource type of an event tracker, beside the types of datasets."""


def dummies(resource_type: str = "ITEMS") -> Mapping[State, str]:
    """Return the dummy ARN, or tracking id, of each state, for cassettes and offline tests.

    Args:
        resource_type: the last part of the ARNs, or `tracker`.
    """
    if resource_type == TRACKER:
        return {state: f"contract-{state}-tracker" for state in STATES}
    return {
        state: f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset/contract-{state}/{resource_type}"
        for state in STATES
    }


def type_of(name: str) -> str:
    """Return the type of a resource from its ARN or tracking id."""
    return name.rpartition("/")[2] if name.startswith("arn:") else TRACKER


def stand_ins(arns: Mapping[str, State], *, numbered: bool = True) -> dict[str, str]:
    """Return the dummy that replaces each real ARN in recordings.

    The first dataset of a state and type gets the plain dummy, the others a numbered one.

    Args:
        arns: ARN to state, in the order of declaration.
        numbered: False to give all of one state the plain dummy, as in older cassettes.
    """
    dummy_of: dict[str, str] = {}
    count: Counter[str] = Counter()
    for arn, state in arns.items():
        resource_type = type_of(arn)
        dummy = dummies(resource_type if resource_type in _TYPES else "ITEMS")[state]
        count[dummy] += 1
        number = f"-{count[dummy]}" if numbered and count[dummy] > 1 else ""
        dummy_of[arn] = dummy.replace(f"contract-{state}", f"contract-{state}{number}")
    return dummy_of


DUMMY = dummies()
"""The dummy ARNs of Items datasets."""

DUMMY_TRACKERS = dummies(TRACKER)
"""The dummy tracking ids."""

_PATTERN = re.compile(
    r"arn:([a-z\d-]+):personalize:.*:.*:.+|(?=.{8})[A-Za-z\d]+(?:-[A-Za-z\d]+)+", re.ASCII
)
"""An ARN of Personalize, or a tracking id."""


def parse(values: Iterable[str], *, default: State | None = None) -> dict[str, State]:
    """Parse `ARN=STATE` option values into a mapping of ARN, or tracking id, to state.

    Args:
        values: option values, as `["arn:aws:personalize:eu-west-1:...:dataset/shop/ITEMS=active"]`.
        default: the state of an ARN without `=STATE`; None to require one.

    Raises:
        UsageError: a value has no known state, or is neither the ARN of a Personalize resource nor
            a tracking id.
    """
    states: dict[str, State] = {}
    for value in values:
        arn, equals, state = value.rpartition("=")
        if not equals and default:
            arn, state = value, default
        if state not in STATES or (not equals and not default):
            raise UsageError(
                f"{value!r} is not ARN=STATE; write one of {', '.join(STATES)} for STATE"
            )
        if not _PATTERN.fullmatch(arn) or len(arn) > 256:
            raise UsageError(
                f"{arn!r} is not a Personalize ARN; write one such as {DUMMY['active']}"
            )
        states[arn] = state
    return states


def share_a_state(arns: Mapping[str, State]) -> bool:
    """Return whether several of these datasets have the same state and type."""
    return len(set(stand_ins(arns, numbered=False).values())) < len(arns)


def by_state(arns: Mapping[str, State], *, trackers: bool | None = None) -> dict[State, str]:
    """Return the first ARN or tracking id of each state.

    Args:
        arns: ARN, or tracking id, to state.
        trackers: True for trackers only, False for datasets only, None for both.
    """
    first: dict[State, str] = {}
    for arn, state in arns.items():
        if trackers is None or trackers == (type_of(arn) == TRACKER):
            first.setdefault(state, arn)
    return first


class Datasets(SimpleNamespace):
    """The dataset ARN of each state: a dummy, or the declared one against a live service."""

    active: str
    in_use: str
    missing: str
    _noun, _name = "dataset", "ARN"

    def __repr__(self) -> str:
        """Return the form that pytest shows beside a failure, without account ids."""
        return re.sub(r"(?<=:)\d{12}(?=:)", ACCOUNT, super().__repr__())

    def __getattr__(self, name: str) -> str:
        if (state := name.replace("_", "-")) in STATES:
            raise StateNotDeclared(
                f"no {self._noun} is declared as {state}: "
                f"add --personalize-dataset {self._name}={state}"
            )
        names = ", ".join(state.replace("-", "_") for state in STATES)
        raise AttributeError(f"{name!r} is not a state of a {self._noun}; use one of {names}")


class Trackers(Datasets):
    """The tracking id of each state: a dummy, or the declared one against a live service."""

    _noun, _name = "tracker", "TRACKING_ID"
