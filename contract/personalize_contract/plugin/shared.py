"""A cassette that several tests share, by its name in their marks.

Each test may use any exchange in it; those recorded for the test itself are tried first. Unused
exchanges, and the completeness of a recording, are only known at the end of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from personalize_contract.cassette import loader
from personalize_contract.errors import CassetteError, CassetteMissing, UsageError
from personalize_contract.plugin import failure_report, modes, options, paths
from personalize_contract.plugin.mark import cassette_of
from personalize_contract.privacy import display

if TYPE_CHECKING:
    from collections import Counter

    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.cassette.shared import Part, SharedRecording
    from personalize_contract.model.exchange import Exchange
    from personalize_contract.model.provenance import Provenance
    from personalize_contract.plugin.session import Problem
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.settings import Settings

_RUN = pytest.StashKey[dict[Path, "SharedCassette"]]()


class SharedCassette:
    """A shared cassette during one run of this process.

    Args:
        item: one of the tests that name the cassette.
        path: the path of the cassette.
        settings: the settings of the run.
    """

    def __init__(self, item: pytest.Item, path: Path, settings: Settings) -> None:
        self.path = path
        self._settings = settings
        self.owner = paths.owner(item)
        collected = item.config.stash.get(options.COLLECTED, [])
        self.is_known = bool(collected)
        """True if every test that names it is known, since whole modules were collected."""
        self.running = [each for each in item.session.items if self._is_of(each)]
        self._tests = {each.nodeid for each in collected or self.running if self._is_of(each)}
        self._item = item
        self._recording: SharedRecording | None = None
        self._parts: dict[str, Part] = {}

    def _is_of(self, item: pytest.Item) -> bool:
        return bool(cassette_of(item)) and paths.cassette_path(item, self._settings) == self.path

    @cached_property
    def cassette(self) -> Cassette:
        """The content at the beginning of the run; empty if there is no cassette.

        Raises:
            CassetteError: it can't be read, or belongs to another test.
        """
        return paths.load(self.path, self.owner)

    @property
    def tests(self) -> set[str]:
        """The tests that share it: as collected, or else those of the cassette and this run."""
        if self.is_known:
            return self._tests
        try:
            recorded = {origin.recorded_for for origin in loader.load(self.path).origins}
        except CassetteError:
            recorded = set()
        return self._tests | recorded

    def record_command(self, target: str) -> str:
        """Return the command that records all of it."""
        parts = [test.split("::") for test in self.tests]
        shared = [names[0] for names in zip(*parts, strict=False) if len(set(names)) == 1]
        return paths.record_command(self._item, target, "::".join(shared))

    def part(self, item: pytest.Item, path: Path, provenance: Provenance) -> Part:
        """Begin the recording of a test's part.

        Args:
            item: the test.
            path: the path to record to.
            provenance: the provenance of the answers.

        Raises:
            UsageError: this run leaves out some of the tests that share the cassette.
            CassetteError: as for `Recording`.
        """
        from personalize_contract.cassette.shared import Part, SharedRecording

        if left_out := sorted(self.tests - {each.nodeid for each in self.running}):
            raise UsageError(
                f"{display.path(self.path)} is shared with {left_out[0]}, which is not in this "
                "run; a shared cassette is recorded in one run of all its tests: "
                f"{self.record_command(self._settings.target)}"
            )
        if self._recording is None:
            provenance = replace(provenance, recorded_for=self.owner)
            self._recording = SharedRecording(path, provenance)
        part = self._parts[item.nodeid] = Part(self._recording, item.nodeid)
        return part

    def replaying(self, *arguments: Any, **named: Any) -> Replaying:
        """Return the replay for one of its tests; takes the arguments of `modes.Replaying`."""
        return Replaying(self, *arguments, **named)

    def leave(self) -> None:
        """Leave the recording in its journal, since the run is interrupted."""
        if self._recording:
            self._recording.leave()

    def discard(self) -> None:
        """Leave the old cassette as it is."""
        if self._recording:
            self._recording.discard()

    def save(self) -> Tally:
        """Replace the cassette if all its tests were recorded; return the notes on it.

        Raises:
            CassetteError: the cassette can't be written.
            UsageError: an empty recording would replace exchanges.
        """
        from personalize_contract.plugin.summary import Tally

        if not self._recording:
            return Tally()
        recording, shown_path = self._recording, display.path(self.path)
        before = modes.recorded_before(recording.path)
        if missing_part := next(self._missing_parts(), ""):
            recording.discard()
            return self._as_answered("unrecorded", f"{shown_path}: {missing_part}")
        if not recording.count:
            recording.discard()
            if before:
                raise UsageError(modes.recorded_nothing(recording.path, before))
            return Tally()
        missing = before - len(recording.exchanges())
        if not recording.save():
            return self._as_answered("kept", shown_path)
        return Tally({("fewer", shown_path): missing} if missing > 0 else {})

    def _missing_parts(self) -> Iterator[str]:
        """Yield a sentence for each test whose part is missing from the recording."""
        recorded = {origin.recorded_for for origin in self.cassette.origins}
        for item in self.running:
            part = self._parts.get(item.nodeid)
            if part and part.is_saved:
                continue
            if item.stash.get(options.SKIPPED, False) and item.nodeid not in recorded:
                continue
            yield (
                f"{item.nodeid} was not recorded, but a shared cassette is replaced as a whole; "
                "record it again in a run that records all of its tests"
            )

    def _as_answered(self, *why: str) -> Tally:
        """Return a tally that counts the recorded answers as not recorded, with the reason."""
        from personalize_contract.plugin.summary import Tally

        assert self._recording
        by = self._recording.provenance.answered_by
        count = sum(part.count for part in self._parts.values() if part.is_saved)
        return Tally({("answered", by): count, ("recorded", by): -count, why: 1})


class Replaying(modes.Replaying):
    """Answers one test from a shared cassette.

    Args:
        shared: the cassette.
        arguments: the arguments of `modes.Replaying`.
        test: the node id of the test.
    """

    def __init__(self, shared: SharedCassette, *arguments: Any, test: str, **named: Any) -> None:
        super().__init__(*arguments, test=test, **named)
        self._shared, self._test = shared, test

    def missing_requests(self) -> list[Problem]:
        """Return nothing, since only the end of the run can tell."""
        return []

    def tally(self, answered: Counter[str], *, passed: bool) -> Tally:
        """Count the answers; note the used exchanges, and the tests that may use them."""
        tally = super().tally(answered, passed=False)
        path = str(self.path)
        unused = set(map(id, self.replay.unused()))
        for number, exchange in enumerate(self.replay.recorded):
            if id(exchange) not in unused:
                tally["used", path, str(number)] = 1
        if passed:
            tally["ran", path, self._test, "fail" if self.fail_unused else "report"] = 1
        if self._shared.is_known:
            tally.update({("named", path, test): 1 for test in self._shared.tests})
        return tally


class Recording(modes.Recording):
    """Answers from a service, and records the answers as a test's part of a shared cassette."""

    def missing_requests(self) -> list[Problem]:
        """Return nothing, since only the end of the run can tell."""
        return []

    def save(self) -> bool | None:
        """Mark the part as complete, even an empty one; the end of the run saves it."""
        self.saved = self.recording.save()
        return self.saved


def of(item: pytest.Item, settings: Settings) -> SharedCassette:
    """Return the cassette that a test shares with others."""
    run = item.config.stash.setdefault(_RUN, {})
    path = paths.cassette_path(item, settings)
    if path not in run:
        run[path] = SharedCassette(item, path, settings)
    return run[path]


def abandon(config: pytest.Config, *, interrupted: bool) -> None:
    """End the recordings of an unfinished run; keep their journals if it was interrupted."""
    for shared in config.stash.get(_RUN, {}).values():
        if interrupted:
            shared.leave()
        else:
            shared.discard()


def finish(session: pytest.Session, tally: Tally, settings: Settings) -> None:
    """Save the recordings of a run, and report unused exchanges.

    An xdist worker leaves the reports to its controller, which has the tallies of all workers.
    """
    for shared in session.config.stash.get(_RUN, {}).values():
        try:
            tally.update(shared.save())
        except (CassetteError, UsageError) as error:
            tally["unsaved", str(shared.path), shared.owner, str(error)] = 1
    if hasattr(session.config, "workeroutput"):
        return
    for _, _, owner, text in [key for key in tally if key[0] == "unsaved"]:
        failure_report.of_run(session, tally, owner, text, "not saved")
    is_reported = options.reports_traffic(session.config)
    for owner, text in list(_unused(tally, settings, is_reported=is_reported)):
        failure_report.of_run(session, tally, owner, text, modes.UNUSED)


def _unused(tally: Tally, settings: Settings, *, is_reported: bool) -> Iterator[tuple[str, str]]:
    """Yield the owner of each shared cassette with unused exchanges, and the problem.

    Args:
        tally: the tally of the run, in which unused exchanges are noted.
        settings: the run's settings.
        is_reported: whether each of them is noted, for a report.
    """
    from personalize_contract.cassette.matching import Matching
    from personalize_contract.cassette.replay import Replay
    from personalize_contract.feedback.unused_report import unused_text
    from personalize_contract.privacy.redaction import Redactor

    for name in sorted({key[1] for key in tally if key[0] == "ran"}):
        path = Path(name)
        try:
            cassette = loader.load(path)
        except CassetteMissing:
            continue
        failing: list[Exchange] = []
        reported: list[Exchange] = []
        ran = {key[2]: key[3] for key in tally if key[:2] == ("ran", name)}
        named = {key[2] for key in tally if key[:2] == ("named", name)}
        for number, exchange in enumerate(cassette.exchanges):
            test = cassette.origins[number].recorded_for
            is_gone = bool(named) and test not in named
            if tally["used", name, str(number)] or not (test in ran or is_gone):
                continue
            (failing if ran.get(test, "fail") == "fail" else reported).append(exchange)
        if reported:
            tally["unused", display.path(path)] += len(reported)
        owner = cassette.provenance.recorded_for
        replay = Replay(path, cassette, Redactor(paths=settings.redact), Matching())
        if is_reported:
            from personalize_contract.plugin import traffic_report

            traffic_report.note_unused(tally, owner, replay, [*failing, *reported], settings)
        if failing:
            yield owner, unused_text(replay, failing)
