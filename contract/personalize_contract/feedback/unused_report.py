"""Which recorded exchanges a test did not ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from personalize_contract.cassette.replay import Replay
from personalize_contract.feedback.miss_report import summary
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.privacy import display

_SHOWN = 10
"""Exchanges, and items of each, that are listed."""


def unused_text(replay: Replay, unused: Sequence[Exchange]) -> str:
    """Return the problem of exchanges that were recorded and not asked for.

    Args:
        replay: the cassette.
        unused: those of its exchanges, at least one.
    """
    recorded = replay.recorded
    numbers = [number for number, one in enumerate(recorded, 1) if any(one is u for u in unused)]
    lines = [
        f"{len(unused)} of the {len(recorded)} exchanges recorded in {display.path(replay.path)} "
        f"{'was' if len(unused) == 1 else 'were'} not asked for: "
        "a request that this test used to send is not sent any more"
    ]
    for number in numbers[:_SHOWN]:
        request = parse(replay.redacted(recorded[number - 1].request))
        lines.append(f"  exchange {number}: {display.quoted(_described(request))}")
    if len(numbers) > _SHOWN:
        lines.append(f"  ... and {len(numbers) - _SHOWN} more")
    lines.append('  If that is right, record the test again, or say unused="report" in its mark')
    return "\n".join(lines)


def _described(request: ParsedRequest) -> str:
    ids = list(_ids(request))
    more = ", ..." if len(ids) > _SHOWN else ""
    return summary(request) + (f": {', '.join(ids[:_SHOWN])}{more}" if ids else "")


def _ids(request: ParsedRequest) -> Iterator[str]:
    """Yield the ids of a request's items, as they are written in the cassette."""
    operation = request.operation
    batch = request.members.get(operation.batch) if operation else None
    if operation and operation.identity and isinstance(batch, list):
        for one in batch:
            if isinstance(one, dict) and isinstance(name := one.get(operation.identity), str):
                yield name[:60]
