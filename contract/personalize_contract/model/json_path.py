"""Members of a JSON body by path: `datasetArn`, `items[].properties.price`.

A path goes on into the JSON text that the string `properties` holds, once `opened` has read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from personalize_contract.errors import UsageError
from personalize_contract.model import strict_json
from personalize_contract.model.contract import Contract, load, operations

Path = Sequence[str]


class Opened:
    """The value of a JSON text that a string holds: never equal to the value itself."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def path(text: str) -> Path:
    """A path as options and marks write it, taken apart.

    Raises:
        UsageError: no request of any operation has such a member. What is inside `properties` is
            the caller's, so any path goes on from there.
    """
    parts = steps(text)
    if not any(_leads(parts, load(name)) for name in operations()):
        raise UsageError(
            f"no request has a member {text!r}; it looks like items[].properties.price"
        )
    return parts


def steps(path: str) -> Path:
    """A path taken apart: names, and `[]` for each member of an array."""
    return path.replace("[]", ".[]").removeprefix(".").split(".") if path else ()


def _leads(parts: Path, contract: Contract) -> bool:
    """Whether an operation has such a member; what is in a document is the caller's."""
    if parts[-1:] == ["[]"]:
        return False
    for path in map(steps, contract.members):
        is_document = path[-1] == contract.document
        if parts == path or (is_document and "" not in parts and parts[: len(path)] == path):
            return True
    return False


def batch(body: dict[str, Any], contract: Contract) -> Iterator[dict[str, Any]]:
    """What a request puts: each member of its batch that is an object."""
    found = body.get(contract.batch)
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield one


def opened(body: dict[str, Any], contract: Contract) -> Iterator[dict[str, Any]]:
    """Read each document (`properties`) that holds strict JSON, in place.

    Gives each member of the batch that has a document which is a string.
    """
    document = contract.document
    for one in batch(body, contract):
        if isinstance(text := one.get(document), str):
            one[document] = _read(text)
            yield one


def _read(text: str) -> Opened | str:
    try:
        return Opened(strict_json.loads(text))
    except strict_json.NotJson:
        return text


def each(value: Any, path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each member that a path names, as the object that it is in and its name."""
    if isinstance(value, Opened):
        value = value.value
    head, rest = path[0], path[1:]
    if head == "[]":
        for member in value if isinstance(value, list) else ():
            yield from each(member, rest)
    elif isinstance(value, dict) and head in value:
        if rest:
            yield from each(value[head], rest)
        else:
            yield value, head
