"""Replay: finds the recorded answer to a request in constant time.

Identical requests get their answers in the order of recording.

Exchanges are in buckets by the outline of their request: the part of its key that is cheap to
compute. A request that equals a recorded one byte for byte finds its bucket without being parsed.
A bucket is grouped by whole keys when it is first used, unless its only exchange matches at once.
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
    """Return the parts of a request that its key is made from, unparsed."""
    return (request.method, request.url, media_type(request.headers), request.body)


class _Bucket:
    """The unused exchanges with one outline."""

    __slots__ = ("_by_key", "_keys", "_ungrouped")

    def __init__(self) -> None:
        self._ungrouped: list[tuple[Request, Exchange]] = []
        self._keys: dict[_Bytes, Key] = {}
        self._by_key: dict[Key, deque[Exchange]] = {}

    def put(self, request: Request, exchange: Exchange) -> None:
        self._ungrouped.append((request, exchange))

    def take(self, request: Request, matching: Matching) -> Exchange | None:
        """Remove and return the first exchange whose request has the same key, or None."""
        sent = _bytes(request)
        if len(self._ungrouped) == 1 and _bytes(self._ungrouped[0][0]) == sent:
            return self._ungrouped.pop()[1]
        for recorded, exchange in self._ungrouped:
            key = self._keys[_bytes(recorded)] = matching.key(recorded)
            self._by_key.setdefault(key, deque()).append(exchange)
        self._ungrouped.clear()
        if not self._by_key:
            return None
        same_key = self._by_key.get(self._keys.get(sent) or matching.key(request))
        return same_key.popleft() if same_key else None

    def unused(self) -> list[Exchange]:
        grouped = [exchange for same_key in self._by_key.values() for exchange in same_key]
        return [*grouped, *(exchange for _, exchange in self._ungrouped)]


def _own_first(cassette: Cassette, test: str) -> Iterator[Exchange]:
    pairs = list(zip(cassette.exchanges, cassette.origins, strict=True))
    for is_own in (True, False):
        yield from (each for each, origin in pairs if (origin.recorded_for == test) is is_own)


class Replay:
    """The unused exchanges of one cassette, for one test. Thread-safe.

    Each exchange answers once; equal ones answer in the order of recording. The attempts of one SDK
    call get the same exchange.

    Args:
        path: the cassette, for messages.
        cassette: the content of the cassette.
        redactor: the redactor of requests, with the settings that they were recorded with.
        matching: the rule by which an exchange answers a request.
        test: the node id of the test if it shares the cassette; of equal exchanges, those that
            were recorded for it come first.
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
        self._buckets: dict[Key, _Bucket] = {}
        self._known: dict[_Bytes, _Bucket] = {}
        self._answers: ByCall[Exchange] = ByCall()
        for exchange in _own_first(cassette, test) if test else cassette.exchanges:
            request = redactor.request(exchange.request)
            bucket = self._buckets.setdefault(matching.outline(request), _Bucket())
            bucket.put(request, exchange)
            self._known[_bytes(request)] = bucket

    def of_other(self, path: Path, cassette: Cassette) -> Replay:
        """Return a replay of another cassette, which redacts and matches as this one does."""
        return Replay(path, cassette, self._redactor, self._matching)

    def key(self, request: Request) -> Key:
        """Return the key by which a request is looked up."""
        return self._matching.key(self._redactor.request(request))

    def redacted(self, request: Request) -> Request:
        """Return a request in the form that it would be recorded in."""
        return self._redactor.request(request)

    def take(self, request: Request) -> Exchange | None:
        """Return the recorded exchange that answers a request; None for a miss."""
        call = call_id(request)
        redacted = self._redactor.request(request)
        bucket = self._known.get(_bytes(redacted))
        if not bucket:
            bucket = self._buckets.get(self._matching.outline(redacted))
        with self._lock:
            if answer := self._answers.get(call):  # a retry
                return answer
            exchange = bucket.take(redacted, self._matching) if bucket else None
            if exchange:
                self._answers.put(call, exchange)
            return exchange

    def unused(self) -> list[Exchange]:
        """Return the exchanges that have not answered a request."""
        with self._lock:
            return [each for bucket in self._buckets.values() for each in bucket.unused()]
