"""Paths to the members of a JSON body: `datasetArn`, `items[].properties.price`.

A path continues into the JSON text in the string `properties` once `opened` has parsed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from personalize_contract.errors import UsageError
from personalize_contract.model import strict_json
from personalize_contract.model.contract import Contract, load, operations

Path = Sequence[str]


class Opened:
    """The value of the JSON text in a string; never equal to the value itself."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def path(text: str) -> Path:
    """Split a path as written in options and marks.

    Raises:
        UsageError: no operation's request has such a member. The keys inside `properties` are the
            caller's, so any path may continue from there.
    """
    parts = steps(text)
    if not any(_leads(parts, load(name)) for name in operations()):
        raise UsageError(
            f"no request has a member {text!r}; write a path such as items[].properties.price"
        )
    return parts


def steps(path: str) -> Path:
    """Split a path into names, and `[]` for each member of an array."""
    return path.replace("[]", ".[]").removeprefix(".").split(".") if path else ()


def _leads(parts: Path, contract: Contract) -> bool:
    """Return whether an operation has such a member; keys inside a document are the caller's."""
    if parts[-1:] == ["[]"]:
        return False
    for path in map(steps, contract.members):
        is_document = path[-1] == contract.document
        if parts == path or (is_document and "" not in parts and parts[: len(path)] == path):
            return True
    return False


def batch(body: dict[str, Any], contract: Contract) -> Iterator[dict[str, Any]]:
    """Yield each object in the batch of a request."""
    members = body.get(contract.batch)
    for member in members if isinstance(members, list) else ():
        if isinstance(member, dict):
            yield member


def opened(body: dict[str, Any], contract: Contract) -> Iterator[dict[str, Any]]:
    """Parse each document (`properties`) that holds strict JSON, in place.

    Yields each object in the batch whose document is a string.
    """
    document = contract.document
    for entry in batch(body, contract):
        if isinstance(text := entry.get(document), str):
            entry[document] = _read(text)
            yield entry


def _read(text: str) -> Opened | str:
    try:
        return Opened(strict_json.loads(text))
    except strict_json.NotJson:
        return text


def each(value: Any, path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each member at a path, as its parent object and its name."""
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
