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
        name: what is wrong with it.
        clause: the clause that must be named as broken; ANY if it may be any.
        service: answers the requests.
        wire: how its answers are sent over HTTP; None where that isn't what is wrong, so that
            the service may be called without.
    """

    name: str
    clause: str
    service: Service
    wire: Choice | None = None


Mutants = Iterator[Mutant]
