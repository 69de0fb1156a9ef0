"""Advice: what a request may say and hardly ever means. It never fails a test by itself.

A row of the table has a name, what is wrong, what to do, the source that says so, and a function
from one request that was read (a `Put`) to the places where it is wrong. No value of an item's
properties is ever shown.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from personalize_contract import clock
from personalize_contract.errors import UsageError
from personalize_contract.model.contract import Contract
from personalize_contract.model.datasets import TRACKER
from personalize_contract.model.parsed_request import ParsedRequest

_MILLISECONDS = 10**11
"""The smallest number that is taken for milliseconds: as seconds it is the year 5138."""

_CLOCKS_DIFFER = 3600.0
"""Seconds by which a time may be later than now before it is called the future."""

_TIMESTAMP = "creationtimestamp"

_NO_IDS = frozenset({"none", "null", "nil", "nan", "undefined"})

_DATASET_TYPES = frozenset({"INTERACTIONS", "ITEMS", "USERS", "ACTIONS", "ACTION_INTERACTIONS"})

_RESOURCES = frozenset(
    {
        "campaign",
        "dataset-export-job",
        "dataset-group",
        "dataset-import-job",
        "event-tracker",
        "filter",
        "recipe",
        "schema",
        "solution",
    }
)
"""What else an ARN of Personalize names."""

_CAMEL_CASE = re.compile(r"[a-z][A-Za-z0-9]*")


# A text of which there is nothing to say: one flat object with keys in camel case and, where it
# has a creation timestamp, a number of seconds. Looking is cheaper than reading, for every item.
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
    """The string `properties` of one item, read.

    Args:
        where: its JSON path in the request body.
        text: as sent.
        value: of its JSON text, NaN and Infinity allowed; None if it is not JSON.
        is_json: whether it is.
    """

    where: str
    text: str
    value: Any
    is_json: bool

    def members(self) -> Iterator[tuple[str, str, Any]]:
        """Each member of its object, as (JSON path, name, value)."""
        for name, value in self.value.items() if isinstance(self.value, dict) else ():
            shown = name if len(name) <= 40 else f"{name[:40]}..."
            yield f"{self.where}.{shown}", name, value


@dataclass(frozen=True, slots=True)
class Put:
    """One request, read.

    Args:
        contract: of its operation.
        body: of the request.
        dataset: the ARN, or tracking id, that it names; `""` if it names none.
        batch: its items, or events, with their numbers; what is no object is left out.
        identities: the number and the id of each of them that has one.
        documents: those of their `properties` that are strings with something to look at.
    """

    contract: Contract
    body: Mapping[str, Any]
    dataset: str
    batch: tuple[tuple[int, dict[str, Any]], ...]
    identities: tuple[tuple[int, str], ...]
    documents: tuple[Document, ...]

    @classmethod
    def read(cls, request: ParsedRequest) -> Put | None:
        """Return what a request puts; None if it is nothing that could be read."""
        operation, body = request.operation, request.members
        if not operation or not body:
            return None
        given, arn = body.get(operation.batch), body.get(operation.resource)
        batch = tuple(
            (index, one)
            for index, one in enumerate(given if isinstance(given, list) else ())
            if isinstance(one, dict)
        )
        identities = tuple(
            (index, name)
            for index, one in batch
            if operation.identity and isinstance(name := one.get(operation.identity), str)
        )
        documents = tuple(
            _document(f"{operation.batch}[{index}].{operation.document}", text)
            for index, one in batch
            if isinstance(text := one.get(operation.document), str)
            and text
            and not _PLAIN.fullmatch(text)
        )
        named = arn if isinstance(arn, str) else ""
        return cls(operation, body, named, batch, identities, documents)

    def identity(self, index: int) -> str:
        """The JSON path of the id of an item."""
        return f"{self.contract.batch}[{index}].{self.contract.identity}"

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each event of a request to a tracker: its JSON path, and its members.

        The user and the session of a request are those of each of its events.
        """
        if self.contract.resource_type == TRACKER:
            shared = {n: v for n, v in self.body.items() if n in ("userId", "sessionId")}
            for index, one in self.batch:
                yield f"{self.contract.batch}[{index}]", {**shared, **one}

    def at(self, where: str, member: str) -> str:
        """The JSON path of a member of an event, or of the request where it stands there."""
        return member if member in self.contract.members else f"{where}.{member}"


def _document(where: str, text: str) -> Document:
    try:
        return Document(where, text, json.loads(text), is_json=True)
    except (ValueError, RecursionError):
        return Document(where, text, None, is_json=False)


def _is(kind: type, text: str) -> bool:
    """Whether a text holds such a value to a reader that is not strict."""
    try:
        return isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False


# --- what is wrong where: from a Put to JSON paths


def _double_escaped(put: Put) -> Iterator[str]:
    for one in put.documents:
        if one.is_json:
            again = one.value if isinstance(one.value, str) else ""
        else:
            again = one.text.replace('\\"', '"') if '\\"' in one.text else ""
        if again and _is(dict, again):
            yield one.where


def _several_objects(put: Put) -> Iterator[str]:
    for one in put.documents:
        if not one.is_json and re.search(r"}\s*,\s*{", one.text) and _is(list, f"[{one.text}]"):
            yield one.where


def _not_a_number(put: Put) -> Iterator[str]:
    for one in put.documents:
        constants: list[str] = []
        if one.is_json and ("NaN" in one.text or "Infinity" in one.text):
            json.loads(one.text, parse_constant=constants.append)
        if constants:
            yield one.where


def _not_an_object(put: Put) -> Iterator[str]:
    for one in put.documents:
        if not isinstance(one.value, dict):
            better = {*_double_escaped(put), *_several_objects(put)}
            if one.where not in better:
                yield one.where


def _key_case(put: Put) -> Iterator[str]:
    for one in put.documents:
        for where, name, _ in one.members():
            if not _CAMEL_CASE.fullmatch(name):
                yield where


def _milliseconds(put: Put) -> Iterator[str]:
    for one in put.documents:
        for where, name, value in one.members():
            if name.replace("_", "").lower() != _TIMESTAMP or isinstance(value, bool):
                continue
            number = int(value) if isinstance(value, str) and value.isdecimal() else value
            if isinstance(number, int | float) and number >= _MILLISECONDS:
                yield where

    for where, value in _times(put):
        number = int(value) if isinstance(value, str) and value.isdecimal() else value
        if isinstance(number, int | float) and number >= _MILLISECONDS:
            yield where


def _times(put: Put) -> Iterator[tuple[str, Any]]:
    """Each member of an event that is a time, by its JSON path; no boolean."""
    paths = _timestamps(put.contract)
    for where, event in put.events() if paths else ():
        for name in paths:
            if name in event and not isinstance(event[name], bool):
                yield f"{where}.{name}", event[name]


@cache
def _timestamps(contract: Contract) -> tuple[str, ...]:
    """The members of an event that are times."""
    begin = f"{contract.batch}[]."
    return tuple(
        clause.check["at"].removeprefix(begin)
        for clause in contract.clauses.values()
        if clause.check.get("type") == "timestamp" and clause.check["at"].startswith(begin)
    )


def _future(put: Put) -> Iterator[str]:
    for where, value in _times(put):
        if isinstance(value, int | float) and 0 < value - _latest() < _MILLISECONDS:
            yield where


def _latest() -> float:
    """The latest time, in seconds, that is not of the future."""
    return clock.now().timestamp() + _CLOCKS_DIFFER


def _no_seconds(put: Put) -> Iterator[str]:
    for one in put.documents:
        for where, name, value in one.members():
            if name.replace("_", "").lower() == _TIMESTAMP and not _is_seconds(value):
                yield where
    for where, value in _times(put):
        if isinstance(value, str) and not _is_seconds(value):
            yield where


def _is_seconds(value: object) -> bool:
    """Whether a value is a whole number of seconds, or wrong in a way that has its own advice."""
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return value.isdecimal() and int(value) >= _MILLISECONDS
    return not isinstance(value, int | float) or (value >= 0 and value % 1 == 0)


def _of_kind(kind: type) -> Callable[[Put], Iterator[str]]:
    def find(put: Put) -> Iterator[str]:
        for one in put.documents:
            yield from (where for where, _, value in one.members() if isinstance(value, kind))

    return find


def _no_id(put: Put) -> Iterator[str]:
    for index, name in put.identities:
        if name.strip().lower() in _NO_IDS:
            yield put.identity(index)
    for where, event in put.events():
        for name, value in event.items():
            if name.endswith("Id") and isinstance(value, str) and value.lower() in _NO_IDS:
                yield put.at(where, name)


def _duplicates(put: Put) -> Iterator[str]:
    seen: set[str] = set()
    if len({name for _, name in put.identities}) == len(put.identities):
        return
    for index, name in put.identities:
        if name in seen:
            yield put.identity(index)
        seen.add(name)


def _duplicate_events(put: Put) -> Iterator[str]:
    seen: set[str] = set()
    for where, event in put.events():
        if isinstance(name := event.get("eventId"), str):
            if name in seen:
                yield f"{where}.eventId"
            seen.add(name)


def _no_user(put: Put) -> Iterator[str]:
    for where, event in put.events():
        if event.get("userId") is None:
            yield put.at(where, "userId")


def _session_is_user(put: Put) -> Iterator[str]:
    for where, event in put.events():
        if event.get("userId") is not None and event["userId"] == event.get("sessionId"):
            yield put.at(where, "sessionId")


def _event_type(put: Put) -> Iterator[str]:
    for where, event in put.events() if put.contract.event_types else ():
        if isinstance(kind := event.get("eventType"), str) and (
            kind not in put.contract.event_types
        ):
            yield f"{where}.eventType"


def _tracker_arn(put: Put) -> Iterator[str]:
    if put.contract.resource_type == TRACKER and put.dataset.startswith("arn:"):
        yield put.contract.resource


def _other_dataset(put: Put) -> Iterator[str]:
    if put.contract.resource_type == TRACKER:
        return
    kind, _, rest = put.dataset.rpartition(":")[2].partition("/")
    last = rest.rpartition("/")[2]
    names_another = last in _DATASET_TYPES and last != put.contract.resource_type
    if kind in _RESOURCES or (kind == "dataset" and names_another):
        yield put.contract.resource


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of advice; `find` is None where it takes more than one request to see it."""

    name: str
    wrong: str
    instead: str
    source: str
    find: Callable[[Put], Iterator[str]] | None


_ITEM = "Item: properties"

TABLE = (
    Row(
        "one-at-a-time",
        "one call for each item, or each event of a session",
        "put up to 10 into a call: a dataset group takes 10 calls of PutItems a second",
        "Importing items individually",
        None,
    ),
    Row(
        "double-escaped",
        "properties holds a JSON text that was escaped a second time",
        "call json.dumps once, on the dictionary, and escape nothing by hand",
        _ITEM,
        _double_escaped,
    ),
    Row(
        "several-objects",
        "properties holds several objects, joined by commas",
        "put all members into one object",
        _ITEM,
        _several_objects,
    ),
    Row(
        "not-a-number",
        "properties holds NaN or Infinity, which is not JSON",
        "leave the member out, and call json.dumps with allow_nan=False",
        "RFC 8259, section 6",
        _not_a_number,
    ),
    Row(
        "not-an-object",
        "properties is not the JSON text of an object",
        "write it with json.dumps, from a dictionary; never by a format string, or by str()",
        _ITEM,
        _not_an_object,
    ),
    Row(
        "key-case",
        "a key of properties is not in camel case",
        "write a field of the schema such as NUMBER_OF_RATINGS as numberOfRatings",
        _ITEM,
        _key_case,
    ),
    Row(
        "milliseconds",
        "a timestamp is in milliseconds",
        "divide by 1000: Personalize counts seconds",
        "Item data: Creation timestamp data",
        _milliseconds,
    ),
    Row(
        "timestamp-kind",
        "a timestamp is no whole number of seconds",
        "write seconds since 1970 as a number: int(moment.timestamp())",
        "Item data: Creation timestamp data",
        _no_seconds,
    ),
    Row(
        "array-value",
        "a value in properties is an array",
        "join several categories with a pipe: Horror|Action",
        _ITEM,
        _of_kind(list),
    ),
    Row(
        "nested-object",
        "a value in properties is an object",
        "give each of its members a field of its own",
        _ITEM,
        _of_kind(dict),
    ),
    Row(
        "no-id",
        "an id is the word for no id",
        "look at where it comes from: str(None) is 'None'",
        "Item: itemId",
        _no_id,
    ),
    Row(
        "duplicate-ids",
        "an id is there twice in one call",
        "keep the last one: it is not documented which of them stays",
        "Importing items individually",
        _duplicates,
    ),
    Row(
        "future",
        "an event is of the future",
        "send the time at which it happened, in seconds since 1970 and UTC",
        "Event: sentAt",
        _future,
    ),
    Row(
        "no-user",
        "an event names no user",
        "send userId as soon as the user is known: without it an event is one of nobody",
        "Recording events for anonymous users",
        _no_user,
    ),
    Row(
        "session-is-user",
        "sessionId and userId are the same",
        "make a sessionId for each visit, and take userId from the login",
        "Recording events for anonymous users",
        _session_is_user,
    ),
    Row(
        "session-of-two-users",
        "one sessionId is sent for several users",
        "make a sessionId for each visit; a constant joins the events of everybody",
        "Recording events for anonymous users",
        None,
    ),
    Row(
        "duplicate-events",
        "an eventId is there twice in one call",
        "give each event an id of its own, or none: only the first of them is trained on",
        "Event: eventId",
        _duplicate_events,
    ),
    Row(
        "event-type",
        "the type of an action interaction is none that the page names",
        "send Viewed, Taken or Not Taken",
        "ActionInteraction: eventType",
        _event_type,
    ),
    Row(
        "tracker-arn",
        "trackingId is an ARN",
        "send the trackingId that CreateEventTracker answered, not the tracker's ARN",
        "Request Body: trackingId",
        _tracker_arn,
    ),
    Row(
        "other-dataset",
        "the ARN does not name a dataset of this operation's type",
        "take the ARN that ends with the type, such as /ITEMS for PutItems",
        "Request Body: datasetArn",
        _other_dataset,
    ),
    Row(
        "sent-nothing",
        "a marked test sent no request",
        "take the mark off, or look for a mock that is still in place",
        "Concepts",
        None,
    ),
)

_BY_NAME = {row.name: row for row in TABLE}


def known(name: str) -> Row:
    """The row with this name.

    Raises:
        UsageError: there is none.
    """
    if name not in _BY_NAME:
        near = difflib.get_close_matches(name, _BY_NAME, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(_BY_NAME)}"
        raise UsageError(f"there is no advice {name!r}; {hint}")
    return _BY_NAME[name]
