"""How the failure of a marked test reads: what was found first, then the user's own code."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType

import pytest

from personalize_contract.place import is_theirs
from personalize_contract.session import Finding


def text(findings: Iterable[Finding]) -> str:
    """Findings for people, each once. The first line stands alone: pytest's summary shows it."""
    return "\n\n".join(dict.fromkeys(one.text for one in findings))


def lead(report: pytest.TestReport, findings: Iterable[Finding], error: BaseException) -> None:
    """Put what was found at the head of a failure, if it isn't what the failure says itself.

    Args:
        report: of the failure.
        findings: what was found until then.
        error: that the test failed with; a finding which is this error is told by it.
    """
    found, failure = text(one for one in findings if one.error is not error), report.longreprtext
    if found and found not in failure:
        report.longrepr = f"{found}\n\nand this is how the test failed:\n\n{failure}"


def shortened(error: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """An error whose traceback, and its causes', have the user's own frames alone."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error.value]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__]
        one.__traceback__ = _own_frames(one.__traceback__) or one.__traceback__
    return pytest.ExceptionInfo.from_exception(error.value)


def _own_frames(entry: TracebackType | None) -> TracebackType | None:
    entries: list[TracebackType] = []
    while entry:
        if is_theirs(entry.tb_frame.f_code.co_filename):
            entries.append(entry)
        entry = entry.tb_next
    kept: TracebackType | None = None
    for entry in reversed(entries):
        kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return kept
