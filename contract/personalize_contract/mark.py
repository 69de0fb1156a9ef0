"""The mark `personalize_contract`, as it is written on a test.

Read for every test of a run, so it imports nothing heavy.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import pytest

from personalize_contract.errors import UsageError

NAME = "personalize_contract"
USAGE = (
    f"{NAME}(violates, ignore, items_any_order, unused, redact): PutItems requests of this test "
    "are checked, and answered by the target (recorded, reference or live)"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a test says about itself.

    Args:
        violates: ids of the clauses that its requests break on purpose. Each must happen.
        ignore: members that don't decide whether a recorded exchange answers, for example
            `items[].properties.creationTimestamp`.
        items_any_order: the items of a request may come in another order than recorded.
        unused: `fail` or `report`, for an exchange that was recorded and not asked for.
        redact: members that are never written, for example `items[].properties.email`.
    """

    violates: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    items_any_order: bool = False
    unused: str = "fail"
    redact: tuple[str, ...] = ()


def read(marks: Iterable[pytest.Mark]) -> Mark:
    """What the marks of one test say together, the nearest one last.

    Raises:
        UsageError: an argument that there is not, or of another type.
    """
    given: dict[str, Any] = {}
    kinds = {field.name: type(field.default) for field in fields(Mark)}
    for mark in marks:
        if mark.args:
            raise UsageError(f"the mark {NAME} takes arguments by name only: {', '.join(kinds)}")
        for name, value in mark.kwargs.items():
            given[name] = _checked(name, value, kinds)
    return Mark(**given)


def _checked(name: str, value: object, kinds: dict[str, type]) -> object:
    if name not in kinds:
        near = difflib.get_close_matches(name, kinds, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it knows {', '.join(kinds)}"
        raise UsageError(f"the mark {NAME} knows no argument {name!r}; {hint}")
    if kinds[name] is tuple:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise UsageError(f"the mark {NAME}: {name} is a list of texts, not {value!r}")
        value = tuple(value)
        if not all(isinstance(one, str) for one in value):
            raise UsageError(f"the mark {NAME}: {name} is a list of texts, not {value!r}")
    elif not isinstance(value, kinds[name]):
        raise UsageError(f"the mark {NAME}: {name} is not {value!r}")
    if name == "unused" and value not in ("fail", "report"):
        raise UsageError(f"the mark {NAME}: unused is 'fail' or 'report', not {value!r}")
    return value
