"""Why no recorded exchange answers a request: what was sent, the nearest one, what differs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from personalize_contract.cassette.replay import Replay
from personalize_contract.feedback.differences import differences, facts
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.privacy import display

_SHOWN = 12
"""Differences that are listed; a request that differs in more is another request."""

_EXPLAINED = 5
"""Misses of one test that are explained."""

_STAND_IN = re.compile(
    r".*:dataset/contract-(active|in-use|missing)(?:-\d+)?/(\w+)"
    r"|contract-(active|in-use|missing)(?:-\d+)?-tracker"
)


class Explainer:
    """Writes the messages of the misses of one test. Any thread may call it.

    Looking for the nearest exchange takes longer the more are recorded, and one change makes
    every request miss: so the first few are explained, and the others only counted by whoever
    reads.

    Args:
        record: the command that records the test.
        meant: ids of the clauses that the test breaks on purpose.
    """

    def __init__(self, record: str, meant: Collection[str] = ()) -> None:
        self._record, self._meant = record, meant
        self._explained = 0

    def __call__(self, replay: Replay, request: Request) -> str:
        """Return the message of a miss.

        Args:
            replay: the cassette, as far as it is used up.
            request: answered by nothing; redacted here before any of it is shown.
        """
        broken = [
            violation.clause.id
            for violation in parse(request).violations
            if violation.clause.can_fail and violation.clause.id not in self._meant
        ]
        sent = parse(replay.redacted(request))
        name = f" {sent.operation.operation}" if sent.operation else ""
        head = f"no recorded exchange answers this{name} request"
        if self._explained == _EXPLAINED:
            return f"{head} either: the first {_EXPLAINED} such requests are shown with the nearest"
        self._explained += 1
        remedy = (
            f"  first:     it breaks {broken[0]}, so no recording of it is wanted"
            if broken
            else f"  record it: {self._record}"
        )
        lines = [
            head,
            f"  cassette:  {display.path(replay.path)}",
            f"  sent:      {display.quoted(summary(sent))}",
            *_nearest(replay, sent),
            remedy,
        ]
        return "\n".join(lines)


def _nearest(replay: Replay, request: ParsedRequest) -> Iterator[str]:
    sent = facts(request)
    recorded = [facts(exchange.request) for exchange in replay.recorded]
    if not recorded:
        yield "  nearest:   none, nothing is recorded"
        return
    distances = [len(sent.items() ^ other.items()) for other in recorded]
    at = distances.index(min(distances))
    number = f"exchange {at + 1} of {len(recorded)}"
    if distances[at] == 0:
        yield f"  nearest:   {number} is the same; each answers once, and all like it were used"
        return
    yield f"  nearest:   {number}"
    differing = list(differences(sent, recorded[at]))
    for place, told in differing[:_SHOWN]:
        yield f"    {display.quoted(place)}: {told}"
    if len(differing) > _SHOWN:
        yield f"    ... and {len(differing) - _SHOWN} more differences"
    resource = request.operation.resource if request.operation else ""
    if [place for place, _ in differing] == [resource]:
        yield from _about_datasets(resource, request, parse(replay.recorded[at].request))


def _about_datasets(resource: str, sent: ParsedRequest, recorded: ParsedRequest) -> Iterator[str]:
    """Yield the reason why two requests differ in nothing but their dataset, or tracker."""
    name, other = sent.members.get(resource), recorded.members.get(resource)
    if not isinstance(name, str) or not isinstance(other, str):
        return
    states = [_STAND_IN.fullmatch(each) for each in (name, other)]
    if not states[0]:
        yield (
            "  datasets:  this one is not declared: name it and its state in the ini key "
            "personalize_dataset, and a recording calls it by its state"
        )
    elif states[1] and states[0].groups() == states[1].groups():
        yield (
            "  datasets:  the same is recorded for another dataset of this state: it was sent to "
            "the wrong one, or the order of personalize_dataset changed"
        )


def summary(request: ParsedRequest) -> str:
    """Return one line on a redacted request: method, path, size and the items of its batch."""
    operation = request.operation
    batch = request.members.get(operation.batch) if operation else None
    count = ""
    if operation and isinstance(batch, list):
        many = operation.batch if operation.identity else f"in {operation.batch}"
        count = f"{len(batch)} {many if len(batch) != 1 else many.removesuffix('s')}, "
    return f"{request.method} {request.path}, {count}{len(request.body)} bytes"
