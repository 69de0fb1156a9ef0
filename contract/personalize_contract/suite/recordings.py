"""The recording of a scenario beside what is answered now: what differs, and what is rewritten.

A recording that is confirmed keeps its text: ids and dates would only make a diff of what didn't
change. Its age is that of its `recorded_at`, which moves, alone, once it is `FRESH` old; so a
folder that is recorded every night passes `lint --max-age` of a few days more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from personalize_contract import clock
from personalize_contract.cassette import loader
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import CassetteMissing
from personalize_contract.model.exchange import Exchange
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.suite.drift import Comparison, differences

FRESH = dt.timedelta(days=14)
"""How old the date of a confirmed recording may be before it is moved."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The recorded answer to a request beside the answer now.

    Args:
        cassette: that it is in.
        recorded: the exchange in it.
        comparison: what differs.
    """

    cassette: Cassette
    recorded: Exchange
    comparison: Comparison

    def is_confirmed(self, taken: Sequence[Exchange], answered_by: str) -> bool:
        """Whether the same service said the same again to all of it, its words included."""
        key = Matching().key
        return (
            self.cassette.provenance.answered_by == answered_by
            and [key(one.request) for one in self.cassette.exchanges]
            == [key(one.request) for one in taken]
            and not any(
                before.altered or differences(before.response, now.response)
                for before, now in zip(self.cassette.exchanges, taken, strict=True)
            )
        )

    def is_fresh(self) -> bool:
        """Whether the date of the recording says enough about its age."""
        try:
            recorded_at = dt.datetime.fromisoformat(self.cassette.provenance.recorded_at)
            return clock.now() - recorded_at < FRESH
        except (ValueError, TypeError):
            return False


def beside(path: Path, exchange: Exchange, redactor: Redactor) -> Beside | None:
    """What is recorded for the request of an exchange; None if nothing that shows an answer is.

    Args:
        path: the cassette.
        exchange: as it happened.
        redactor: what its messages go through to be written.

    Raises:
        CassetteError: the cassette can't be read.
    """
    try:
        cassette = loader.load(path)
    except CassetteMissing:
        return None
    recorded = Replay(path, cassette, redactor, Matching()).take(exchange.request)
    if recorded is None or recorded.altered:
        return None
    now, by = redactor.response(exchange.response), cassette.provenance
    comparison = Comparison.of(recorded.response, by, now, exchange.answered_by)
    return Beside(cassette, recorded, comparison)


def save(recording: Recording, beside: Beside | None, answered_by: str) -> bool:
    """Write what was recorded, unless it says what the cassette says already.

    Returns:
        False if the cassette there has a higher provenance: it is kept as it is.
    """
    if beside and beside.is_confirmed(recording.taken(), answered_by):
        if beside.is_fresh():
            recording.discard()
            return True
        return recording.save(list(beside.cassette.exchanges))
    return recording.save()
