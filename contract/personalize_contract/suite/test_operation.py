"""One test for each scenario of one operation, against the target of the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from personalize_contract.report.view import NOT_SHIPPED
from personalize_contract.suite.run import Run
from personalize_contract.suite.scenario import Scenario
from personalize_contract.suite.second_try import SecondTry


def test_operation(
    scenario: Scenario, run: Run | SecondTry, record_property: Callable[[str, object], None]
) -> None:
    """Check that every clause of the scenario holds."""
    outcome = run.outcome(scenario)
    record_property("personalize_contract", outcome.as_property())
    if outcome.not_shipped:
        pytest.skip(NOT_SHIPPED)
    if outcome.is_postponed:
        pytest.skip(outcome.findings[0].why)
    if failures := outcome.failures(run.contract):
        pytest.fail("\n".join(failures), pytrace=False)
