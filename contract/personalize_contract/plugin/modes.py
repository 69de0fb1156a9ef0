"""The modes of a marked test: its requests are replayed, recorded, or just answered.

A mode lives from the test's set-up to its teardown. Its `target` answers the requests; once the
test has passed, `finish` says what is wrong with what was answered, and saves what was recorded.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from personalize_contract.model.interruption import FAULT
from personalize_contract.targets.base import Recorded, Recorder, Target

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_contract.cassette.matching import Matching
    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.cassette.recording import Recording as CassetteRecording
    from personalize_contract.cassette.replay import Replay
    from personalize_contract.model.exchange import Exchange
    from personalize_contract.model.parsed_request import ParsedRequest
    from personalize_contract.plugin.mark import Mark
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.privacy.redaction import Redactor


_SHOWN = 10
"""Numbers of exchanges that are listed."""


class Mode(Protocol):
    """The life of one test's answers."""

    target: Target

    def finish(self) -> list[str]:
        """Return the problems of a test that passed.

        Raises:
            CassetteError: the recording can't be written; its journal holds it.
        """

    def interrupt(self) -> None:
        """Keep what was recorded: the run is interrupted, and the test may not be over."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Return what the summary of the run says of the test's answers.

        Args:
            answered: how many requests were answered, by whom.
            passed: whether the test passed.
        """


class Answering:
    """A service answers, and nothing is kept."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def finish(self) -> list[str]:
        """Nothing was kept that could be wrong."""
        return []

    def interrupt(self) -> None:
        """Nothing was kept."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers."""
        return _by("answered", answered)


class Replaying:
    """A cassette answers.

    Args:
        path: the cassette.
        cassette: its content.
        redactor: of the requests, as they were redacted to be recorded.
        matching: decides which exchange answers.
        record_command: the command that records the test, for the messages of misses.
        mark: of the test.
        shares_dummies: whether it was recorded before datasets of one state had a dummy each.
    """

    def __init__(
        self,
        path: Path,
        cassette: Cassette,
        redactor: Redactor,
        matching: Matching,
        record_command: str,
        mark: Mark,
        *,
        shares_dummies: bool = False,
    ) -> None:
        from personalize_contract.cassette.replay import Replay

        self._replay = Replay(path, cassette, redactor, matching)
        self._fail_unused = mark.unused == "fail"
        self._shares_dummies = shares_dummies
        self._stale = cassette.provenance.is_stale()
        explain = _Explanation(record_command, mark.violates)
        self.target: Target = Recorded(self._replay, explain)

    def finish(self) -> list[str]:
        """An exchange that was recorded and not asked for is a request that was lost."""
        unused = self._replay.unused() if self._fail_unused else []
        return [_unused(self._replay, unused)] if unused else []

    def interrupt(self) -> None:
        """A cassette that was read stays as it is."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers, the exchanges that were not asked for, and a stale cassette."""
        tally = _by("replayed", answered)
        notes = {
            "unused": len(self._replay.unused()) if passed else 0,
            "stale": int(self._stale),
            "shared-dummy": int(self._shares_dummies and bool(answered)),
        }
        if any(notes.values()):
            from personalize_contract.privacy import display

            path = display.path(self._replay.path)
            tally.update({(word, path): count for word, count in notes.items() if count})
        return tally


class _Explanation:
    """Explains the misses of one test; what that takes is loaded by the first of them."""

    def __init__(self, record_command: str, meant: tuple[str, ...]) -> None:
        self._command, self._meant = record_command, meant
        self._explainer: object = None

    def __call__(self, replay: object, request: ParsedRequest) -> str:
        from personalize_contract.feedback.miss_report import Explainer

        if not isinstance(self._explainer, Explainer):
            self._explainer = Explainer(self._command, self._meant)
        return self._explainer(replay, request)  # type: ignore[arg-type]


class Recording:
    """A service answers, and its answers become the test's cassette if the test passes.

    Args:
        inner: the target that answers.
        recording: of its answers.
        redactor: of what is written.
        matching: that the recording will be replayed with.
        fail_unused: whether a recording of nothing may not replace one of something.
    """

    def __init__(
        self,
        inner: Target,
        recording: CassetteRecording,
        redactor: Redactor,
        matching: Matching,
        *,
        fail_unused: bool,
    ) -> None:
        self._recording, self._redactor, self._matching = recording, redactor, matching
        self._fail_unused = fail_unused
        self._saved: bool | None = None
        self._left = False
        self._missing = 0
        self.target: Target = Recorder(inner, recording, redactor)

    def finish(self) -> list[str]:
        """Save the recording; a test that sent nothing and never did needs no cassette."""
        path = self._recording.path
        if not self._recording.count and not path.exists():
            return []
        before = _recorded_before(path)
        now = len(self._recording.taken())
        self._missing = max(before - now, 0)
        if before and not now and self._fail_unused:
            return [_recorded_nothing(path, before)]
        self._saved = self._recording.save()
        return []

    def interrupt(self) -> None:
        """Leave the journal, if anything is in it."""
        self._recording.leave()
        self._left = self._recording.count > 0

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers that were recorded, and say what became of the cassette."""
        from personalize_contract.privacy import display

        tally = _by("recorded" if self._saved else "answered", answered)
        path = display.path(self._recording.path)
        if self._saved:
            for member, met in self._redactor.met.items():
                tally["redact", member] += met
            for member, met in self._matching.met(self._recording.saved).items():
                tally["ignore", member] += met
            if self._missing:
                tally["fewer", path] = self._missing
        if self._saved is False:
            tally["kept", path] = 1
        if self._left:
            tally["interrupted", path] = 1
        return tally


def _by(outcome: str, answered: Counter[str]) -> Tally:
    outcomes = {name: "answered" if name == FAULT else outcome for name in answered}
    return Counter({(outcomes[name], name): count for name, count in answered.items()})


def _recorded_before(path: Path) -> int:
    """Return how many exchanges a cassette holds that is to be replaced."""
    from personalize_contract.cassette import loader
    from personalize_contract.errors import CassetteError

    try:
        return len(loader.load(path).exchanges)
    except CassetteError:
        return 0


def _recorded_nothing(path: Path, before: int) -> str:
    from personalize_contract.privacy import display

    exchanges = "the exchange" if before == 1 else f"the {before} exchanges"
    return (
        f"nothing was recorded, and {display.path(path)} was not replaced: it holds {exchanges} "
        "that this test used to send. Look for a mock that is still in place; if it is right that "
        'nothing is sent any more, delete the cassette, or say unused="report" in the mark'
    )


def _unused(replay: Replay, unused: list[Exchange]) -> str:
    from personalize_contract.privacy import display

    recorded = replay.recorded
    numbers = [number for number, one in enumerate(recorded, 1) if any(one is u for u in unused)]
    which = ", ".join(map(str, numbers[:_SHOWN])) + (", ..." if len(numbers) > _SHOWN else "")
    return (
        f"{len(unused)} of the {len(recorded)} exchanges recorded in "
        f"{display.path(replay.path)} were not asked for (number {which}): "
        "a request that this test used to send is not sent any more. "
        'If that is right, record the test again, or say unused="report" in its mark'
    )
