"""When does a recorded exchange answer a request? When their keys are equal.

The key: method, path and query, media type, body. Strict JSON bodies compare by what they mean:
member order and white space are free, 1 is not true, and the JSON inside the string `properties`
compares by meaning too. A string never equals an object. Anything else compares by its bytes.
Host, region and account never decide: messages are redacted before they get here.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from personalize_contract.model import contract, json_path, strict_json
from personalize_contract.model.contract import Contract
from personalize_contract.model.exchange import Exchange, Request, media_type

Key = tuple[str, str, str, bytes]

_ARN = re.compile(r"(arn:[a-z\d-]+:personalize:)[a-z\d-]*(?=:)")

_HELD = "\ud800"
"""Names what a document holds. No strict JSON text has this name: it is half a character."""


class Matching:
    """The key of a request.

    Args:
        ignore: members that don't decide, as `datasetArn` or
            `items[].properties.creationTimestamp`.
        items_any_order: the members of `items` may come in any order.
    """

    def __init__(self, ignore: Sequence[str] = (), items_any_order: bool = False) -> None:
        self._ignored = tuple(ignore)
        self._ignore = [json_path.path(text) for text in ignore]
        self._any_order = items_any_order

    def met(self, exchanges: Iterable[Exchange]) -> dict[str, bool]:
        """Return of each ignored member whether one of these requests has it."""
        met = dict.fromkeys(self._ignored, False)
        for exchange in exchanges if met else ():
            with contextlib.suppress(strict_json.NotJson):
                body = strict_json.loads(exchange.request.body)
                operation = contract.at(exchange.request.path)
                if operation and isinstance(body, dict):
                    list(json_path.opened(body, operation))
                for text, path in zip(self._ignored, self._ignore, strict=True):
                    met[text] = met[text] or any(json_path.each(body, path))
        return met

    def key(self, request: Request) -> Key:
        """What two requests share if the answer to one is the answer to the other."""
        return self._key(request, documents=True)

    def outline(self, request: Request) -> Key:
        """What the key would be if no item had a document. It costs less.

        Requests with one key have one outline; those with one outline may have different keys.
        """
        return self._key(request, documents=False)

    def _key(self, request: Request, *, documents: bool) -> Key:
        target = f"{request.path}?{request.query}"
        body = self._body(request, documents=documents)
        return (request.method, target, media_type(request.headers), body)

    def _body(self, request: Request, *, documents: bool) -> bytes:
        try:
            value = strict_json.loads(request.body)
        except strict_json.NotJson:
            return b"bytes" + sha256(request.body).digest()
        operation = contract.at(request.path)
        if isinstance(value, dict) and operation:
            if not documents:
                for one in json_path.batch(value, operation):
                    one.pop(operation.document, None)
            self._open(value, operation)
        meaning = strict_json.canonical(value).encode("utf-8", "surrogatepass")
        return b"json" + sha256(meaning).digest()

    def _open(self, value: dict[str, Any], operation: Contract) -> None:
        """Make equal what means the same, in place."""
        arn = value.get("datasetArn")
        if isinstance(arn, str) and (begin := _ARN.match(arn)):
            value["datasetArn"] = begin[1] + arn[begin.end() :]
        with_document = list(json_path.opened(value, operation))
        for path in self._ignore:
            for parent, name in json_path.each(value, path):
                del parent[name]
        document = operation.document
        for one in with_document:
            held = one.get(document)
            if isinstance(held, json_path.Opened):
                one[_HELD] = held.value
                del one[document]
        batch = value.get(operation.batch)
        if self._any_order and isinstance(batch, list):
            batch.sort(key=strict_json.canonical)
