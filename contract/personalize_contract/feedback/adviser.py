"""The adviser of one test: advice on its requests, with the line of code that sent each."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from personalize_contract.feedback import call_site
from personalize_contract.model import strict_json
from personalize_contract.model.advice import TABLE, Row
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.model.put import Put

_REMEMBERED = 1000
"""Maximum number of ids remembered for one call site or session, before it starts over."""

_IN_A_ROW = 3
"""Requests with one item each, from one line of one test, that suggest a loop."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A row of the table of advice that applies to a request.

    Args:
        row: the row, with problem and remedy.
        where: the JSON path of the first occurrence in the request; `""` if there is no request.
        sent: `file:line` of the code that sent it, `""` if unknown; the node id of the test if
            there is no request.
    """

    row: Row
    where: str
    sent: str


class Adviser:
    """Gives advice on the requests of one test. Thread-safe.

    Args:
        off: the names of the rows to leave out.
    """

    def __init__(self, off: tuple[str, ...] = ()) -> None:
        self._rows = [row for row in TABLE if row.name not in off]
        self._lock = threading.Lock()
        self._single: dict[tuple[str, ...], set[str]] = {}
        self._users: dict[str, str] = {}

    def advice(self, request: ParsedRequest) -> list[Advice]:
        """Return the advice on a request, and on the series of requests up to it."""
        put = Put.read(request)
        if not put:
            return []
        rows: list[tuple[Row, str]] = []
        for row in self._rows:
            if row.find:
                if (at := next(row.find(put), None)) is not None:
                    rows.append((row, at))
            elif row.name == "one-at-a-time":
                rows += [(row, put.contract.batch)] * self._one_at_a_time(put)
            elif row.name == "session-of-two-users" and (shared := self._shared_session(put)):
                rows.append((row, shared))
        sent = (call_site.of_caller() or call_site.of_client(request)) if rows else ""
        return [Advice(row, where, sent) for row, where in rows]

    def sent_nothing(self, test: str) -> Advice | None:
        """Return the advice for a test that sent nothing; None if it is turned off."""
        rows = (row for row in self._rows if row.name == "sent-nothing")
        return next((Advice(row, "", test) for row in rows), None)

    def _one_at_a_time(self, put: Put) -> int:
        """Return the number of new requests in a series of single-item puts from one line."""
        several = len(put.batch) != 1
        if several and not self._single:
            return 0
        # Events belong to one series only if the other members of their calls are equal.
        others = "" if put.identities else strict_json.canonical(_other_members(put))
        where = (call_site.of_caller(), put.dataset, others)
        with self._lock:
            if several:
                self._single.pop(where, None)
                return 0
            row = self._single.setdefault(where, set())
            if len(row) == _REMEMBERED:
                row.clear()
            before = len(row)
            # The same item again is a retry, or an update.
            names = [name for _, name in put.identities]
            row.update(names or [strict_json.canonical(record) for _, record in put.batch])
        if len(row) < _IN_A_ROW or len(row) == before:
            return 0
        return len(row) if len(row) == _IN_A_ROW else 1

    def _shared_session(self, put: Put) -> str | None:
        """Return the JSON path of a session id that another user has used before."""
        shared = None
        for where, event in put.events():
            session, user = event.get("sessionId"), event.get("userId")
            if isinstance(session, str) and isinstance(user, str):
                with self._lock:
                    if len(self._users) == _REMEMBERED:
                        self._users.clear()
                    if self._users.setdefault(session, user) != user:
                        shared = shared or put.at(where, "sessionId")
        return shared


def _other_members(put: Put) -> dict[str, Any]:
    """Return the members of a request other than its batch."""
    return {name: value for name, value in put.body.items() if name != put.contract.batch}
