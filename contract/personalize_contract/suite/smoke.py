"""The dozen scenarios of `verify --smoke`: one for each documented outcome and each limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from personalize_contract.suite.expectations import Rejected
from personalize_contract.suite.scenario import Scenario

_LIMITS = ("min-members", "max-members", "min-length", "max-length", "pattern")


def smoke(rows: Iterable[Scenario]) -> Iterator[Scenario]:
    """Yield the first scenario about each outcome, and the first past each limit."""
    seen = set()
    for row in rows:
        clause, expectation = row.expects[0]
        _, *_, last = clause.split(".")
        is_outcome = last == "status"
        is_past_limit = last in _LIMITS and isinstance(expectation, Rejected)
        if clause not in seen and (is_outcome or is_past_limit):
            seen.add(clause)
            yield row
