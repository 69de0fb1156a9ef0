"""The three modes: requests are replayed, recorded, or only answered.

A marked test opens one of them, and so does each scenario of the suite. Its target answers; `save`
keeps the recording once it is known that the answers count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from personalize_contract.targets.base import Recordable, Recorded, Recorder, Target

if TYPE_CHECKING:
    from personalize_contract.cassette.replay import Replay
    from personalize_contract.errors import Miss
    from personalize_contract.model.parsed_request import ParsedRequest
    from personalize_contract.privacy.redaction import Redactor


class Mode(Protocol):
    """Answers the requests of one test or scenario."""

    target: Target

    def save(self) -> bool | None:
        """Keep the recording.

        Returns:
            False if the existing recording has stronger provenance and was kept; None if nothing
            was recorded.

        Raises:
            CassetteError: the recording can't be written; its journal holds it.
        """


class Answering:
    """Answers from a service, and keeps nothing."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def save(self) -> bool | None:
        """Do nothing, since nothing is kept."""
        return None


class Replaying:
    """Answers from a cassette.

    Args:
        replay: the replay of the cassette's exchanges.
        explain: the function that returns the error of a request that is not recorded.
    """

    def __init__(self, replay: Replay, explain: Callable[[Replay, ParsedRequest], Miss]) -> None:
        self.replay = replay
        self.target: Target = Recorded(replay, explain)

    def save(self) -> bool | None:
        """Do nothing, since the cassette is only read."""
        return None


class Recording:
    """Answers from a service, and records the answers.

    Args:
        inner: the target that answers.
        recording: the recording of its answers.
        redactor: the redactor of recorded exchanges.
    """

    def __init__(self, inner: Target, recording: Recordable, redactor: Redactor) -> None:
        self.recording = recording
        self.target: Target = Recorder(inner, recording, redactor)

    def save(self) -> bool | None:
        """Save the recording."""
        return self.recording.save()
