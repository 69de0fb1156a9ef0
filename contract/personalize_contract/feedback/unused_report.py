"""Reports the recorded exchanges that a test did not use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from personalize_contract.cassette.replay import Replay
from personalize_contract.feedback.miss_report import summary
from personalize_contract.model.exchange import Exchange, Request
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
    recorded, described = replay.recorded, list(requests(replay, unused))
    lines = [
        f"{len(unused)} of the {len(recorded)} exchanges recorded in {display.path(replay.path)} "
        f"{'was' if len(unused) == 1 else 'were'} not used: "
        "the test no longer sends a request that it used to send"
    ]
    lines += [f"  exchange {number}: {words}" for number, words, _ in described[:_MAX_SHOWN]]
    if len(described) > _MAX_SHOWN:
        lines.append(f"  ... and {len(described) - _MAX_SHOWN} more")
    lines.append('  If that is intended, record the test again, or add unused="report" to its mark')
    return "\n".join(lines)


def requests(replay: Replay, unused: Sequence[Exchange]) -> Iterator[tuple[int, str, Request]]:
    """Yield the number of each unused exchange, its request in words, and that request.

    Args:
        replay: the cassette.
        unused: its unused exchanges.
    """
    chosen = set(map(id, unused))
    for number, exchange in enumerate(replay.recorded, 1):
        if id(exchange) in chosen:
            request = parse(replay.redacted(exchange.request))
            yield number, display.quoted(_described(request)), request


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
