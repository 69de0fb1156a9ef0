"""Matching: a recorded exchange answers a request if their keys are equal.

The key consists of method, path and query, media type, and body. Strict JSON bodies compare by
meaning: member order and white space are free, 1 is not true, and the document of an item, the
JSON inside its string `properties`, compares by meaning too. A string never equals an object. Other
bodies compare by their bytes. Host and region are not compared, nor is the account: redaction has
replaced it.
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

_DOCUMENT_VALUE = "\ud800"
"""Key of a document's value: a lone surrogate, which can't occur in strict JSON."""


class Matching:
    """Computes the keys of requests.

    Args:
        ignore: members that are not compared, as `datasetArn` or
            `items[].properties.creationTimestamp`.
        items_any_order: whether the members of `items` may come in any order.
    """

    def __init__(self, ignore: Sequence[str] = (), items_any_order: bool = False) -> None:
        self._ignored = tuple(ignore)
        self._ignore = [json_path.path(text) for text in ignore]
        self._any_order = items_any_order

    def met(self, exchanges: Iterable[Exchange]) -> dict[str, bool]:
        """Return for each ignored member whether one of these requests has it."""
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
        """Return the key, which is equal for requests with the same answer."""
        return self._key(request, documents=True)

    def outline(self, request: Request) -> Key:
        """Return the key without documents, which is cheaper to compute.

        Requests with equal keys have equal outlines; the reverse is not true.
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
                for record in json_path.batch(value, operation):
                    record.pop(operation.document, None)
            self._open(value, operation)
        meaning = strict_json.canonical(value).encode("utf-8", "surrogatepass")
        return b"json" + sha256(meaning).digest()

    def _open(self, value: dict[str, Any], operation: Contract) -> None:
        """Normalise a body in place, so that equal meanings become equal values."""
        arn = value.get("datasetArn")
        if isinstance(arn, str) and (begin := _ARN.match(arn)):
            value["datasetArn"] = begin[1] + arn[begin.end() :]
        with_document = list(json_path.opened(value, operation))
        for path in self._ignore:
            for parent, name in json_path.each(value, path):
                del parent[name]
        document = operation.document
        for record in with_document:
            content = record.get(document)
            if isinstance(content, json_path.Opened):
                record[_DOCUMENT_VALUE] = content.value
                del record[document]
        batch = value.get(operation.batch)
        if self._any_order and isinstance(batch, list):
            batch.sort(key=strict_json.canonical)
