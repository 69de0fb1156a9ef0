"""Why no recorded exchange answers a request: what was sent, the nearest one, what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from personalize_contract import shown, strictjson
from personalize_contract.cassette.replay import Replay
from personalize_contract.exchange import Request, media_type

_SHOWN = 12
"""Differences that are listed; a request that differs in more is another request."""

_LONGEST = 60


def explain(replay: Replay, request: Request, record: str) -> str:
    """The message of a miss.

    Args:
        replay: the cassette, as far as it is used up.
        request: what nothing answers; redacted here before any of it is shown.
        record: the command that records the test.
    """
    sent = _facts(replay.redacted(request))
    lines = [
        "no recorded exchange answers this PutItems request",
        f"  cassette:  {shown.path(replay.path)}",
        f"  sent:      {_summary(replay.redacted(request))}",
        *_nearest(replay, sent),
        f"  record it: {record}",
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
        body = strictjson.loads(request.body)
    except strictjson.NotJson:
        facts["body (not JSON)"] = request.body.decode("utf-8", "backslashreplace")
        return facts
    facts.update(_leaves("", body))
    return facts


def _leaves(at: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(f"{at}.{name}" if at else name, member)
    elif isinstance(value, list) and value:
        for index, member in enumerate(value):
            yield from _leaves(f"{at}[{index}]", member)
    elif at.endswith("properties") and isinstance(value, str) and value[:1] == "{":
        try:
            yield from _leaves(at, strictjson.loads(value))
        except strictjson.NotJson:
            yield at, json.dumps(value, ensure_ascii=False)
    else:
        yield at or "body", json.dumps(value, ensure_ascii=False)


def _value(text: str | None) -> str:
    if text is None:
        return "nothing"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"


def _summary(request: Request) -> str:
    try:
        items = strictjson.loads(request.body)["items"]
        count = f"{len(items)} item{'' if len(items) == 1 else 's'}, "
    except (strictjson.NotJson, KeyError, TypeError):
        count = ""
    return f"{request.method} {request.path}, {count}{len(request.body)} bytes"
