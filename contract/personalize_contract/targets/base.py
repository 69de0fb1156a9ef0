"""A target answers requests: the reference service, cassettes, or a live endpoint.

Recording is a target that wraps another target; record and replay differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.model.sdk_call import call_id

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_contract.cassette.replay import Replay
    from personalize_contract.errors import Miss
    from personalize_contract.privacy.redaction import Redactor


class Target(Protocol):
    """Answers requests. Thread-safe."""

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the exchange of a request.

        Raises:
            TargetUnavailable: it can't be reached.
            Miss: no recorded exchange answers the request.
        """


class InProcess:
    """A service in this process.

    Args:
        respond: the service, a thread-safe function from request to response.
        answered_by: its name in provenance.
    """

    def __init__(self, respond: Callable[[ParsedRequest], Response], answered_by: str) -> None:
        self._respond, self._answered_by = respond, answered_by

    def answer(self, request: ParsedRequest) -> Exchange:
        """Call the service."""
        return Exchange(request, self._respond(request), self._answered_by)


class Recorded:
    """Answers from a cassette. Opens no socket."""

    def __init__(self, replay: Replay, explain: Callable[[Replay, ParsedRequest], Miss]) -> None:
        self._replay, self._explain = replay, explain

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the recorded exchange."""
        __tracebackhide__ = True
        recorded = self._replay.take(request)
        if recorded is None:
            raise self._explain(self._replay, request)
        return Exchange(request, recorded.response, recorded.answered_by, recorded.altered)


class Recordable(Protocol):
    """A recording in progress, of a test or of a scenario."""

    @property
    def path(self) -> Path:
        """The path of the cassette."""

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Append a redacted exchange; it is in the journal when this returns."""

    def save(self) -> bool:
        """Write the cassette; return False if the existing one has stronger provenance."""


class Recorder:
    """Records the exchanges of another target, each before its caller sees the response."""

    def __init__(self, inner: Target, recording: Recordable, redactor: Redactor) -> None:
        self._inner, self._recording, self._redactor = inner, recording, redactor

    @property
    def path(self) -> Path:
        """The cassette."""
        return self._recording.path

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the inner target's exchange, which is in the journal by then."""
        exchange = self._inner.answer(request)
        self._recording.append(self._redactor.exchange(exchange), call_id(request))
        return exchange
