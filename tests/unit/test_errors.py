"""Errors survive pickling, with which child processes pass them to their parent."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from personalize_contract import errors
from personalize_contract.errors import PersonalizeContractError

ARGUMENTS = {
    "ControlPlaneRefused": ("CreateDataset", "LimitExceededException", "too many"),
    "CassetteError": (Path("tea.yaml"), "it can't be read", 3),
    "CassetteMissing": (Path("tea.yaml"), "there is no such file"),
    "CassetteLocked": (Path("tea.yaml"), "it is being recorded"),
    "NetworkRefused": ("tea.example", "only this machine is open to it", "S3 PutObject"),
    "Miss": ("no recorded exchange answers this request", "the report"),
}


def subclasses(base: type[PersonalizeContractError]) -> Iterator[type[PersonalizeContractError]]:
    yield base
    for each in base.__subclasses__():
        yield from subclasses(each)


ALL = [each for each in subclasses(PersonalizeContractError) if each.__module__ == errors.__name__]


@pytest.mark.parametrize("protocol", [0, pickle.HIGHEST_PROTOCOL])
@pytest.mark.parametrize("error_type", ALL, ids=lambda each: each.__name__)
def test_pickled_error_keeps_its_message_and_attributes(
    error_type: type[PersonalizeContractError], protocol: int
) -> None:
    error = error_type(*ARGUMENTS.get(error_type.__name__, ("no tea",)))
    loaded = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301
    assert type(loaded) is error_type
    assert str(loaded) == str(error)
    assert vars(loaded) == vars(error)
