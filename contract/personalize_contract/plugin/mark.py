"""The mark `personalize_contract`, as it is written on a test, its class and its module."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import pytest

from personalize_contract.errors import UsageError
from personalize_contract.model.contract import known
from personalize_contract.settings import MARK

_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})?")
"""A name of a cassette that every file system takes as it is."""


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
        cassette: the name of a cassette that the tests of a module share; `""` for one of its own.
    """

    violates: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    items_any_order: bool = False
    unused: str = "fail"
    redact: tuple[str, ...] = ()
    cassette: str = ""


def read(marks: Iterable[pytest.Mark]) -> Mark:
    """What the marks of one test say together, the farthest one (the module's) first.

    Lists are added up; of any other argument the nearest mark decides.

    Raises:
        UsageError: an argument that there is not, of another type, or a clause that no request
            of a caller can break.
    """
    given: dict[str, Any] = {}
    kinds = {field.name: type(field.default) for field in fields(Mark)}
    for mark in marks:
        if mark.args:
            raise UsageError(f"the mark {MARK} takes arguments by name only: {', '.join(kinds)}")
        for name, value in mark.kwargs.items():
            checked = _checked(name, value, kinds)
            given[name] = (*given.get(name, ()), *checked) if kinds[name] is tuple else checked
    return Mark(**given)


def _checked(name: str, value: Any, kinds: dict[str, type]) -> Any:
    if name not in kinds:
        near = difflib.get_close_matches(name, kinds, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it knows {', '.join(kinds)}"
        raise UsageError(f"the mark {MARK} knows no argument {name!r}; {hint}")
    if kinds[name] is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise UsageError(f"the mark {MARK}: {name} is a list of texts, not {value!r}")
        if name == "violates":
            for clause in value:
                _breakable(clause)
    elif not isinstance(value, kinds[name]):
        raise UsageError(f"the mark {MARK}: {name} is not {value!r}")
    if name == "unused" and value not in ("fail", "report"):
        raise UsageError(f"the mark {MARK}: unused is 'fail' or 'report', not {value!r}")
    if name == "cassette" and not _NAME.fullmatch(value):
        raise UsageError(
            f"the mark {MARK}: cassette is a name of letters, digits, `_`, `-` and `.`, such as "
            f"'seed', and not {value!r}"
        )
    return value


def cassette_of(item: pytest.Item) -> str:
    """The cassette that the nearest mark with this argument names; `""` if none does."""
    marks = (mark.kwargs for mark in item.iter_markers(MARK))
    name = next((named["cassette"] for named in marks if "cassette" in named), "")
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def _breakable(clause_id: str) -> None:
    clause = known(clause_id)
    if clause.binds != "caller" or not clause.can_fail:
        raise UsageError(
            f"the mark {MARK}: violates names clauses that bind the caller; {clause_id} "
            + ("binds the service" if clause.can_fail else "is only observed, nothing breaks it")
        )
