"""Under load, and killed in the middle of it, the service loses nothing that it acknowledged.

`python tests/adversary load` takes a minute for it.
"""

import sqlite3

import pytest

from adversary.load import Killed, killed_under_load
from helpers.command import ACTIVE


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    return killed_under_load(tmp_path_factory.mktemp("load") / "store", seconds=1)


def test_every_acknowledged_item_is_there_after_a_kill(run: Killed) -> None:
    assert run.acknowledged
    assert run.lost == set()


def test_nothing_but_200_is_answered(run: Killed) -> None:
    assert set(run.statuses) == {200}


def test_the_store_is_whole_and_the_service_goes_on_with_it(run: Killed) -> None:
    with sqlite3.connect(run.store) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count,) = store.execute("SELECT count(*) FROM item WHERE arn = ?", (ACTIVE,)).fetchone()
    assert count >= len(run.acknowledged)
    assert run.after_restart == 200


def test_memory_stays_where_it_was(run: Killed) -> None:
    assert run.flat, run.memory
