"""The mark `personalize_contract` of a test, its class and its module."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import pytest

from personalize_contract.errors import UsageError
from personalize_contract.model import json_path
from personalize_contract.model.contract import known
from personalize_contract.settings import MARK, checked

_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,99})?")
"""A cassette name that is valid on every file system."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The arguments of a test's marks.

    Args:
        violates: the ids of the clauses that the test's requests break on purpose. Each of them
            has to be broken.
        ignore: the members that matching leaves out, for example
            `items[].properties.creationTimestamp`.
        items_any_order: whether the items of a request may come in another order than recorded.
        unused: `fail` or `report` an exchange that was recorded and is not used.
        redact: the members that are never written, for example `items[].properties.email`.
        cassette: the name of a cassette that the tests of a module share; `""` if the test has
            a separate one.
    """

    violates: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    items_any_order: bool = False
    unused: str = "fail"
    redact: tuple[str, ...] = ()
    cassette: str = ""


def read(marks: Iterable[pytest.Mark]) -> Mark:
    """Return the arguments of all marks of one test together.

    Lists are added up; any other argument is taken from the nearest mark.

    Args:
        marks: the marks, the farthest (the module's) first.

    Raises:
        UsageError: an unknown argument, a value of the wrong type, or a clause that no request
            can break.
    """
    arguments: dict[str, Any] = {}
    kinds = {field.name: type(field.default) for field in fields(Mark)}
    for mark in marks:
        if mark.args:
            raise UsageError(f"the mark {MARK} takes keyword arguments only: {', '.join(kinds)}")
        for name, value in mark.kwargs.items():
            valid = _validated(name, value, kinds)
            if kinds[name] is tuple:
                valid = (*arguments.get(name, ()), *valid)
            arguments[name] = valid
    return Mark(**arguments)


def _validated(name: str, value: Any, kinds: dict[str, type]) -> Any:
    if name not in kinds:
        near = difflib.get_close_matches(name, kinds, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(kinds)}"
        raise UsageError(f"the mark {MARK} has no argument {name!r}; {hint}")
    if kinds[name] is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise UsageError(f"the mark {MARK}: {name} must be a list of strings, not {value!r}")
        for each in value:
            checked(f"the mark {MARK}: {name}", _CHECKS[name], each)
    elif not isinstance(value, kinds[name]):
        raise UsageError(
            f"the mark {MARK}: {name} must be of type {kinds[name].__name__}, not {value!r}"
        )
    if name == "unused" and value not in ("fail", "report"):
        raise UsageError(f"the mark {MARK}: unused must be 'fail' or 'report', not {value!r}")
    if name == "cassette" and not _NAME.fullmatch(value):
        raise UsageError(
            f"the mark {MARK}: cassette must be a name of letters, digits, `_`, `-` and `.`, such "
            f"as 'seed', not {value!r}"
        )
    return value


def cassette_of(item: pytest.Item) -> str:
    """Return the cassette that the nearest mark with this argument names; `""` if none does."""
    marks = (mark.kwargs for mark in item.iter_markers(MARK))
    name = next((named["cassette"] for named in marks if "cassette" in named), "")
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def _check_breakable(clause_id: str) -> None:
    clause = known(clause_id)
    if clause.binds != "caller" or not clause.can_fail:
        raise UsageError(
            f"{clause_id} "
            + ("binds the service" if clause.can_fail else "is only observed and can't be broken")
            + "; name a clause that binds the caller"
        )


_CHECKS: Mapping[str, Callable[[str], object]] = {
    "violates": _check_breakable,
    "ignore": json_path.path,
    "redact": json_path.path,
}
"""The check of each string in an argument that is a list."""
