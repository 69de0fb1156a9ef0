"""When does a recorded exchange answer a request? When their keys are equal.

The key: method, path and query, media type, body. Strict JSON bodies compare by what they mean:
member order and white space are free, 1 is not true, and the JSON inside the string `properties`
compares by meaning too. A string never equals an object. Anything else compares by its bytes.
Host, region and account never decide: messages are redacted before they get here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from personalize_contract import strictjson
from personalize_contract.exchange import Request, media_type

Key = tuple[str, str, str, str | bytes]

_ARN_REGION = re.compile(r"(arn:[a-z\d-]+:personalize:)[a-z\d-]*(?=:)")


class Matching:
    """The key of a request.

    Args:
        ignore: members that don't decide, as `datasetArn` or
            `items[].properties.creationTimestamp`.
        items_any_order: the members of `items` may come in any order.
    """

    def __init__(self, ignore: Sequence[str] = (), items_any_order: bool = False) -> None:
        self._ignore = [path.replace("[]", ".[]").split(".") for path in ignore]
        self._any_order = items_any_order

    def key(self, request: Request) -> Key:
        """What two requests share if the answer to one is the answer to the other."""
        kind = media_type(request.headers)
        target = f"{request.path}?{request.query}"
        return (request.method, target, kind, self._body(request.body))

    def _body(self, body: bytes) -> str | bytes:
        try:
            value = strictjson.loads(body)
        except strictjson.NotJson:
            return body
        if isinstance(value, dict):
            self._open(value)
        return strictjson.canonical(value)

    def _open(self, value: dict[str, Any]) -> None:
        """Make equal what means the same, in place."""
        arn = value.get("datasetArn")
        if isinstance(arn, str):
            value["datasetArn"] = _ARN_REGION.sub(r"\1", arn, count=1)
        items = value.get("items")
        for item in items if isinstance(items, list) else ():
            properties = item.get("properties") if isinstance(item, dict) else None
            if isinstance(properties, str):
                try:
                    inner = strictjson.loads(properties)
                except strictjson.NotJson:
                    item["properties"] = f"text {properties}"
                else:
                    item["properties"] = _Opened(inner)
        for path in self._ignore:
            _drop(value, path)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(item.get("properties"), _Opened):
                item["properties"] = f"json {strictjson.canonical(item['properties'].value)}"
        if self._any_order and isinstance(items, list):
            items.sort(key=strictjson.canonical)


class _Opened:
    """The value of a JSON text that a string holds: never equal to the value itself."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _drop(value: Any, path: Sequence[str]) -> None:
    """Take out the members that a path names, wherever they are."""
    if isinstance(value, _Opened):
        value = value.value
    head, rest = path[0], path[1:]
    if head == "[]":
        for member in value if isinstance(value, list) else ():
            if rest:
                _drop(member, rest)
    elif isinstance(value, dict) and head in value:
        if rest:
            _drop(value[head], rest)
        else:
            del value[head]
