"""One test for each scenario of one operation, against the target of the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from personalize_contract.report.view import HOLDS, NOT_SHIPPED
from personalize_contract.suite.run import Run
from personalize_contract.suite.scenario import Scenario


def test_operation(
    scenario: Scenario, run: Run, record_property: Callable[[str, object], None]
) -> None:
    """Each clause that the scenario speaks of holds."""
    outcome = run.outcome(scenario)
    record_property("personalize_contract", outcome.as_property())
    if outcome.not_shipped:
        pytest.skip(NOT_SHIPPED)
    failed = [
        f"{finding.clause} {finding.status}: {finding.why}"
        for finding in outcome.findings
        if finding.status != HOLDS and run.contract.clauses[finding.clause].can_fail
    ]
    if failed:
        pytest.fail("\n".join(failed), pytrace=False)
