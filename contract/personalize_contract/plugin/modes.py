"""The modes of a marked test: answering, replaying and recording.

A mode lives from the test's set-up to its teardown. `missing_requests` returns the problems of
requests that a passing test was expected to send and did not, `save` stores the recording of a test
that passed (or failed as expected), and `tally` counts for the summary either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from personalize_contract.model.interruption import FAULT
from personalize_contract.plugin.session import Problem
from personalize_contract.targets import modes

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_contract.cassette.matching import Matching
    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.cassette.recording import Recording as CassetteRecording
    from personalize_contract.cassette.shared import Part
    from personalize_contract.errors import Miss
    from personalize_contract.model.parsed_request import ParsedRequest
    from personalize_contract.plugin.gone import GoneCassettes
    from personalize_contract.plugin.mark import Mark
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.targets.base import Target

UNUSED = "unused"
"""The title of a problem with unused exchanges, and the tally's word for them."""


class Mode(modes.Mode, Protocol):
    """Answers the requests of one test."""

    def missing_requests(self) -> list[Problem]:
        """Return the problems of requests that a passing test was expected to send and did not."""

    def interrupt(self) -> None:
        """Keep the recording so far, since the run is interrupted in the middle of the test."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Return this mode's share of the run's tally.

        Args:
            answered: the number of answered requests, by provenance.
            passed: whether the test passed.
        """


class Answering(modes.Answering):
    """Answers from a service, and keeps nothing."""

    def missing_requests(self) -> list[Problem]:
        """Return nothing, since no request is expected."""
        return []

    def interrupt(self) -> None:
        """Do nothing, since nothing is kept."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers."""
        return _by("answered", answered)


class Replaying(modes.Replaying):
    """Answers from a cassette.

    Args:
        path: the path of the cassette.
        cassette: the content of the cassette.
        redactor: the redactor of requests, with the settings that they were recorded with.
        matching: the rule by which an exchange answers a request.
        record_command: the command that records the test, for the messages of misses.
        mark: the mark of the test.
        gone: returns the search for cassettes of gone tests; called at the first miss.
        shares_dummies: whether the cassette has one dummy for several datasets of the same state.
        max_age: the age in days beyond which the cassette is aged; None if it never is.
        test: the node id of the test if it shares the cassette; `""` if not.
    """

    def __init__(
        self,
        path: Path,
        cassette: Cassette,
        redactor: Redactor,
        matching: Matching,
        record_command: str,
        mark: Mark,
        gone: Callable[[], GoneCassettes],
        *,
        shares_dummies: bool = False,
        max_age: int | None = None,
        test: str = "",
    ) -> None:
        from personalize_contract.cassette.replay import Replay

        replay = Replay(path, cassette, redactor, matching, test)
        super().__init__(replay, _Explanation(record_command, mark.violates, gone))
        self.path, self.redactor, self.record_command = path, redactor, record_command
        self.fail_unused = mark.unused == "fail"
        self._shares_dummies = shares_dummies
        self._stale = cassette.provenance.is_stale()
        self._aged = max_age is not None and _is_aged(cassette, max_age)
        self.outcome = "replayed"
        """The tally's word for an exchange that was used."""

    def missing_requests(self) -> list[Problem]:
        """Return the problem of unused exchanges: each is a request that was not sent again."""
        unused = self.replay.unused() if self.fail_unused else []
        if not unused:
            return []
        from personalize_contract.feedback.unused_report import unused_text

        return [Problem(unused_text(self.replay, unused), title=UNUSED)]

    def interrupt(self) -> None:
        """Do nothing, since the cassette is only read."""

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers and the unused exchanges, and note a stale or aged cassette."""
        tally = _by(self.outcome, answered)
        notes = {
            UNUSED: len(self.replay.unused()) if passed else 0,
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
    """Explains the misses of one test. The first miss imports the explainer."""

    def __init__(
        self, record_command: str, violates: tuple[str, ...], gone: Callable[[], GoneCassettes]
    ) -> None:
        self._command, self._violates, self._gone = record_command, violates, gone
        self._explainer: object = None

    def __call__(self, replay: object, request: ParsedRequest) -> Miss:
        from personalize_contract.feedback.miss_report import Explainer

        if not isinstance(self._explainer, Explainer):
            self._explainer = Explainer(self._command, self._violates, self._gone())
        return self._explainer(replay, request)  # type: ignore[arg-type]


class Recording(modes.Recording):
    """Answers from a service, and saves the answers as the test's cassette if the test passes.

    Args:
        inner: the target that answers.
        recording: the recording of its answers.
        redactor: the redactor of recorded exchanges.
        matching: the rule with which the recording will be replayed.
        fail_unused: whether an empty recording must not replace a cassette with exchanges.
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

    def missing_requests(self) -> list[Problem]:
        """Return the problem of an empty recording that would replace exchanges."""
        if self.recording.count or not self._fail_unused:
            return []
        before = recorded_before(self.recording.path)
        if not before:
            return []
        return [Problem(recorded_nothing(self.recording.path, before), title="nothing recorded")]

    def save(self) -> bool | None:
        """Save the recording; do nothing for a test without requests and without a cassette."""
        path = self.recording.path
        if not self.recording.count and not path.exists():
            return None
        self._missing = max(recorded_before(path) - len(self.recording.exchanges()), 0)
        self.saved = self.recording.save()
        return self.saved

    def interrupt(self) -> None:
        """Leave the journal if it holds any exchanges."""
        self.recording.leave()
        self._left = self.recording.count > 0

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the recorded answers, and note whether the cassette was replaced."""
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
    """Return the number of exchanges in a cassette that is to be replaced."""
    from personalize_contract.cassette import loader
    from personalize_contract.errors import CassetteError

    try:
        return len(loader.load(path).exchanges)
    except CassetteError:
        return 0


def recorded_nothing(path: Path, before: int) -> str:
    """Return the problem of an empty recording that would replace exchanges."""
    from personalize_contract.privacy import display

    exchanges = "1 exchange" if before == 1 else f"{before} exchanges"
    return (
        f"nothing was recorded, so {display.path(path)} was not replaced: it has {exchanges} of "
        "an earlier recording, but no request was sent now. Check whether a mock intercepts "
        'the requests. If nothing should be sent, delete the cassette, or add unused="report" to '
        "the mark"
    )
