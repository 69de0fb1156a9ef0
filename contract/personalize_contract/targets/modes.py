"""The three modes: requests are replayed, recorded, or just answered.

A marked test opens one of them, and so does each scenario of the suite. Its target answers; once
it is known that the answers count, `save` keeps what was recorded.
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
    """The life of the answers to one test or scenario."""

    target: Target

    def save(self) -> bool | None:
        """Keep what was recorded.

        Returns:
            False if the recording there has a higher provenance, and stays; None if nothing was
            recorded.

        Raises:
            CassetteError: the recording can't be written; its journal holds it.
        """


class Answering:
    """A service answers, and nothing is kept."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def save(self) -> bool | None:
        """Nothing is kept."""
        return None


class Replaying:
    """A cassette answers.

    Args:
        replay: of its exchanges.
        explain: explains a request that is not recorded.
    """

    def __init__(self, replay: Replay, explain: Callable[[Replay, ParsedRequest], Miss]) -> None:
        self.replay = replay
        self.target: Target = Recorded(replay, explain)

    def save(self) -> bool | None:
        """A cassette that was read stays as it is."""
        return None


class Recording:
    """A service answers, and its answers are recorded.

    Args:
        inner: the target that answers.
        recording: of its answers.
        redactor: of what is written.
    """

    def __init__(self, inner: Target, recording: Recordable, redactor: Redactor) -> None:
        self.recording = recording
        self.target: Target = Recorder(inner, recording, redactor)

    def save(self) -> bool | None:
        """Save the recording."""
        return self.recording.save()
