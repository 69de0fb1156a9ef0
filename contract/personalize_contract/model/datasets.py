"""Datasets and trackers as the suite and the cassettes name them: by state, never by a real name.

A dataset is `active` (200), `in-use` (409) or `missing` (404), and so is the tracker of an
operation whose page documents these. Offline each state has one fixed dummy; against a live
service the caller says which real ARN, or tracking id, is in which state.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Literal, get_args

from personalize_contract.errors import UsageError

State = Literal["active", "in-use", "missing"]
STATES: tuple[State, ...] = get_args(State)

ACCOUNT = "000000000000"
"""Stands wherever an account id stood: 12 digits, so that lengths survive."""

REGION = "us-east-1"
"""The region of the dummy ARNs, and of a client that was given none."""

PREFIX = "personalize-contract-"
"""Begins the name of everything that a live run makes, and the id of every item that it puts."""

DUMMY_ACCESS_KEY = "personalize-contract"
DUMMY_SECRET_KEY = "personalize-contract-dummy-secret"  # noqa: S105 - it opens nothing
"""Credentials that the reference service knows, and that open nothing."""

_TYPES = ("ITEMS", "USERS", "ACTIONS", "tracker")


TRACKER = "tracker"
"""The type of what events are sent to, beside the types of datasets."""


def dummies(resource_type: str = "ITEMS") -> Mapping[State, str]:
    """The dataset ARN, or tracking id, of each state in cassettes and in every offline test.

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
    """The type of a resource, by its ARN or tracking id."""
    return name.rpartition("/")[2] if name.startswith("arn:") else TRACKER


def stand_ins(arns: Mapping[str, State], *, numbered: bool = True) -> dict[str, str]:
    """Return the dummy ARN that is written for each real one.

    The first dataset of a state and type has the plain dummy, the others a number.

    Args:
        arns: ARN to state, in the order in which they were declared.
        numbered: False to give all of one state the plain dummy, as cassettes had it before.
    """
    written: dict[str, str] = {}
    count: Counter[str] = Counter()
    for arn, state in arns.items():
        resource_type = type_of(arn)
        dummy = dummies(resource_type if resource_type in _TYPES else "ITEMS")[state]
        count[dummy] += 1
        number = f"-{count[dummy]}" if numbered and count[dummy] > 1 else ""
        written[arn] = dummy.replace(f"contract-{state}", f"contract-{state}{number}")
    return written


DUMMY = dummies()
"""The dummy ARNs of Items datasets."""

DUMMY_TRACKERS = dummies(TRACKER)
"""The dummy tracking ids."""

_PATTERN = re.compile(
    r"arn:([a-z\d-]+):personalize:.*:.*:.+|(?=.{8})[A-Za-z\d]+(?:-[A-Za-z\d]+)+", re.ASCII
)
"""An ARN of Personalize, or a tracking id."""


def parse(values: Iterable[str], *, default: State | None = None) -> dict[str, State]:
    """ARN, or tracking id, to state, from `ARN=STATE` texts as options give them.

    Args:
        values: for example `["arn:aws:personalize:eu-west-1:...:dataset/shop/ITEMS=active"]`.
        default: the state of an ARN without `=STATE`; None if it must be said.

    Raises:
        UsageError: no state, an unknown state, or neither the ARN of a Personalize resource nor a
            tracking id.
    """
    found: dict[str, State] = {}
    for value in values:
        arn, equals, state = value.rpartition("=")
        if not equals and default:
            arn, state = value, default
        if state not in STATES or (not equals and not default):
            raise UsageError(
                f"dataset {value!r}: write it as ARN=STATE, where STATE is one of "
                f"{', '.join(STATES)}"
            )
        if not _PATTERN.fullmatch(arn) or len(arn) > 256:
            raise UsageError(
                f"dataset {arn!r} is not an ARN of Personalize; it looks like {DUMMY['active']}"
            )
        found[arn] = state
    return found


def share_a_state(arns: Mapping[str, State]) -> bool:
    """Whether several of these datasets are of one state and type."""
    return len(set(stand_ins(arns, numbered=False).values())) < len(arns)


def by_state(arns: Mapping[str, State], *, trackers: bool | None = None) -> dict[State, str]:
    """State to ARN or tracking id, the first of each state.

    Args:
        arns: ARN, or tracking id, to state.
        trackers: whether trackers are meant, or datasets; None for both.
    """
    found: dict[State, str] = {}
    for arn, state in arns.items():
        if trackers is None or trackers == (type_of(arn) == TRACKER):
            found.setdefault(state, arn)
    return found


class Datasets(SimpleNamespace):
    """The dataset ARN of each state: dummy ones, or against a live service those it was given."""

    active: str
    in_use: str
    missing: str
    _noun, _name = "dataset", "ARN"

    def __repr__(self) -> str:
        """As pytest shows it beside each failure: without an account."""
        return re.sub(r"(?<=:)\d{12}(?=:)", ACCOUNT, super().__repr__())

    def __getattr__(self, name: str) -> str:
        if (state := name.replace("_", "-")) in STATES:
            raise UsageError(
                f"no {self._noun} was given that is {state}: "
                f"add --personalize-dataset {self._name}={state}"
            )
        names = ", ".join(state.replace("-", "_") for state in STATES)
        raise AttributeError(f"a {self._noun} is not {name!r}, but one of {names}")


class Trackers(Datasets):
    """The tracking id of each state: dummy ones, or against a live service those it was given."""

    _noun, _name = "tracker", "TRACKING_ID"
