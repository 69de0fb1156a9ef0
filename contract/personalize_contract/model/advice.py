"""The table of advice: mistakes in valid requests, with the check of each. It fails no test.

A row of the table has a name, the problem, the remedy, the source, and a function from a parsed
request (a `Put`) to the places of the problem. No value of an item's properties is ever
shown.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from personalize_contract import clock
from personalize_contract.errors import UsageError
from personalize_contract.model.contract import Contract
from personalize_contract.model.datasets import TRACKER
from personalize_contract.model.put import Put

_MILLISECONDS = 10**11
"""The smallest number taken for milliseconds: in seconds it is the year 5138."""

_CLOCKS_DIFFER = 3600.0
"""Seconds of clock skew allowed before a time counts as being in the future."""

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
"""Types of the other resources in Personalize ARNs."""

_CAMEL_CASE = re.compile(r"[a-z][A-Za-z0-9]*")


def _is(kind: type, text: str) -> bool:
    """Return whether a lenient JSON parser reads a value of this type from a text."""
    try:
        return isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False


# --- the checks: from a Put to the JSON paths of problems


def _double_escaped(put: Put) -> Iterator[str]:
    for document in put.documents:
        if document.is_json:
            again = document.value if isinstance(document.value, str) else ""
        else:
            again = document.text.replace('\\"', '"') if '\\"' in document.text else ""
        if again and _is(dict, again):
            yield document.where


def _several_objects(put: Put) -> Iterator[str]:
    for document in put.documents:
        if (
            not document.is_json
            and re.search(r"}\s*,\s*{", document.text)
            and _is(list, f"[{document.text}]")
        ):
            yield document.where


def _not_a_number(put: Put) -> Iterator[str]:
    for document in put.documents:
        constants: list[str] = []
        if document.is_json and ("NaN" in document.text or "Infinity" in document.text):
            json.loads(document.text, parse_constant=constants.append)
        if constants:
            yield document.where


def _not_an_object(put: Put) -> Iterator[str]:
    for document in put.documents:
        if not isinstance(document.value, dict):
            better = {*_double_escaped(put), *_several_objects(put)}
            if document.where not in better:
                yield document.where


def _key_case(put: Put) -> Iterator[str]:
    for document in put.documents:
        for where, name, _ in document.members():
            if not _CAMEL_CASE.fullmatch(name):
                yield where


def _milliseconds(put: Put) -> Iterator[str]:
    for document in put.documents:
        for where, name, value in document.members():
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
    """Yield the JSON path and value of each timestamp of an event, booleans left out."""
    paths = _timestamps(put.contract)
    for where, event in put.events() if paths else ():
        for name in paths:
            if name in event and not isinstance(event[name], bool):
                yield f"{where}.{name}", event[name]


@cache
def _timestamps(contract: Contract) -> tuple[str, ...]:
    """Return the members of an event that are timestamps."""
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
    """Return the latest time, in seconds, that doesn't count as the future."""
    return clock.now().timestamp() + _CLOCKS_DIFFER


def _no_seconds(put: Put) -> Iterator[str]:
    for document in put.documents:
        for where, name, value in document.members():
            if name.replace("_", "").lower() == _TIMESTAMP and not _is_seconds(value):
                yield where
    for where, value in _times(put):
        if isinstance(value, str) and not _is_seconds(value):
            yield where


def _is_seconds(value: object) -> bool:
    """Return whether a value is a whole number of seconds, or is covered by another row."""
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return value.isdecimal() and int(value) >= _MILLISECONDS
    return not isinstance(value, int | float) or (value >= 0 and value % 1 == 0)


def _of_kind(kind: type) -> Callable[[Put], Iterator[str]]:
    def find(put: Put) -> Iterator[str]:
        for document in put.documents:
            yield from (where for where, _, value in document.members() if isinstance(value, kind))

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
    """One piece of advice; `find` is None if it takes more than one request to see the problem."""

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
        "call json.dumps once, on the dictionary, without escaping anything by hand",
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
        "pass a dictionary to json.dumps, instead of formatting a string or calling str()",
        _ITEM,
        _not_an_object,
    ),
    Row(
        "key-case",
        "a key of properties is not in camel case",
        "write a schema field such as NUMBER_OF_RATINGS as numberOfRatings",
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
        "a timestamp is not a whole number of seconds",
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
        "flatten it: give each of its members a field of its own",
        _ITEM,
        _of_kind(dict),
    ),
    Row(
        "no-id",
        'an id is a stringified null ("None", "null")',
        "look for a str() around a missing value: str(None) is 'None'",
        "Item: itemId",
        _no_id,
    ),
    Row(
        "duplicate-ids",
        "an id appears twice in one call",
        "send each id once: it is not documented which version is kept",
        "Importing items individually",
        _duplicates,
    ),
    Row(
        "future",
        "an event is in the future",
        "send the time at which it happened, in seconds since 1970 and UTC",
        "Event: sentAt",
        _future,
    ),
    Row(
        "no-user",
        "an event names no user",
        "send userId as soon as the user is known: without it, the event belongs to nobody",
        "Recording events for anonymous users",
        _no_user,
    ),
    Row(
        "session-is-user",
        "sessionId and userId are the same",
        "generate a sessionId for each visit, and take userId from the login",
        "Recording events for anonymous users",
        _session_is_user,
    ),
    Row(
        "session-of-two-users",
        "one sessionId is sent for several users",
        "generate a sessionId for each visit: a constant merges the events of all users",
        "Recording events for anonymous users",
        None,
    ),
    Row(
        "duplicate-events",
        "an eventId appears twice in one call",
        "give each event its own id, or none: training uses only the first event of an id",
        "Event: eventId",
        _duplicate_events,
    ),
    Row(
        "event-type",
        "the eventType of an action interaction is not a documented one",
        "send Viewed, Taken or Not Taken",
        "ActionInteraction: eventType",
        _event_type,
    ),
    Row(
        "tracker-arn",
        "trackingId is an ARN",
        "send the trackingId that CreateEventTracker returned, not the tracker's ARN",
        "Request Body: trackingId",
        _tracker_arn,
    ),
    Row(
        "other-dataset",
        "the ARN does not name a dataset of this operation's type",
        "use the ARN that ends with the type, such as /ITEMS for PutItems",
        "Request Body: datasetArn",
        _other_dataset,
    ),
    Row(
        "sent-nothing",
        "a marked test sent no request",
        "remove the mark, or look for a mock that is still in place",
        "docs/first-test.md: The scope of the mark",
        None,
    ),
)

_BY_NAME = {row.name: row for row in TABLE}


def known(name: str) -> Row:
    """Return the row with this name.

    Raises:
        UsageError: there is none.
    """
    if name not in _BY_NAME:
        near = difflib.get_close_matches(name, _BY_NAME, n=1)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(_BY_NAME)}"
        raise UsageError(f"there is no advice {name!r}; {hint}")
    return _BY_NAME[name]
