"""Advice on the requests of one test, each with the line of code that sent it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from personalize_contract.feedback import call_site
from personalize_contract.model import strict_json
from personalize_contract.model.advice import TABLE, Put, Row
from personalize_contract.model.parsed_request import ParsedRequest

_REMEMBERED = 1000
"""Ids that are remembered of one row, before it begins anew."""

_IN_A_ROW = 3
"""Requests with one item each, from one line of one test, that look like a loop."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A row that fits a request.

    Args:
        row: what is wrong, and what to do.
        where: JSON path of the first place in the request.
        sent: `file:line` of the code that sent it; `""` if that is not known.
    """

    row: Row
    where: str
    sent: str


class Adviser:
    """Looks at the requests of one test. Any thread may ask it.

    Args:
        off: names of the advice that is not given.
    """

    def __init__(self, off: tuple[str, ...] = ()) -> None:
        self._rows = [row for row in TABLE if row.name not in off]
        self._lock = threading.Lock()
        self._single: dict[tuple[str, ...], set[str]] = {}
        self._users: dict[str, str] = {}

    def advice(self, request: ParsedRequest) -> list[Advice]:
        """What can be said about a request, or about several up to it; nothing of a good one."""
        put = Put.read(request)
        if not put:
            return []
        found: list[tuple[Row, str]] = []
        for row in self._rows:
            if row.find:
                if (at := next(row.find(put), None)) is not None:
                    found.append((row, at))
            elif row.name == "one-at-a-time":
                found += [(row, put.contract.batch)] * self._one_at_a_time(put)
            elif row.name == "session-of-two-users" and (shared := self._shared_session(put)):
                found.append((row, shared))
        sent = (call_site.of_caller() or call_site.of_client(request)) if found else ""
        return [Advice(row, where, sent) for row, where in found]

    def sent_nothing(self) -> Advice | None:
        """Return the advice on a test that sent nothing; None if it is turned off."""
        rows = (row for row in self._rows if row.name == "sent-nothing")
        return next((Advice(row, "(no request)", "") for row in rows), None)

    def _one_at_a_time(self, put: Put) -> int:
        """The requests that are new among those by which one line puts one item each."""
        several = len(put.batch) != 1
        if several and not self._single:
            return 0
        # What stands beside the events of a call is the same for all of them.
        beside = "" if put.identities else strict_json.canonical(_beside(put))
        where = (call_site.of_caller(), put.dataset, beside)
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
            row.update(names or [strict_json.canonical(one) for _, one in put.batch])
        if len(row) < _IN_A_ROW or len(row) == before:
            return 0
        return len(row) if len(row) == _IN_A_ROW else 1

    def _shared_session(self, put: Put) -> str | None:
        """Return where a request names a session that another user had before it."""
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


def _beside(put: Put) -> dict[str, Any]:
    """Return the members of a request beside its batch."""
    return {name: value for name, value in put.body.items() if name != put.contract.batch}
