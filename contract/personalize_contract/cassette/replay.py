"""Replay: the recorded answer to a request, found by its key in constant time."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from personalize_contract.cassette.reader import Cassette
from personalize_contract.exchange import Exchange, Request, media_type
from personalize_contract.matching import Key, Matching
from personalize_contract.redact import Redactor


class Replay:
    """The exchanges of one cassette that are still to be asked for. Any thread may call it.

    Each exchange answers once, in the order of recording among those that match equally. The
    attempts of one SDK call get the same exchange. Lives as long as the test that replays.

    Args:
        path: the cassette, for messages.
        cassette: its content.
        redactor: what a request goes through before it is matched, as it did to be recorded.
        matching: what decides.
    """

    def __init__(
        self, path: Path, cassette: Cassette, redactor: Redactor, matching: Matching
    ) -> None:
        self.path, self.recorded = path, cassette.exchanges
        self._redactor, self._matching = redactor, matching
        self._lock = threading.Lock()
        self._left: dict[Key, deque[Exchange]] = {}
        self._calls: dict[str, Exchange] = {}
        # What is sent byte for byte as it was recorded need not be understood again.
        self._known: dict[tuple[str, str, str, bytes], Key] = {}
        for exchange in cassette.exchanges:
            request = redactor.request(exchange.request)
            key = self._known[_exact(request)] = matching.key(request)
            self._left.setdefault(key, deque()).append(exchange)

    def redacted(self, request: Request) -> Request:
        """A request as it would have been recorded."""
        return self._redactor.request(request)

    def take(self, request: Request) -> Exchange | None:
        """The recorded exchange that answers a request, or None."""
        call = request.headers.get("amz-sdk-invocation-id", "")
        redacted = self._redactor.request(request)
        key = self._known.get(_exact(redacted)) or self._matching.key(redacted)
        with self._lock:
            if call and call in self._calls:
                return self._calls[call]
            waiting = self._left.get(key)
            if not waiting:
                return None
            exchange = waiting.popleft()
            if call:
                self._calls[call] = exchange
            return exchange

    def unused(self) -> list[Exchange]:
        """What was recorded and not asked for."""
        with self._lock:
            return [exchange for waiting in self._left.values() for exchange in waiting]


def _exact(request: Request) -> tuple[str, str, str, bytes]:
    """All that a key is made of, as it is."""
    return (request.method, request.url, media_type(request.headers), request.body)
