"""Failure reports: of a marked test, its problems first; of a whole run, as if it were a test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

import pytest
from _pytest._code.code import (
    ExceptionChainRepr,
    ReprEntryNative,
    ReprFileLocation,
    ReprTraceback,
)

from personalize_contract.feedback.call_site import is_users
from personalize_contract.plugin import options
from personalize_contract.plugin.session import Problem
from personalize_contract.privacy import display

if TYPE_CHECKING:
    from personalize_contract.plugin.summary import Tally
    from personalize_contract.settings import Settings


def text(problems: Iterable[Problem]) -> str:
    """Return the text of problems, each once.

    The first line has to make sense alone, since pytest's summary shows only that.
    """
    return display.message("\n\n".join(dict.fromkeys(problem.text for problem in problems)))


def lead(report: pytest.TestReport, problems: Sequence[Problem], error: BaseException) -> None:
    """Put problems at the head of a failure, unless the failure itself says the same.

    pytest's summary gets only the first line, since on CI it would print all of them again.

    Args:
        report: the report of the failure.
        problems: the problems so far, at least one.
        error: the test's error; a problem with this error is not repeated.
    """
    words = text(problem for problem in problems if problem.error is not error)
    failure = report.longrepr
    path, line, _ = report.location
    if isinstance(failure, ExceptionChainRepr):
        chain, sections = list(failure.chain), failure.sections
    else:
        chain, sections = [(_native(report.longreprtext), None, None)], []
    entries, place, _ = chain[-1]
    headline = words or (place.message if place else report.longreprtext)
    place = place or ReprFileLocation(path, (line or 0) + 1, "")
    chain[-1] = entries, replace(place, message=headline.partition("\n")[0]), None
    if words and words not in report.longreprtext:
        chain.insert(0, (_native(words), None, "and this is how the test failed:"))
    report.longrepr = ExceptionChainRepr(chain)
    report.longrepr.sections.extend(sections)


def _native(text: str) -> ReprTraceback:
    return ReprTraceback([ReprEntryNative([f"{text}\n"])], None, style="native")


def shortened(error: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """Reduce the tracebacks of an error and its causes to frames of the user's code."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error.value]
    while pending:
        cause = pending.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        pending += [cause.__cause__, cause.__context__]
        cause.__traceback__ = _own_frames(cause.__traceback__) or cause.__traceback__
    return pytest.ExceptionInfo.from_exception(error.value)


def _own_frames(entry: TracebackType | None) -> TracebackType | None:
    entries: list[TracebackType] = []
    while entry:
        if is_users(entry.tb_frame.f_code.co_filename):
            entries.append(entry)
        entry = entry.tb_next
    traceback: TracebackType | None = None
    for entry in reversed(entries):
        traceback = TracebackType(traceback, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return traceback


def of_run(session: pytest.Session, tally: Tally, name: str, text: str, title: str = "") -> None:
    """Report a failure of the run.

    Args:
        session: the session of the run.
        tally: the tally of the run, in which it is noted for reports.
        name: the name to report, in place of a node id.
        text: the problem. The first line makes sense alone.
        title: the kind of problem, for reports; `""` if the name says it.
    """
    tally["problem", title or name, "", name if title else "", text, ""] = 1
    location = (name.partition("::")[0], None, name)
    failure = pytest.TestReport(name, location, {}, "failed", display.message(text), "call")
    setattr(failure, options.DATA_KEY, options.Decision.OF_RUN.value)
    session.config.hook.pytest_runtest_logreport(report=failure)


def fail_on_cassettes(session: pytest.Session, tally: Tally, settings: Settings) -> None:
    """Fail a run if it used cassettes of the kinds in the ini key `personalize_fail_on`."""
    from personalize_contract.plugin.summary import CASSETTES

    for kind in settings.fail_on:
        if paths := sorted(key[1] for key in tally if key[0] == kind):
            cassettes = f"{len(paths)} cassette{'' if len(paths) == 1 else 's'}"
            lines = [f"{cassettes}: {CASSETTES[kind]}", *(f"  {path}" for path in paths)]
            of_run(session, tally, f"personalize_fail_on = {kind}", "\n".join(lines))
