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

from personalize_contract import contract, members, strictjson
from personalize_contract.contract import Contract
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
        self._ignore = [members.path(text) for text in ignore]
        self._any_order = items_any_order

    def key(self, request: Request) -> Key:
        """What two requests share if the answer to one is the answer to the other."""
        kind = media_type(request.headers)
        target = f"{request.path}?{request.query}"
        return (request.method, target, kind, self._body(request))

    def _body(self, request: Request) -> str | bytes:
        try:
            value = strictjson.loads(request.body)
        except strictjson.NotJson:
            return request.body
        operation = contract.at(request.path)
        if isinstance(value, dict) and operation:
            self._open(value, operation)
        return strictjson.canonical(value)

    def _open(self, value: dict[str, Any], operation: Contract) -> None:
        """Make equal what means the same, in place."""
        arn = value.get("datasetArn")
        if isinstance(arn, str):
            value["datasetArn"] = _ARN_REGION.sub(r"\1", arn, count=1)
        with_properties = list(members.opened(value, operation))
        for path in self._ignore:
            for parent, name in members.each(value, path):
                del parent[name]
        document = operation.document
        for one in with_properties:
            held = one.get(document)
            if isinstance(held, members.Opened):
                one[document] = f"json {strictjson.canonical(held.value)}"
            elif held is not None:
                one[document] = f"text {held}"
        batch = value.get(operation.batch)
        if self._any_order and isinstance(batch, list):
            batch.sort(key=strictjson.canonical)
