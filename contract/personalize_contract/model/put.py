"""The contents of one request: its items or events, their ids, and the documents in them.

A document that can't have a problem is left out, without parsing it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personalize_contract.model.contract import Contract
from personalize_contract.model.datasets import TRACKER
from personalize_contract.model.parsed_request import ParsedRequest

# A document without problems: one flat object with keys in camel case and, if it has a creation
# timestamp, a number of seconds. Matching it is cheaper than parsing the JSON of every item.
_SPACE = r"[ \t\r\n]*+"
_AS_IS = r'[^"\\\x00-\x1f]*+'
_TEXT = rf'"{_AS_IS}(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{{4}}){_AS_IS})*+"'
_FRACTION = r"(?:\.\d{1,300}+)?+"
_NUMBER = rf"-?(?:0|[1-9]\d{{0,300}}+){_FRACTION}"
_SECONDS = r"(?:0|[1-9]\d{0,10}+)(?![.\deE])"
_MEMBER = (
    rf'(?:"c(?i:reationtimestamp)"{_SPACE}:{_SPACE}{_SECONDS}'
    rf'|"(?!(?i:creationtimestamp)")[a-z][A-Za-z0-9]*+"{_SPACE}:{_SPACE}'
    rf"(?:{_TEXT}|{_NUMBER}|true|false|null)){_SPACE}"
)

_PLAIN = re.compile(rf"\{{{_SPACE}{_MEMBER}(?:,{_SPACE}{_MEMBER})*+\}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Document:
    """The parsed string `properties` of one item.

    Args:
        where: its JSON path in the request body.
        text: the string as sent.
        value: its JSON value, with NaN and Infinity allowed; None if it is not JSON.
        is_json: whether it is JSON.
    """

    where: str
    text: str
    value: Any
    is_json: bool

    def members(self) -> Iterator[tuple[str, str, Any]]:
        """Yield each member of its object as (JSON path, name, value)."""
        for name, value in self.value.items() if isinstance(self.value, dict) else ():
            shown = name if len(name) <= 40 else f"{name[:40]}..."
            yield f"{self.where}.{shown}", name, value


@dataclass(frozen=True, slots=True)
class Put:
    """The contents of one request.

    Args:
        contract: the contract of its operation.
        body: the members of its body.
        dataset: the ARN, or tracking id, that it names; `""` if it names none.
        batch: the index and members of each item or event that is an object.
        identities: the index and id of each item that has an id.
        documents: the `properties` that are strings and may have a problem.
    """

    contract: Contract
    body: Mapping[str, Any]
    dataset: str
    batch: Sequence[tuple[int, dict[str, Any]]]
    identities: Sequence[tuple[int, str]]
    documents: Sequence[Document]

    @classmethod
    def read(cls, request: ParsedRequest) -> Put | None:
        """Return the contents of a request; None if it has no readable body."""
        operation, body = request.operation, request.members
        if not operation or not body:
            return None
        records, arn = body.get(operation.batch), body.get(operation.resource)
        batch: list[tuple[int, dict[str, Any]]] = []
        identities: list[tuple[int, str]] = []
        documents: list[Document] = []
        for index, record in enumerate(records if isinstance(records, list) else ()):
            if not isinstance(record, dict):
                continue
            batch.append((index, record))
            if operation.identity and isinstance(name := record.get(operation.identity), str):
                identities.append((index, name))
            text = record.get(operation.document)
            if isinstance(text, str) and text and not _PLAIN.fullmatch(text):
                where = f"{operation.batch}[{index}].{operation.document}"
                documents.append(_document(where, text))
        dataset = arn if isinstance(arn, str) else ""
        return cls(operation, body, dataset, batch, identities, documents)

    def identity(self, index: int) -> str:
        """Return the JSON path of an item's id."""
        return f"{self.contract.batch}[{index}].{self.contract.identity}"

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each event of a request to a tracker, as its JSON path and its members.

        The user and the session of a request apply to each of its events.
        """
        if self.contract.resource_type == TRACKER:
            shared = {n: v for n, v in self.body.items() if n in ("userId", "sessionId")}
            for index, event in self.batch:
                yield f"{self.contract.batch}[{index}]", {**shared, **event}

    def at(self, where: str, member: str) -> str:
        """Return the JSON path of a member, in an event or in the request itself."""
        return member if member in self.contract.members else f"{where}.{member}"


def _document(where: str, text: str) -> Document:
    try:
        return Document(where, text, json.loads(text), is_json=True)
    except (ValueError, RecursionError):
        return Document(where, text, None, is_json=False)
