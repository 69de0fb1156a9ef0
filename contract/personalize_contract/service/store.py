"""Datasets with their items and trackers with their events, in memory or in an SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from personalize_contract.errors import UsageError
from personalize_contract.model import contract
from personalize_contract.model.datasets import State, dummies

_HEAD = b"SQLite format 3\0"
_MARK = 0x50435430  # "PCT0", in the head of the file
_TABLES = """
CREATE TABLE IF NOT EXISTS dataset (arn TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS item (
    arn TEXT NOT NULL, item_id TEXT NOT NULL, properties TEXT, PRIMARY KEY (arn, item_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY, tracking_id TEXT NOT NULL, event TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_of_tracker ON event (tracking_id);
"""


def _opened(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        _claim(db, path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_TABLES)
    except (sqlite3.Error, OSError) as error:
        raise UsageError(
            f"store {path}: {error}; name a store of `serve`, or a new file"
        ) from error
    return db


def _claim(db: sqlite3.Connection, path: Path) -> None:
    """Mark a new file as a store; leave any other database alone."""
    with path.open("rb") as file:
        # SQLite treats a short text as an empty file, and overwrites it.
        if file.read(16) not in (b"", _HEAD):
            raise sqlite3.DatabaseError("it is not a database")
    (mark,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and mark != _MARK:
        raise sqlite3.DatabaseError("it is another application's database")
    db.execute(f"PRAGMA application_id = {_MARK}")


class Store:
    """Datasets and trackers, with their states and the records sent to them. Thread-safe.

    A dataset is known by its ARN, a tracker by its id. A put is one transaction: it is in the file,
    and survives a kill of the process, before its caller gets an answer. Lives as long as the
    service; `close` it at the end.

    Args:
        path: the file, created if missing (in WAL mode: two more files exist while it is open);
            None for memory.

    Raises:
        UsageError: the file can't be opened, or is not a store.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, State] = {}
        self._items: dict[str, dict[str, str | None]] = {}
        self._events: dict[str, list[dict[str, Any]]] = {}
        self._db = _opened(path) if path else None
        if self._db:
            self._states.update(self._db.execute("SELECT arn, state FROM dataset"))

    def add_dataset(self, arn: str, state: State = "active") -> None:
        """Add a dataset or a tracker, or change its state. Its records stay.

        The state `missing` hides a dataset (404) as if it were deleted.
        """
        with self._lock:
            if self._db:
                self._db.execute(
                    "INSERT INTO dataset VALUES (?, ?)"
                    " ON CONFLICT (arn) DO UPDATE SET state = excluded.state",
                    (arn, state),
                )
            self._states[arn] = state

    def remove(self, arn: str) -> None:
        """Remove a dataset or tracker with its records."""
        with self._lock:
            if self._db:
                self._db.execute("DELETE FROM event WHERE tracking_id = ?", (arn,))
                self._db.execute("DELETE FROM item WHERE arn = ?", (arn,))
                self._db.execute("DELETE FROM dataset WHERE arn = ?", (arn,))
            self._items.pop(arn, None)
            self._events.pop(arn, None)
            self._states.pop(arn, None)

    def add_dummies(self) -> None:
        """Add the dummy datasets and trackers of every operation."""
        for operation in map(contract.load, contract.operations()):
            for state, arn in dummies(operation.resource_type).items():
                self.add_dataset(arn, state)

    def state(self, arn: str) -> State:
        """Return the state of a dataset; `missing` for an unknown one, as on AWS."""
        return self._states.get(arn, "missing")

    def states(self) -> Mapping[str, State]:
        """Return the state of every dataset and tracker by ARN or id."""
        return dict(self._states)

    def put(self, arn: str, items: Iterable[tuple[str, str | None]]) -> None:
        """Add items, each as (itemId, properties or None), replacing those with the same itemId.

        Either all of them are stored or none.
        """
        if not self._db:
            new = dict(items)
            with self._lock:
                self._items.setdefault(arn, {}).update(new)
            return
        rows = [(arn, item_id, properties) for item_id, properties in items]
        values = ", ".join(["(?, ?, ?)"] * len(rows))
        with self._lock:
            self._db.execute(f"INSERT OR REPLACE INTO item VALUES {values}", list(chain(*rows)))  # noqa: S608 - of question marks

    def items(self, arn: str) -> dict[str, str | None]:
        """Return the properties of each item, as sent, by item id in order; None without any."""
        with self._lock:
            if not self._db:
                return dict(sorted(self._items.get(arn, {}).items()))
            return dict(
                self._db.execute("SELECT item_id, properties FROM item WHERE arn = ?", (arn,))
            )

    def record(self, tracking_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Append events to those of a tracker; either all of them are stored or none."""
        with self._lock:
            if not self._db:
                self._events.setdefault(tracking_id, []).extend(events)
                return
            rows = [value for event in events for value in (tracking_id, json.dumps(event))]
            values = ", ".join(["(?, ?)"] * len(events))
            self._db.execute(f"INSERT INTO event (tracking_id, event) VALUES {values}", rows)  # noqa: S608 - of question marks

    def events(self, tracking_id: str) -> list[dict[str, Any]]:
        """Return the events of a tracker, in order of arrival."""
        with self._lock:
            if not self._db:
                return [dict(event) for event in self._events.get(tracking_id, ())]
            rows = self._db.execute(
                "SELECT event FROM event WHERE tracking_id = ? ORDER BY number", (tracking_id,)
            )
            return [json.loads(event) for (event,) in rows]

    def close(self) -> None:
        """Close the file, or clear the store in memory."""
        with self._lock:
            self._items.clear()
            self._events.clear()
            if self._db:
                self._db.close()
