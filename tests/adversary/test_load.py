"""The service loses no acknowledged item when it is killed under load.

`python tests/adversary load` loads it for a minute.
"""

import sqlite3

import pytest

from adversary.load import Killed, killed_under_load
from helpers.command import ACTIVE


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    return killed_under_load(tmp_path_factory.mktemp("load") / "store", seconds=1)


def test_every_acknowledged_item_survives_a_kill(run: Killed) -> None:
    assert run.acknowledged
    assert run.lost == set()


def test_every_status_is_200(run: Killed) -> None:
    assert set(run.statuses) == {200}


def test_the_store_is_intact_and_usable(run: Killed) -> None:
    with sqlite3.connect(run.store) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count,) = store.execute("SELECT count(*) FROM item WHERE arn = ?", (ACTIVE,)).fetchone()
    assert count >= len(run.acknowledged)
    assert run.after_restart == 200


def test_memory_does_not_grow(run: Killed) -> None:
    assert run.flat, run.memory
