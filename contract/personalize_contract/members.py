"""Members of a JSON body by path: `datasetArn`, `items[].properties.price`.

A path goes on into the JSON text that the string `properties` holds, once `opened` has read it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from personalize_contract import strictjson
from personalize_contract.contract import Contract

Path = Sequence[str]


class Opened:
    """The value of a JSON text that a string holds: never equal to the value itself."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def path(text: str) -> Path:
    """A path as options and marks write it, taken apart."""
    return text.replace("[]", ".[]").split(".")


def opened(body: dict[str, Any], contract: Contract) -> Iterator[dict[str, Any]]:
    """Read each document (`properties`) that holds strict JSON, in place.

    Gives each member of the batch that has a document which is a string.
    """
    batch, document = body.get(contract.batch), contract.document
    for one in batch if isinstance(batch, list) else ():
        text = one.get(document) if isinstance(one, dict) else None
        if isinstance(text, str):
            with contextlib.suppress(strictjson.NotJson):
                one[document] = Opened(strictjson.loads(text))
            yield one


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
