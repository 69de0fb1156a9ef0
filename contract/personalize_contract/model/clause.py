"""A clause: one checkable promise of an operation's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["documented", "modelled", "observed"]
Binds = Literal["caller", "service"]
Refused = Literal["invalid-input", "malformed", "unspecified"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One checkable promise.

    Args:
        id: a name that is clear without context.
        statement: the promise in words.
        source: the section of the page, or the shape in the service model, that makes it.
        level: `documented` by the page, `modelled` by the service model only, or `observed`:
            by neither, so it is shown and never failed.
        binds: the bound party: the caller in a request, the service in an answer.
        check: the rule, for the checker; empty if no single exchange can show it.
        refused: for a caller's clause, the answer to a request that breaks it, as far as the page
            says: `invalid-input` (400 and that code), `malformed` (400; the code is not documented)
            or `unspecified`.
        own: whether it is a downstream repo's rule for itself, unknown to the service.
    """

    id: str
    statement: str
    source: str
    level: Level
    binds: Binds
    check: Mapping[str, Any]
    refused: Refused | None
    own: bool = False

    @property
    def can_fail(self) -> bool:
        """True if breaking it is a failure; an observed clause never fails."""
        return self.level != "observed"
