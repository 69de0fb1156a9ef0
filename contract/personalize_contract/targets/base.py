"""A target is whoever answers a request: the reference service, cassettes, or a live endpoint.

Recording is a target that wraps a target; nothing else differs between record and replay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from personalize_contract.errors import Miss
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.model.parsed_request import ParsedRequest
from personalize_contract.model.sdk_call import call_id

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_contract.cassette.replay import Replay
    from personalize_contract.privacy.redaction import Redactor


class Target(Protocol):
    """Whoever answers. Any thread may call it."""

    def answer(self, request: ParsedRequest) -> Exchange:
        """Return the exchange of a request.

        Raises:
            TargetUnavailable: it could not be asked.
            Miss: nothing recorded answers the request.
        """


class InProcess:
    """A service in this process: a function from request to response.

    Args:
        respond: called by any thread.
        answered_by: its name as provenance.
    """

    def __init__(self, respond: Callable[[ParsedRequest], Response], answered_by: str) -> None:
        self._respond, self._answered_by = respond, answered_by

    def answer(self, request: ParsedRequest) -> Exchange:
        """Call the service."""
        return Exchange(request, self._respond(request), self._answered_by)


class Recorded:
    """What a cassette says. Opens no socket."""

    def __init__(self, replay: Replay, explain: Callable[[Replay, ParsedRequest], str]) -> None:
        self._replay, self._explain = replay, explain

    def answer(self, request: ParsedRequest) -> Exchange:
        """The recorded answer."""
        __tracebackhide__ = True
        found = self._replay.take(request)
        if found is None:
            raise Miss(self._explain(self._replay, request))
        return Exchange(request, found.response, found.answered_by, found.altered)


class Recordable(Protocol):
    """A recording under way, of a test or of a scenario."""

    @property
    def path(self) -> Path:
        """The cassette."""

    def append(self, exchange: Exchange, call: str = "") -> None:
        """Take one redacted exchange; it is in the journal when this returns."""

    def save(self) -> bool:
        """Keep it; returns False if what is there has a higher provenance, and stays."""


class Recorder:
    """Records what another target answers, before its caller sees the answer."""

    def __init__(self, inner: Target, recording: Recordable, redactor: Redactor) -> None:
        self._inner, self._recording, self._redactor = inner, recording, redactor

    @property
    def path(self) -> Path:
        """The cassette."""
        return self._recording.path

    def answer(self, request: ParsedRequest) -> Exchange:
        """Ask the inner target; its exchange is in the journal when this returns."""
        exchange = self._inner.answer(request)
        self._recording.append(self._redactor.exchange(exchange), call_id(request))
        return exchange
