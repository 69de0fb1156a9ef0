"""Recording a cassette again: confirmed exchanges keep their text, byte for byte.

A new exchange confirms an old one if both mean the same apart from dates and ids, and have the same
provenance apart from date and SDK. Other exchanges are written again, at the position of the ones
they replace, so that a diff shows the changes only.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from personalize_contract.cassette import loader, writer
from personalize_contract.cassette.reader import Cassette
from personalize_contract.errors import CassetteError
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.model.provenance import Provenance

_DATES_AND_IDS = re.compile(
    rb"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
    rb"|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    rb"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
)
_ID_HEADER = "x-amzn-requestid"


class Interaction(NamedTuple):
    """A recorded exchange, and its test if several tests share the cassette."""

    exchange: Exchange
    test: str


Key = Callable[[Interaction], object]
"""Function from an interaction to a value that is equal for the same interaction recorded again."""


def text(
    path: Path, provenance: Provenance, new: Sequence[Interaction], key: Key, renew_before: str = ""
) -> str:
    """Return the text of a cassette that is recorded again.

    Args:
        path: the cassette; it need not exist.
        provenance: the provenance of the new recording.
        new: the new recording.
        key: the key function of interactions.
        renew_before: the time, in ISO 8601; exchanges that were recorded earlier get a new date,
            even if the new recording confirms them; `""` to keep the dates of all.
    """
    try:
        data = loader.read(path)
        old = loader.parse(path, data)
    except CassetteError:
        old, texts = Cassette(Provenance(), ()), []
    else:
        texts = loader.interaction_texts(data.decode(), old)
        if "".join(writer.assembled(old.provenance, texts)).encode() != data:
            old, texts = Cassette(Provenance(), ()), []  # written by another tool, or edited
    rows = _aligned(old, new, key)
    confirmed = {
        at
        for at, recorded in rows
        if at is not None and _confirms(old, at, recorded, provenance, renew_before)
    }
    stays = any(_own(old.origins[at]) == _own(old.provenance) for at in confirmed)
    head = old.provenance if stays else provenance
    own = None if _own(provenance) == _own(head) else _own(provenance)
    interactions = [
        texts[at]
        if at is not None and at in confirmed
        else writer.exchange_text(recorded.exchange, recorded.test, own)
        for at, recorded in rows
    ]
    return "".join(writer.assembled(head, interactions))


def _aligned(
    old: Cassette, new: Sequence[Interaction], key: Key
) -> list[tuple[int | None, Interaction]]:
    """Return the new interactions in the old order, each with the index of the one it replaces."""
    waiting: dict[object, deque[int]] = {}
    for at, (exchange, origin) in enumerate(zip(old.exchanges, old.origins, strict=True)):
        shared_by = origin.recorded_for if origin.recorded_for != _owner(old) else ""
        waiting.setdefault(key(Interaction(exchange, shared_by)), deque()).append(at)
    rows: list[list[tuple[int | None, Interaction]]] = [[] for _ in range(len(old.exchanges) + 1)]
    last = 0
    for recorded in new:
        same = waiting.get(key(recorded))
        if same:
            last = same.popleft() + 1
            rows[last].insert(0, (last - 1, recorded))
        else:
            rows[last].append((None, recorded))
    return [row for place in rows for row in place]


def _owner(cassette: Cassette) -> str:
    return cassette.provenance.recorded_for


def _own(provenance: Provenance) -> Provenance:
    return replace(provenance, recorded_for="")


def _confirms(
    old: Cassette, at: int, recorded: Interaction, provenance: Provenance, renew_before: str
) -> bool:
    exchange, origin = old.exchanges[at], old.origins[at]
    return (
        not exchange.altered
        and _owner(old) == provenance.recorded_for
        and origin.recorded_at >= renew_before
        and _asked(origin) == _asked(provenance)
        and _meaning(exchange.response) == _meaning(recorded.exchange.response)
    )


def _asked(provenance: Provenance) -> tuple[str, ...]:
    """Return the members of a provenance that have to be equal: service, region and model."""
    return (
        provenance.answered_by,
        provenance.region,
        provenance.service_model,
        provenance.datasets,
    )


def _meaning(response: Response) -> tuple[object, ...]:
    headers = {
        name: _DATES_AND_IDS.sub(b"", value.encode("utf-8", "surrogateescape"))
        for name, value in response.headers.items()
        if name != _ID_HEADER
    }
    return response.status, response.reason, headers, _DATES_AND_IDS.sub(b"", response.body)
