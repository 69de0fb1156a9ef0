"""A service with one defect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adversary.listening import Choice
from adversary.service import Service

ANY = ""
"""Of a defect that no one clause is about: the suite may name any."""


@dataclass(frozen=True)
class Mutant:
    """A service with one defect.

    Args:
        name: a description of the defect.
        clause: the clause that must be reported as broken; ANY for any clause.
        service: the service.
        wire: the way in which its answers are sent over HTTP; None if the defect is elsewhere,
            so that the service may be called directly.
    """

    name: str
    clause: str
    service: Service
    wire: Choice | None = None


Mutants = Iterator[Mutant]
