"""Why no recorded exchange answers a request: what was sent, the nearest one, what differs."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from personalize_contract.cassette.replay import Replay
from personalize_contract.model import contract, strict_json
from personalize_contract.model.contract import Contract
from personalize_contract.model.exchange import Request, media_type
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor

_SHOWN = 12
"""Differences that are listed; a request that differs in more is another request."""

_LONGEST = 60

_EXPLAINED = 5
"""Misses of one test that are explained."""


class Explainer:
    """Writes the messages of the misses of one test. Any thread may call it.

    Looking for the nearest exchange takes longer the more are recorded, and one change makes
    every request miss: so the first few are explained, and the others only counted by whoever
    reads.

    Args:
        record: the command that records the test.
    """

    def __init__(self, record: str) -> None:
        self._record = record
        self._explained = 0

    def __call__(self, replay: Replay, request: Request) -> str:
        """The message of a miss.

        Args:
            replay: the cassette, as far as it is used up.
            request: what nothing answers; redacted here before any of it is shown.
        """
        request = replay.redacted(request)
        operation = contract.at(request.path)
        head = (
            f"no recorded exchange answers this {operation.operation if operation else ''} request"
        )
        if self._explained == _EXPLAINED:
            return f"{head} either: the first {_EXPLAINED} such requests are shown with the nearest"
        self._explained += 1
        lines = [
            head,
            f"  cassette:  {display.path(replay.path)}",
            f"  sent:      {_summary(request, operation)}",
            *_nearest(replay, _facts(request)),
            f"  record it: {self._record}",
        ]
        return "\n".join(lines)


def _nearest(replay: Replay, sent: dict[str, str]) -> Iterator[str]:
    recorded = [_facts(exchange.request) for exchange in replay.recorded]
    if not recorded:
        yield "  nearest:   none, nothing is recorded"
        return
    distances = [len(sent.items() ^ facts.items()) for facts in recorded]
    at = distances.index(min(distances))
    number = f"exchange {at + 1} of {len(recorded)}"
    if distances[at] == 0:
        yield f"  nearest:   {number} is the same; each answers once, and all like it were used"
        return
    yield f"  nearest:   {number}"
    paths = [path for path in {**sent, **recorded[at]} if sent.get(path) != recorded[at].get(path)]
    for path in paths[:_SHOWN]:
        yield (
            f"    {path}: sent {_value(sent.get(path))}, recorded {_value(recorded[at].get(path))}"
        )
    if len(paths) > _SHOWN:
        yield f"    ... and {len(paths) - _SHOWN} more differences"


def _facts(request: Request) -> dict[str, str]:
    """What a request says, by place: the message's parts, and each leaf of its JSON body."""
    facts = {
        "method": request.method,
        "path": f"{request.path}?{request.query}" if request.query else request.path,
        "media type": media_type(request.headers),
    }
    try:
        body = strict_json.loads(request.body)
    except strict_json.NotJson:
        facts["body (not JSON)"] = request.body.decode("utf-8", "backslashreplace")
        return facts
    operation = contract.at(request.path)
    facts.update(_leaves("", body, operation.document if operation else ""))
    return facts


def _leaves(at: str, value: Any, document: str) -> Iterator[tuple[str, str]]:
    """Each leaf of a JSON value by its path, into the JSON text that a `document` holds too."""
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(f"{at}.{name}" if at else name, member, document)
    elif isinstance(value, list) and value:
        for index, member in enumerate(value):
            yield from _leaves(f"{at}[{index}]", member, document)
    elif isinstance(value, str) and value[:1] == "{" and at.endswith(f".{document}"):
        try:
            yield from _leaves(at, strict_json.loads(value), document)
        except strict_json.NotJson:
            yield at, json.dumps(value, ensure_ascii=False)
    else:
        yield at or "body", json.dumps(value, ensure_ascii=False)


def _value(value: str | None) -> str:
    return "nothing" if value is None else display.text(value, Redactor(), _LONGEST)


def _summary(request: Request, operation: Contract | None) -> str:
    count = ""
    with contextlib.suppress(strict_json.NotJson, KeyError, TypeError):
        batch = operation.batch if operation else ""
        number = len(strict_json.loads(request.body)[batch])
        count = f"{number} {batch if number != 1 else batch.removesuffix('s')}, "
    return f"{request.method} {request.path}, {count}{len(request.body)} bytes"
