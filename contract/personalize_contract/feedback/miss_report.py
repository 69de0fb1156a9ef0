"""Explains a miss: the request, the nearest recorded exchange, and their differences."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from personalize_contract.cassette import files
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import Miss
from personalize_contract.feedback.differences import differences, facts
from personalize_contract.feedback.volatile import ignoring
from personalize_contract.model.exchange import Request
from personalize_contract.model.parsed_request import ParsedRequest, parse
from personalize_contract.privacy import display

_MAX_DIFFERENCES = 12
"""Maximum number of differences listed; beyond it, the requests have little in common."""

_MAX_EXPLAINED = 5
"""Maximum number of misses explained in one test."""

_HEAD = ("method", "path", "media type")
"""The places of a request outside its body."""

_DUMMY = re.compile(
    r".*:dataset/contract-(active|in-use|missing)(?:-\d+)?/(\w+)"
    r"|contract-(active|in-use|missing)(?:-\d+)?-tracker"
)


class Explainer:
    """Writes the messages of the misses of one test. Thread-safe.

    Finding the nearest exchange takes time in proportion to the recording, and one change makes
    every request miss; so only the first few misses are explained.

    Args:
        record: the command that records the test.
        meant: ids of the clauses that the test breaks on purpose.
        gone: returns the lines about cassettes of gone tests that answer the test's requests.
    """

    def __init__(
        self,
        record: str,
        meant: Collection[str] = (),
        gone: Callable[[Replay, Request], Iterable[str]] = lambda *_: (),
    ) -> None:
        self._record, self._meant, self._gone = record, meant, gone
        self._explained = 0

    def __call__(self, replay: Replay, request: Request) -> Miss:
        """Return the error of a miss.

        Args:
            replay: the cassette, with the exchanges used so far.
            request: the request without an answer; redacted here before it is shown.
        """
        broken = [
            violation.clause.id
            for violation in parse(request).violations
            if violation.clause.can_fail and violation.clause.id not in self._meant
        ]
        sent = parse(replay.redacted(request))
        name = f" {sent.operation.operation}" if sent.operation else ""
        head = f"no recorded exchange answers this{name} request"
        if self._explained == _MAX_EXPLAINED:
            return Miss(f"{head}; only the first {_MAX_EXPLAINED} misses of a test are explained")
        self._explained += 1
        remedy = (
            f"  fix it:    the request breaks {broken[0]}; correct it before you record the test"
            if broken
            else f"  record it: {self._record}"
        )
        before = [
            head,
            f"  cassette:  {display.path(replay.path)}",
            f"  sent:      {display.quoted(summary(sent))}",
        ]
        nearest = _nearest(replay, sent)
        after = [
            *nearest.hints,
            *(() if replay.recorded else self._gone(replay, request)),
            remedy,
        ]
        text, report = (
            "\n".join([*before, f"  nearest:   {nearest.exchange}", *differing, *after])
            for differing in (_shown(nearest.differing), _shown(_public(nearest.differing, sent)))
        )
        return Miss(text, report)


class _Nearest(NamedTuple):
    """The recorded exchange that differs least from a request.

    Args:
        exchange: its number and the total, or the reason why there is none.
        differing: each place where they differ, with both values.
        hints: lines about the reason.
    """

    exchange: str
    differing: Sequence[tuple[str, str]] = ()
    hints: Sequence[str] = ()


def _nearest(replay: Replay, request: ParsedRequest) -> _Nearest:
    sent = facts(request)
    recorded = [facts(exchange.request) for exchange in replay.recorded]
    if not recorded:
        is_there = files.mode(replay.path)
        return _Nearest(f"none: {'the cassette is empty' if is_there else 'there is no cassette'}")
    distances = [len(sent.items() ^ other.items()) for other in recorded]
    at = distances.index(min(distances))
    number = f"exchange {at + 1} of {len(recorded)}"
    if distances[at] == 0:
        return _Nearest(f"{number} is equal, but already used; each answers only one request")
    differing = list(differences(sent, recorded[at]))
    hints = _hints(request, replay.recorded[at].request, sent, recorded[at], differing)
    return _Nearest(number, differing, list(hints))


def _shown(differing: Sequence[tuple[str, str]]) -> Iterator[str]:
    for place, values in differing[:_MAX_DIFFERENCES]:
        yield f"    {display.quoted(place)}: {values}"
    if len(differing) > _MAX_DIFFERENCES:
        yield f"    ... and {len(differing) - _MAX_DIFFERENCES} more differences"


def _public(differing: Sequence[tuple[str, str]], sent: ParsedRequest) -> list[tuple[str, str]]:
    """Return differences without item properties, as a report may show them."""
    public = {}
    for place, values in differing:
        member, document, _ = place, "", ""
        if sent.operation:
            member, document, _ = place.partition(f".{sent.operation.document}")
        is_private = document or place.startswith("body") or not (sent.operation or place in _HEAD)
        public[member + document] = "differs (not shown in reports)" if is_private else values
    return list(public.items())


def _hints(
    request: ParsedRequest,
    other: Request,
    sent: Mapping[str, str],
    recorded: Mapping[str, str],
    differing: Sequence[tuple[str, str]],
) -> Iterator[str]:
    pairs = [(place, sent.get(place, ""), recorded.get(place, "")) for place, _ in differing]
    if members := ignoring(pairs, request, other):
        names = ", ".join(f'"{member}"' for member in members)
        yield (
            f"  ignore:    these values are new on each run; write ignore=[{names}] in the mark, "
            "or add the members to personalize_ignore in the ini file, to accept this request"
        )
    resource = request.operation.resource if request.operation else ""
    if [place for place, _ in differing] == [resource]:
        yield from _about_datasets(resource, request, parse(other))


def _about_datasets(resource: str, sent: ParsedRequest, recorded: ParsedRequest) -> Iterator[str]:
    """Explain why two requests differ only in their dataset or tracker."""
    name, other = sent.members.get(resource), recorded.members.get(resource)
    if not isinstance(name, str) or not isinstance(other, str):
        return
    states = [_DUMMY.fullmatch(each) for each in (name, other)]
    if not states[0]:
        yield (
            f"  datasets:  this {resource} is not declared: add it with its state to the ini key "
            "personalize_dataset, so that recordings name it by its state"
        )
    elif states[1] and states[0].groups() == states[1].groups():
        yield (
            "  datasets:  the same request is recorded for another dataset of this state: the code "
            "sent this one to the wrong dataset, or the order of personalize_dataset changed"
        )


def summary(request: ParsedRequest) -> str:
    """Return one line about a redacted request: method, path, size and length of its batch."""
    operation = request.operation
    batch = request.members.get(operation.batch) if operation else None
    count = ""
    if operation and isinstance(batch, list):
        singular, plural = (
            (operation.batch.removesuffix("s"), operation.batch)
            if operation.identity
            else (f"entry in {operation.batch}", f"entries in {operation.batch}")
        )
        count = f"{len(batch)} {singular if len(batch) == 1 else plural}, "
    return f"{request.method} {request.path}, {count}{len(request.body)} bytes"
