"""Replay: finds the recorded answer to a request, in order among equals and in constant time.

Exchanges lie in drawers, by the outline of their request: the part of its key that is cheap to
get. A request that was recorded byte for byte finds its drawer without being understood. Only a
drawer with several exchanges in it has to be sorted by whole keys, once, when it is first opened.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from personalize_contract.cassette.matching import Key, Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.model.exchange import Exchange, Request, media_type
from personalize_contract.model.sdk_call import ByCall, call_id
from personalize_contract.privacy.redaction import Redactor

_Bytes = tuple[str, str, str, bytes]


def _bytes(request: Request) -> _Bytes:
    """All that a key is made from, as it is."""
    return (request.method, request.url, media_type(request.headers), request.body)


class _Drawer:
    """The exchanges with one outline that are still to be asked for."""

    __slots__ = ("_keys", "_sorted", "_unsorted")

    def __init__(self) -> None:
        self._unsorted: list[tuple[Request, Exchange]] = []
        self._keys: dict[_Bytes, Key] = {}
        self._sorted: dict[Key, deque[Exchange]] = {}

    def put(self, request: Request, exchange: Exchange) -> None:
        self._unsorted.append((request, exchange))

    def take(self, request: Request, matching: Matching) -> Exchange | None:
        """The first of the exchanges whose requests have the key of this one, or None."""
        asked = _bytes(request)
        if len(self._unsorted) == 1 and _bytes(self._unsorted[0][0]) == asked:
            return self._unsorted.pop()[1]
        for recorded, exchange in self._unsorted:
            key = self._keys[_bytes(recorded)] = matching.key(recorded)
            self._sorted.setdefault(key, deque()).append(exchange)
        self._unsorted.clear()
        if not self._sorted:
            return None
        waiting = self._sorted.get(self._keys.get(asked) or matching.key(request))
        return waiting.popleft() if waiting else None

    def left(self) -> list[Exchange]:
        sorted_ = [exchange for waiting in self._sorted.values() for exchange in waiting]
        return [*sorted_, *(exchange for _, exchange in self._unsorted)]


def _own_first(cassette: Cassette, test: str) -> Iterator[Exchange]:
    pairs = list(zip(cassette.exchanges, cassette.origins, strict=True))
    for is_own in (True, False):
        yield from (one for one, origin in pairs if (origin.recorded_for == test) is is_own)


class Replay:
    """The exchanges of one cassette that are still to be asked for. Any thread may call it.

    Each exchange answers once, in the order of recording among those that match equally. The
    attempts of one SDK call get the same exchange. Lives as long as the test that replays.

    Args:
        path: the cassette, for messages.
        cassette: its content.
        redactor: what a request goes through before it is matched, as it did to be recorded.
        matching: what decides.
        test: node id of the test, if it shares the cassette: among those that match equally, what
            was recorded for it comes first.
    """

    def __init__(
        self,
        path: Path,
        cassette: Cassette,
        redactor: Redactor,
        matching: Matching,
        test: str = "",
    ) -> None:
        self.path, self.recorded = path, cassette.exchanges
        self._redactor, self._matching = redactor, matching
        self._lock = threading.Lock()
        self._drawers: dict[Key, _Drawer] = {}
        self._known: dict[_Bytes, _Drawer] = {}
        self._answers: ByCall[Exchange] = ByCall()
        for exchange in _own_first(cassette, test) if test else cassette.exchanges:
            request = redactor.request(exchange.request)
            drawer = self._drawers.setdefault(matching.outline(request), _Drawer())
            drawer.put(request, exchange)
            self._known[_bytes(request)] = drawer

    def of_other(self, path: Path, cassette: Cassette) -> Replay:
        """Return a replay of another cassette, which redacts and matches as this one does."""
        return Replay(path, cassette, self._redactor, self._matching)

    def redacted(self, request: Request) -> Request:
        """A request as it would have been recorded."""
        return self._redactor.request(request)

    def take(self, request: Request) -> Exchange | None:
        """The recorded exchange that answers a request, or None."""
        call = call_id(request)
        redacted = self._redactor.request(request)
        drawer = self._known.get(_bytes(redacted))
        if not drawer:
            drawer = self._drawers.get(self._matching.outline(redacted))
        with self._lock:
            if answer := self._answers.get(call):
                return answer
            exchange = drawer.take(redacted, self._matching) if drawer else None
            if exchange:
                self._answers.put(call, exchange)
            return exchange

    def unused(self) -> list[Exchange]:
        """What was recorded and not asked for."""
        with self._lock:
            return [one for drawer in self._drawers.values() for one in drawer.left()]
