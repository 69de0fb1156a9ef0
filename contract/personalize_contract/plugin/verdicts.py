"""The verdict on a test whose answers are held against a cassette, as pytest reports it.

Trouble of the environment is an error and no failure, also where it made the code under test fail;
a state that can't be had is a skip with its reason. Every other difference is a failure.
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
"""Of a run in which only the environment failed; pytest's own end at 5."""

_VERDICT = "personalize_verdict"


def verdict(problems: Sequence[Problem]) -> str:
    """Return the verdict on a test from the problems that were noted of it.

    What the code sends because of an answer that shows nothing is not held against it.

    Returns:
        One of the four, the first that applies; `""` where the test failed for another reason.
    """
    met = [_of(problem) for problem in problems]
    passing = {ENVIRONMENT, NOT_REACHED}
    first = next((number for number, found in enumerate(met) if found in passing), len(met))
    rest = [
        found
        for number, (found, problem) in enumerate(zip(met, problems, strict=True))
        if found not in passing and not (number > first and isinstance(problem.error, Miss))
    ]
    return (
        next((one for one in (BROKEN, CHANGED) if one in rest), "")
        if rest
        else (ENVIRONMENT if ENVIRONMENT in met else NOT_REACHED if met else "")
    )


def _of(problem: Problem) -> str:
    return ENVIRONMENT if isinstance(problem.error, TargetUnavailable) else problem.verdict


def settle(report: pytest.TestReport, problems: Sequence[Problem]) -> tuple[str, str] | None:
    """Make of a failed report what its verdict is.

    Args:
        report: of a phase of a test, or of a subtest.
        problems: noted in it; of the test until then where nothing was.

    Returns:
        The verdict, and a line that says why; None without one.
    """
    if not (found := verdict(problems)):
        return None
    if not report.failed:
        # pytest fails a test that passed for its subtests, later.
        setattr(report, _VERDICT, found)
        return None
    text = next(one.text for one in problems if _of(one) == found)
    why = display.quoted(text.partition("\n")[0])
    if found == NOT_REACHED:
        path, line, _ = report.location
        report.outcome = "skipped"
        report.longrepr = (path, (line or 0) + 1, f"Skipped: {why}")
    setattr(report, _VERDICT, found)
    return found, why.removeprefix(f"{found}: ")


class Verdicts:
    """Reports the tests that the environment failed as errors. Registered in runs that verify."""

    def __init__(self) -> None:
        self._of_environment = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        """Count a failure of the environment as an error, in whichever phase it is."""
        status = yield
        return ("error", "E", "ERROR") if _is_of_environment(report) else status

    @pytest.hookimpl(tryfirst=True)  # as the session counts
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count it, also where an xdist worker ran the test."""
        self._of_environment += _is_of_environment(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell a run that only the environment failed by its exit status."""
        is_all = self._of_environment == session.testsfailed
        if is_all and session.exitstatus == pytest.ExitCode.TESTS_FAILED:
            session.exitstatus = EXIT_STATUS


def _is_of_environment(report: pytest.TestReport) -> bool:
    return bool(report.failed) and getattr(report, _VERDICT, "") == ENVIRONMENT
