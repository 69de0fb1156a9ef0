"""The ids that a lenient service could store from each scenario, for `--dry-run`.

A service without any checks takes a number for a string, single quotes for JSON, and an array for
an object. Items can't be deleted, so every conceivable id is listed.
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
_MAX_SHOWN = 40
"""Maximum number of characters shown of an id."""


def could_store(scenario: Scenario, batch: str, identity: str, document: str) -> set[str]:
    """Return the ids that some parser could read in a scenario's requests.

    Args:
        scenario: the scenario.
        batch: the member that holds the records, `items`.
        identity: the member that identifies each record, `itemId`.
        document: the member of each record to skip, `properties`.
    """
    ids: set[str] = set()
    for message in messages(scenario, DATASET):
        text = message.body.decode("utf-16-le" if b"{\0" in message.body else "utf-8", "replace")
        try:
            value = _loads(text)
        except ValueError:
            # A member in any notation: quoted or not, JSON, YAML or a form.
            scalar = rf"({_STRING}|'[^']*'|(?!-\s)[^\s,\[\]{{}}&]+)"
            member = rf"\b(?:{identity}|{batch})[\"']?\s*[:=]\s*{scalar}"
            ids.update(_unquoted(match[1]) for match in re.finditer(member, text))
        else:
            ids.update(_in_body(value, batch, identity, document))
    return ids


class _Object(list[tuple[str, Any]]):
    """The members of a JSON object, repeated names included."""


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_Object)


def _in_body(body: Any, batch: str, identity: str, document: str) -> Iterator[str]:
    if isinstance(body, str):  # it may hold another body
        with contextlib.suppress(ValueError):
            yield from _in_body(_loads(body), batch, identity, document)
    elif isinstance(body, _Object):
        batches = [value for name, value in body if name == batch]
        yield from (name for name in _leaves(batches, document) if name != identity)
        for records in batches:
            for record in records if isinstance(records, list) else ():
                if isinstance(record, _Object) and identity not in dict(record):
                    yield ""
    elif isinstance(body, list):
        for value in body:
            yield from _in_body(value, batch, identity, document)


def _leaves(value: Any, document: str) -> Iterator[str]:
    """Yield every string, number or literal, also in strings that hold JSON."""
    if isinstance(value, _Object):
        value = [member for name, member in value if name != document]
    if isinstance(value, list):
        for member in value:
            yield from _leaves(member, document)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            yield from _leaves(_loads(value), document)
    else:
        yield json.dumps(value)


def _unquoted(text: str) -> str:
    return text.strip("\"'")


def _shown(name: str) -> str:
    return "a JSON text" if name[:1] in ("{", "[") else json.dumps(name[:_MAX_SHOWN])


def lines(scenarios: Iterable[Scenario], batch: str, identity: str, document: str) -> Iterator[str]:
    """Yield the lines about storable ids, one for each scenario with an id without the prefix.

    Args:
        scenarios: the scenarios.
        batch: the member that holds the records, `items`.
        identity: the member that identifies each record, `itemId`.
        document: the member of each record to skip, `properties`.
    """
    prefixed, others = 0, []
    for scenario in scenarios:
        ids = could_store(scenario, batch, identity, document)
        if without_prefix := sorted(name for name in ids if not name.startswith(PREFIX)):
            shown = ", ".join(map(_shown, without_prefix))
            others.append(f"    {scenario.id:40} {shown}")
        else:
            prefixed += 1
    yield f"{prefixed:5} scenarios: nothing, or only ids that begin with {PREFIX}"
    yield f"{len(others):5} scenarios: also these ids"
    yield from others
