"""The ids that a lenient service could store from each scenario: for `--dry-run`.

A service that refuses nothing takes a number for a string, a text in single quotes for JSON, and
an array for an object. Items can't be deleted, so each id that anybody could read is listed.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from personalize_contract.model.datasets import PREFIX
from personalize_contract.suite.messages import messages
from personalize_contract.suite.scenario import DATASET, Scenario

_STRING = r'"(?:[^"\\]|\\.)*"'
_SHOWN = 40
"""Characters of an id that are shown."""


def could_store(scenario: Scenario, batch: str, identity: str, document: str) -> set[str]:
    """The ids that could be read in what a scenario sends, one way or the other.

    Args:
        scenario: of the table.
        batch: member that holds what is put, `items`.
        identity: member that names each of those, `itemId`.
        document: member of each that is no part of its name, `properties`.
    """
    found: set[str] = set()
    for message in messages(scenario, DATASET):
        text = message.body.decode("utf-16-le" if b"{\0" in message.body else "utf-8", "replace")
        try:
            value = _loads(text)
        except ValueError:
            # A member in whatever notation: quoted or not, JSON, YAML or a form.
            scalar = rf"({_STRING}|'[^']*'|(?!-\s)[^\s,\[\]{{}}&]+)"
            member = rf"\b(?:{identity}|{batch})[\"']?\s*[:=]\s*{scalar}"
            found.update(_unquoted(match[1]) for match in re.finditer(member, text))
        else:
            found.update(_in_body(value, batch, identity, document))
    return found


class _Object(list[tuple[str, Any]]):
    """The members of a JSON object, one that is named twice included."""


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_Object)


def _in_body(body: Any, batch: str, identity: str, document: str) -> Iterator[str]:
    if isinstance(body, str):  # that may be a body again
        with contextlib.suppress(ValueError):
            yield from _in_body(_loads(body), batch, identity, document)
    elif isinstance(body, _Object):
        things = [value for name, value in body if name == batch]
        yield from (name for name in _leaves(things, document) if name != identity)
        for thing in (thing for batch in things if isinstance(batch, list) for thing in batch):
            if isinstance(thing, _Object) and identity not in dict(thing):
                yield ""
    elif isinstance(body, list):
        for value in body:
            yield from _in_body(value, batch, identity, document)


def _leaves(value: Any, document: str) -> Iterator[str]:
    """Every string, number or word, with what a string holds that is JSON itself."""
    if isinstance(value, _Object):
        value = [member for name, member in value if name != document]
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one, document)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            yield from _leaves(_loads(value), document)
    else:
        yield json.dumps(value)


def _unquoted(text: str) -> str:
    return text.strip("\"'")


def _shown(name: str) -> str:
    return "a text of JSON" if name[:1] in ("{", "[") else json.dumps(name[:_SHOWN])


def told(scenarios: Iterable[Scenario], batch: str, identity: str, document: str) -> Iterator[str]:
    """What a lenient service could store, a line for each scenario with an id without prefix."""
    usual, others = 0, []
    for scenario in scenarios:
        ids = could_store(scenario, batch, identity, document)
        if odd := sorted(name for name in ids if not name.startswith(PREFIX)):
            shown = ", ".join(map(_shown, odd))
            others.append(f"    {scenario.id:40} {shown}")
        else:
            usual += 1
    yield f"{usual:5} scenarios: nothing, or only ids that begin with {PREFIX}"
    yield f"{len(others):5} scenarios: also these ids"
    yield from others
