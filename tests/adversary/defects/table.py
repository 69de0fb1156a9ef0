"""All defects. Each family is a generator over the clauses of a contract file.

Equivalent mutants, which no request of the page could reveal, are not generated; a comment gives
the reason for each omission.
"""

from __future__ import annotations

from functools import cache

from adversary.defects import (
    checks,
    impostors,
    intermittent,
    json_texts,
    legal,
    messages,
    odd_requests,
    patterns,
    rejections,
    states,
    successes,
    transport,
)
from adversary.defects.mutant import Mutant
from adversary.service import operation

FAMILIES = (
    checks.mutants,
    legal.mutants,
    patterns.mutants,
    json_texts.mutants,
    odd_requests.mutants,
    rejections.mutants,
    messages.mutants,
    successes.mutants,
    states.mutants,
    intermittent.mutants,
    transport.mutants,
    impostors.mutants,
)


@cache
def mutants() -> dict[str, Mutant]:
    """Return the services with one defect, by its description."""
    every = [mutant for family in FAMILIES for mutant in family(operation())]
    table = {mutant.name: mutant for mutant in every}
    assert len(table) == len(every), "two mutants have the same name"
    return table
