"""A group: the recordings of several scenarios in one cassette, each with its own provenance.

Only new recordings are written. The text of every other exchange stays the same, byte for byte, and
so does the head as long as one of these exchanges has its provenance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from personalize_contract.cassette import loader, recording, writer
from personalize_contract.cassette.reader import Cassette
from personalize_contract.errors import CassetteError, CassetteMissing
from personalize_contract.model.provenance import Provenance

_BY_HAND = "it was edited by hand, so nothing can be added to it; restore it, or move it away"
_UNREADABLE = (
    "the new recording of {scenario} would not read back as it was recorded, so the file was not "
    "changed: please report this, with the journal"
)


def load(path: Path) -> dict[str, Cassette]:
    """Return the recording of each scenario in a group; none if the file doesn't exist.

    Raises:
        CassetteError: it can't be read, or an exchange in it has no scenario.
    """
    try:
        return _load(path)[2]
    except CassetteMissing:
        return {}


def split(cassette: Cassette) -> dict[str, Cassette]:
    """Return the recording of each scenario in a cassette, in the order of the file."""
    places: dict[str, list[int]] = {}
    for place, origin in enumerate(cassette.origins):
        places.setdefault(origin.recorded_for, []).append(place)
    return {scenario: _part(cassette, at) for scenario, at in places.items()}


def _part(cassette: Cassette, places: list[int]) -> Cassette:
    """Return some of the exchanges, with the weakest provenance among them."""
    origins = tuple(cassette.origins[place] for place in places)
    weakest = next(each for each in origins if not any(other.below(each) for other in origins))
    exchanges = tuple(cassette.exchanges[place] for place in places)
    return Cassette(weakest, exchanges, tuple(cassette.lines[place] for place in places), origins)


def put(path: Path, new: Mapping[str, Cassette], order: Iterable[str]) -> None:
    """Replace or add the recordings of some scenarios in a group.

    Args:
        path: the group; it need not exist.
        new: the recordings by scenario.
        order: the order of the scenarios in the file; others come last.

    Raises:
        CassetteError: it can't be read, changed or written. The old file is kept.
    """
    try:
        text, cassette, old = _load(path)
    except CassetteMissing:
        text, cassette, old = "", Cassette(Provenance(), ()), {}
    staying = [scenario for scenario in old if scenario not in new]
    head = _head(cassette.provenance, [old[name] for name in staying], list(new.values()))
    texts = _texts(text, cassette) if staying else {}
    wanted = {**{name: old[name] for name in staying}, **new}
    sequence = [name for name in dict.fromkeys([*order, *old, *new]) if name in wanted]
    interactions = (
        piece
        for name in sequence
        for piece in (_written(name, new[name], head) if name in new else texts[name])
    )
    written = "".join(writer.assembled(head, interactions))
    try:
        data = written.encode()
    except UnicodeEncodeError:
        raise CassetteError(path, "it can't be written: it has text that isn't Unicode") from None
    if wrong := _misread(path, data, wanted):
        if wrong.isdisjoint(staying):
            raise CassetteError(path, _UNREADABLE.format(scenario=min(wrong)))
        raise CassetteError(path, _BY_HAND)
    if written != text:
        recording.replace(path, [written])


def _load(path: Path) -> tuple[str, Cassette, dict[str, Cassette]]:
    text = loader.read(path)
    cassette = loader.parse(path, text)
    for origin, line in zip(cassette.origins, cassette.lines, strict=True):
        if not origin.recorded_for or cassette.provenance.recorded_for:
            reason = "this exchange has no `scenario`; restore the file, or move it away"
            raise CassetteError(path, reason, line)
    return text.decode(), cassette, split(cassette)


def _nameless(provenance: Provenance) -> Provenance:
    return replace(provenance, recorded_for="")


def _head(head: Provenance, staying: list[Cassette], new: list[Cassette]) -> Provenance:
    shared = [_nameless(origin) for part in staying for origin in part.origins]
    return head if head in shared or not new else _nameless(new[0].provenance)


def _written(scenario: str, part: Cassette, head: Provenance) -> list[str]:
    provenance = _nameless(part.provenance)
    own = None if provenance == head else provenance
    return [writer.exchange_text(exchange, scenario, own) for exchange in part.exchanges]


def _texts(text: str, cassette: Cassette) -> dict[str, list[str]]:
    """Return the text of each exchange as it is in the file, by scenario."""
    texts: dict[str, list[str]] = {}
    written = loader.interaction_texts(text, cassette)
    for origin, interaction in zip(cassette.origins, written, strict=True):
        texts.setdefault(origin.recorded_for, []).append(interaction)
    return texts


def _misread(path: Path, data: bytes, wanted: Mapping[str, Cassette]) -> set[str]:
    """Return the scenarios whose recordings would not be read back from a text as they are."""
    try:
        readable = _as_recorded(split(loader.parse(path, data)))
    except CassetteError:
        readable = {}
    expected = _as_recorded(wanted)
    return {name for name in {**expected, **readable} if readable.get(name) != expected.get(name)}


def _as_recorded(parts: Mapping[str, Cassette]) -> dict[str, object]:
    return {
        scenario: [
            (exchange.request, exchange.response, exchange.altered, _nameless(origin))
            for exchange, origin in zip(part.exchanges, part.origins, strict=True)
        ]
        for scenario, part in parts.items()
    }
