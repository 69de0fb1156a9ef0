"""Verdicts on tests whose answers are compared with a cassette, and how pytest reports them.

A failure of the environment is reported as an error, even if it made the code under test fail; a
state that is not available is a skip with its reason. Any other difference is a failure.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from personalize_contract.errors import Miss, TargetUnavailable
from personalize_contract.plugin.session import Problem
from personalize_contract.privacy import display

BROKEN = "contract broken"
CHANGED = "changed, contract holds"
ENVIRONMENT = "environment"
NOT_REACHED = "not reached"

EXIT_STATUS = 6
"""The exit status of a run in which only the environment failed; pytest's own end at 5."""

_VERDICT = "personalize_verdict"


def verdict(problems: Sequence[Problem]) -> str:
    """Return the verdict on a test from its problems, in the order in which they were noted.

    Misses that follow a failure of the environment, or a state that is not available, don't count:
    the code sent those requests because of that answer.

    Returns:
        One of the four, the first that applies; `""` if the test failed for another reason.
    """
    trouble, failures = "", []
    for problem in problems:
        kind = of(problem)
        if kind in (ENVIRONMENT, NOT_REACHED):
            trouble = trouble if trouble == ENVIRONMENT else kind
        elif not (trouble and isinstance(problem.error, Miss)):
            failures.append(kind)
    if not failures:
        return trouble
    return next((verdict for verdict in (BROKEN, CHANGED) if verdict in failures), "")


def of(problem: Problem) -> str:
    """Return the verdict of one problem; `""` if it is of another kind."""
    return ENVIRONMENT if isinstance(problem.error, TargetUnavailable) else problem.verdict


def settle(report: pytest.TestReport, problems: Sequence[Problem]) -> tuple[str, str] | None:
    """Apply the verdict to the report of a failure.

    Args:
        report: the report of a phase of a test, or of a subtest.
        problems: the problems noted in it, or if there are none, earlier in the test.

    Returns:
        The verdict and its reason in one line; None without a verdict.
    """
    if not (settled := verdict(problems)):
        return None
    if not report.failed:
        # Later, pytest fails a passed test whose subtests failed.
        setattr(report, _VERDICT, settled)
        return None
    text = next(problem.text for problem in problems if of(problem) == settled)
    why = display.quoted(text.partition("\n")[0])
    if settled == NOT_REACHED:
        path, line, _ = report.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {why}")
    setattr(report, _VERDICT, settled)
    return settled, why.removeprefix(f"{settled}: ")


class Verdicts:
    """Reports failures of the environment as errors. Registered in runs that verify."""

    def __init__(self) -> None:
        self._of_environment = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        """Report a failure of the environment as an error, in any phase."""
        status = yield
        return ("error", "E", "ERROR") if _is_of_environment(report) else status

    @pytest.hookimpl(tryfirst=True)  # as the session counts
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the failures of the environment, those of xdist's workers too."""
        self._of_environment += _is_of_environment(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Set the exit status if only the environment failed."""
        is_all = self._of_environment == session.testsfailed
        if is_all and session.exitstatus == pytest.ExitCode.TESTS_FAILED:
            session.exitstatus = EXIT_STATUS


def _is_of_environment(report: pytest.TestReport) -> bool:
    return bool(report.failed) and getattr(report, _VERDICT, "") == ENVIRONMENT
