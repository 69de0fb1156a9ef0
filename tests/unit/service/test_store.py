"""The store: items upserted by id, in memory or in a persistent file."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.command import ACTIVE, IN_USE, MISSING
from personalize_contract.errors import UsageError
from personalize_contract.service.store import Store


def test_an_item_with_a_known_id_is_replaced() -> None:
    store = Store()
    store.put(ACTIVE, [("1", "old"), ("2", "kept")])
    store.put(ACTIVE, [("1", "new")])

    assert store.items(ACTIVE) == {"1": "new", "2": "kept"}


def test_replacing_an_item_without_properties_leaves_it_without() -> None:
    store = Store()
    store.put(ACTIVE, [("1", "old")])
    store.put(ACTIVE, [("1", None)])

    assert store.items(ACTIVE) == {"1": None}


def test_the_last_of_two_equal_ids_wins() -> None:
    store = Store()
    store.put(ACTIVE, [("1", "first"), ("1", "last")])

    assert store.items(ACTIVE) == {"1": "last"}


def test_datasets_do_not_share_items() -> None:
    store = Store()
    store.put(ACTIVE, [("1", "a")])

    assert store.items(IN_USE) == {}


def test_an_unknown_dataset_is_missing() -> None:
    assert Store().state("arn:aws:personalize:us-east-1:000000000000:dataset/x/ITEMS") == "missing"


def test_changing_the_state_keeps_the_items() -> None:
    store = Store()
    store.add_dataset(ACTIVE)
    store.put(ACTIVE, [("1", None)])
    store.add_dataset(ACTIVE, "in-use")

    assert store.state(ACTIVE) == "in-use"
    assert store.items(ACTIVE) == {"1": None}


def test_the_dummies_have_the_states_of_their_names() -> None:
    store = Store()
    store.add_dummies()

    states = {arn: store.state(arn) for arn in (ACTIVE, IN_USE, MISSING)}
    assert states == {ACTIVE: "active", IN_USE: "in-use", MISSING: "missing"}


@pytest.mark.parametrize(
    "name", ["\N{TEACUP WITHOUT HANDLE}" * 256, "a\0b", " ", "'; DROP TABLE item; --", "e\u0301"]
)
def test_any_text_is_stored_unchanged(name: str) -> None:
    store = Store()
    store.put(ACTIVE, [(name, name * 3)])

    assert store.items(ACTIVE) == {name: name * 3}


def test_a_file_keeps_datasets_and_items(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    store.add_dataset(ACTIVE, "in-use")
    store.put(ACTIVE, [("1", "a"), ("2", None)])
    store.close()

    again = Store(tmp_path / "store.db")
    assert (again.state(ACTIVE), again.items(ACTIVE)) == ("in-use", {"1": "a", "2": None})
    again.close()


def test_a_file_uses_a_write_ahead_log(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    store.put(ACTIVE, [("1", "a")])

    assert (tmp_path / "store.db-wal").stat().st_size > 0
    store.close()
    assert not (tmp_path / "store.db-wal").exists()


def other_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE item (name TEXT)")
    database.close()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("not a database, but a text of some length" * 20),
        lambda path: path.write_text("short"),
        lambda path: path.mkdir(),
        other_database,
    ],
    ids=["text", "short text", "folder", "other database"],
)
def test_another_file_is_refused_and_left_unchanged(make: object, tmp_path: Path) -> None:
    path = tmp_path / "other"
    make(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else None

    with pytest.raises(UsageError, match="name a store of `serve`, or a new file"):
        Store(path)

    assert (path.read_bytes() if path.is_file() else None) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize("name", ["store.db", None])
def test_a_failed_put_stores_nothing(tmp_path: Path, name: str | None) -> None:
    store = Store(tmp_path / name if name else None)
    store.put(ACTIVE, [("1", "old")])

    def items() -> Iterator[tuple[str, str]]:
        yield "1", "new"
        raise KeyError("the second one")

    with pytest.raises(KeyError):
        store.put(ACTIVE, items())
    if name:
        with pytest.raises(sqlite3.Error):
            store.put(ACTIVE, [("1", "new"), ("2", object())])  # type: ignore[list-item]

    assert store.items(ACTIVE) == {"1": "old"}
