"""Reports the recorded exchanges that a test did not use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from personalize_contract.cassette.replay import Replay
from personalize_contract.feedback.miss_report import summary
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.privacy import display

_MAX_SHOWN = 10
"""Maximum number of exchanges listed, and of items of each."""


def unused_text(replay: Replay, unused: Sequence[Exchange]) -> str:
    """Return the message about unused exchanges.

    Args:
        replay: the cassette.
        unused: its unused exchanges, at least one.
    """
    recorded = replay.recorded
    numbers = [
        number
        for number, exchange in enumerate(recorded, 1)
        if any(exchange is other for other in unused)
    ]
    lines = [
        f"{len(unused)} of the {len(recorded)} exchanges recorded in {display.path(replay.path)} "
        f"{'was' if len(unused) == 1 else 'were'} not used: "
        "the test no longer sends a request that it used to send"
    ]
    for number in numbers[:_MAX_SHOWN]:
        request = parse(replay.redacted(recorded[number - 1].request))
        lines.append(f"  exchange {number}: {display.quoted(_described(request))}")
    if len(numbers) > _MAX_SHOWN:
        lines.append(f"  ... and {len(numbers) - _MAX_SHOWN} more")
    lines.append('  If that is right, record the test again, or add unused="report" to its mark')
    return "\n".join(lines)


def _described(request: ParsedRequest) -> str:
    ids = list(_ids(request))
    more = ", ..." if len(ids) > _MAX_SHOWN else ""
    return summary(request) + (f": {', '.join(ids[:_MAX_SHOWN])}{more}" if ids else "")


def _ids(request: ParsedRequest) -> Iterator[str]:
    """Yield the ids of a request's items, as written in the cassette."""
    operation = request.operation
    batch = request.members.get(operation.batch) if operation else None
    if operation and operation.identity and isinstance(batch, list):
        for record in batch:
            if isinstance(record, dict) and isinstance(name := record.get(operation.identity), str):
                yield name[:60]
