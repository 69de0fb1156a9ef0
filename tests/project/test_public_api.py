"""The public names: they exist, are typed, and are imported only when used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import personalize_contract
from helpers.command import environment

CONSUMER = """
from typing import assert_type

import pytest
from personalize_contract import (
    Datasets,
    Exchange,
    Miss,
    PersonalizeContractError,
    Response,
    Service,
)


@pytest.fixture
def catalogue(personalize_service: Service, personalize_dataset: Datasets) -> str:
    personalize_service.add_dataset(personalize_dataset.active, "in-use")
    personalize_service.set_state(personalize_dataset.active, "active")
    return personalize_dataset.active


@pytest.mark.personalize_contract(violates=["request.items.max-members"])
def test_it(personalize_service: Service, catalogue: str) -> None:
    assert_type(personalize_service.items(catalogue), dict[str, str | None])
    assert_type(personalize_service.url, str)
    exchange: Exchange = personalize_service.exchanges[0]
    assert_type(exchange.response, Response)
    assert_type(exchange.response.status, int)
    with pytest.raises(PersonalizeContractError):
        raise Miss("nothing recorded")
"""


def mypy(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "test_shop.py").write_text(dedent(source), "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder), "test_shop.py"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        timeout=180,
        check=False,
    )


def test_a_consumer_s_test_file_is_strictly_typed(tmp_path: Path) -> None:
    done = mypy(CONSUMER, tmp_path)
    assert done.returncode == 0, done.stdout
    wrong = CONSUMER.replace('"in-use"', '"busy"').replace("exchanges[0]", "items('x')")
    done = mypy(wrong, tmp_path)
    assert "incompatible type \"Literal['busy']\"" in done.stdout.replace('"busy"', "'busy'")
    assert "Incompatible types in assignment" in done.stdout


def test_every_public_name_exists() -> None:
    for name in personalize_contract.__all__:
        assert callable(getattr(personalize_contract, name))
        assert name in dir(personalize_contract)


def test_no_other_name_is_public() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Recorder'"):
        personalize_contract.Recorder  # noqa: B018


def test_each_public_name_has_a_docstring() -> None:
    for name in personalize_contract.__all__:
        doc = getattr(personalize_contract, name).__doc__
        assert doc
        assert not doc.startswith(f"{name}("), f"{name} has only the docstring of a dataclass"
