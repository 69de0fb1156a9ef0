"""The modes of a marked test, and what each of them has to say of the test at its end.

A mode lives from the test's set-up to its teardown. Once the test has passed, `lacking` says what
it did not ask for, `save` keeps what was recorded, and `tally` counts for the summary.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from personalize_contract.model.interruption import FAULT
from personalize_contract.targets import modes

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_contract.cassette.matching import Matching
    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.cassette.recording import Recording as CassetteRecording
    from personalize_contract.cassette.shared import Part
    from personalize_contract.model.parsed_request import ParsedRequest
    from personalize_contract.plugin.mark import Mark
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.targets.base import Target


class Mode(modes.Mode, Protocol):
    """The life of one test's answers."""

    def lacking(self) -> list[str]:
        """Return what a test that passed so far has yet to ask for, as problems."""

    def interrupt(self) -> None:
        """Keep what was recorded: the run is interrupted, and the test may not be over."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Return what the summary of the run says of the test's answers.

        Args:
            answered: how many requests were answered, by whom.
            passed: whether the test passed.
        """


class Answering(modes.Answering):
    """A service answers, and nothing is kept."""

    def lacking(self) -> list[str]:
        """No request is expected."""
        return []

    def interrupt(self) -> None:
        """Nothing was kept."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers."""
        return _by("answered", answered)


class Replaying(modes.Replaying):
    """A cassette answers.

    Args:
        path: the cassette.
        cassette: its content.
        redactor: of the requests, as they were redacted to be recorded.
        matching: decides which exchange answers.
        record_command: the command that records the test, for the messages of misses.
        mark: of the test.
        shares_dummies: whether it was recorded before datasets of one state had a dummy each.
        max_age: the days after which the cassette is aged; None if it never is.
        test: node id of the test, if it shares the cassette.
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
        max_age: int | None = None,
        test: str = "",
    ) -> None:
        from personalize_contract.cassette.replay import Replay

        replay = Replay(path, cassette, redactor, matching, test)
        super().__init__(replay, _Explanation(record_command, mark.violates))
        self.path, self.redactor, self.record_command = path, redactor, record_command
        self.fail_unused = mark.unused == "fail"
        self._shares_dummies = shares_dummies
        self._stale = cassette.provenance.is_stale()
        self._aged = max_age is not None and _is_aged(cassette, max_age)
        self.outcome = "replayed"
        """The word for an exchange that was asked for."""

    def lacking(self) -> list[str]:
        """An exchange that was recorded and not asked for is a request that was lost."""
        unused = self.replay.unused() if self.fail_unused else []
        if not unused:
            return []
        from personalize_contract.feedback.unused_report import unused_text

        return [unused_text(self.replay, unused)]

    def interrupt(self) -> None:
        """A cassette that was read stays as it is."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers, the exchanges that were not asked for, and a stale cassette."""
        tally = _by(self.outcome, answered)
        notes = {
            "unused": len(self.replay.unused()) if passed else 0,
            "stale": int(self._stale),
            "aged": int(self._aged),
            "shared-dummy": int(self._shares_dummies and bool(answered)),
        }
        if any(notes.values()):
            from personalize_contract.privacy import display

            path = display.path(self.replay.path)
            tally.update({(word, path): count for word, count in notes.items() if count})
        return tally


def _is_aged(cassette: Cassette, max_age: int) -> bool:
    from personalize_contract.model.provenance import days_ago

    dates = {origin.recorded_at for origin in cassette.origins}
    return bool(dates) and min(dates) < days_ago(max_age)


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


class Recording(modes.Recording):
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
        recording: CassetteRecording | Part,
        redactor: Redactor,
        matching: Matching,
        *,
        fail_unused: bool,
    ) -> None:
        super().__init__(inner, recording, redactor)
        self.recording: CassetteRecording | Part = recording
        self._redactor, self._matching = redactor, matching
        recording.match_by(matching)
        self._fail_unused = fail_unused
        self.saved: bool | None = None
        self._left = False
        self._missing = 0

    def lacking(self) -> list[str]:
        """A recording of nothing may not replace one of something."""
        if self.recording.count or not self._fail_unused:
            return []
        before = recorded_before(self.recording.path)
        return [recorded_nothing(self.recording.path, before)] if before else []

    def save(self) -> bool | None:
        """Save the recording; a test that sent nothing and never did needs no cassette."""
        path = self.recording.path
        if not self.recording.count and not path.exists():
            return None
        self._missing = max(recorded_before(path) - len(self.recording.taken()), 0)
        self.saved = self.recording.save()
        return self.saved

    def interrupt(self) -> None:
        """Leave the journal, if anything is in it."""
        self.recording.leave()
        self._left = self.recording.count > 0

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers that were recorded, and say what became of the cassette."""
        from personalize_contract.privacy import display

        tally = _by("recorded" if self.saved else "answered", answered)
        path = display.path(self.recording.path)
        if self.saved:
            for member, met in self._redactor.met.items():
                tally["redact", member] += met
            for member, met in self._matching.met(self.recording.saved).items():
                tally["ignore", member] += met
            if self._missing:
                tally["fewer", path] = self._missing
        if self.saved is False:
            tally["kept", path] = 1
        if self._left:
            tally["interrupted", path] = 1
        return tally


def _by(outcome: str, answered: Counter[str]) -> Tally:
    outcomes = {name: "answered" if name == FAULT else outcome for name in answered}
    return Counter({(outcomes[name], name): count for name, count in answered.items()})


def recorded_before(path: Path) -> int:
    """Return how many exchanges a cassette holds that is to be replaced."""
    from personalize_contract.cassette import loader
    from personalize_contract.errors import CassetteError

    try:
        return len(loader.load(path).exchanges)
    except CassetteError:
        return 0


def recorded_nothing(path: Path, before: int) -> str:
    """Return the problem of a recording of nothing that would replace one of something."""
    from personalize_contract.privacy import display

    exchanges = "the exchange" if before == 1 else f"the {before} exchanges"
    return (
        f"nothing was recorded, and {display.path(path)} was not replaced: it holds {exchanges} "
        "that this test used to send. Look for a mock that is still in place; if it is right that "
        'nothing is sent any more, delete the cassette, or say unused="report" in the mark'
    )
