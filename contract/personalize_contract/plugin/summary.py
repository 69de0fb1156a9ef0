"""The block at the end of a pytest run: answers by provenance, findings, and cassettes to renew.

It is made of tallies, which count events. xdist's controller adds up those of its workers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from personalize_contract.feedback.adviser import Advice
from personalize_contract.model.advice import known

Tally = Counter[tuple[str, ...]]
"""Counts of events, by kind and subject. For example `("replayed", "reference")`,
`("unused", PATH)` or `("advice", NAME, FILE:LINE, JSON PATH)`."""

_SHOWN = 10
"""Maximum number of cassettes listed of each kind."""

VERDICTS = ("contract broken", "changed, contract holds", "environment", "not reached")
"""On tests whose answers differ from their cassettes; see `verdicts`."""

CASSETTES = {
    "kept": "not overwritten, because the existing recording has stronger provenance; delete the "
    "cassette to record it anew",
    "stale": "recorded with a different service model than the installed botocore's; "
    "record again to see whether the answers are still the same",
    "interrupted": "the recording is in a journal beside it; `personalize-contract recover` "
    "turns the journal into a cassette",
    "shared-dummy": "recorded with one dummy ARN for all datasets of a state, so items sent to "
    "the wrong dataset go unnoticed; record again",
    "aged": "recorded longer ago than personalize_max_age allows; record again",
    "gone": "the test no longer exists, or no longer has the mark; delete the cassette",
}

_COUNTED = {
    "unused": ("unused", "exchange"),
    "fewer": ("fewer than before", "exchange"),
    "late": ("late", "request"),
    "refused": ("refused", "connection"),
    "unmarked": ("unmarked", "test"),
    "unrecorded": ("not recorded", "shared cassette"),
    "known": ("known", "finding"),
    "unmatched": ("in the baseline only", "finding"),
    "waited": ("waited", "time"),
    **{verdict: (verdict, "test") for verdict in VERDICTS},
    **{kind: (kind, "cassette") for kind in CASSETTES},
}
"""The label and the noun of each kind of event that the short summary counts."""


def advised(advice: Iterable[tuple[Advice, int]]) -> Tally:
    """Return the tally of advice, with the number of requests that each piece is about."""
    tally = Tally()
    for each, requests in advice:
        tally["advice", each.row.name, each.sent, each.where] += requests
    return tally


def _by(tally: Tally, kind: str) -> dict[str, int]:
    return {key[1]: count for key, count in sorted(tally.items()) if key[0] == kind}


def answers(tally: Tally) -> Iterator[str]:
    """Yield a line for each kind of answer, with the number of exchanges by provenance."""
    for kind, words in (
        ("replayed", "replayed"),
        ("verified", "verified"),
        ("recorded", "recorded"),
        ("answered", "answered, not recorded"),
    ):
        by = _by(tally, kind)
        if total := sum(by.values()):
            # AWS is always listed, so that a zero is visible.
            counts = [f"{name} {by[name]}" for name in by if name != "aws"]
            counts.append(f"aws {by.get('aws', 0)}")
            yield f"{_number(total, 'exchange')} {words} ({', '.join(counts)})"


def places(tally: Tally) -> dict[tuple[str, str], tuple[str, int]]:
    """Return advice by call site and name, with the first JSON path and the number of requests."""
    places: dict[tuple[str, str], tuple[str, int]] = {}
    for (kind, *rest), count in sorted(tally.items()):
        if kind == "advice":
            name, sent, where = rest
            first, requests = places.get((sent, name), (where, 0))
            places[sent, name] = first, requests + count
    return places


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def short(tally: Tally) -> str:
    """Return the summary in one line; `""` if it is empty."""
    parts = list(answers(tally))
    if violations := tally["violations",]:
        parts.append(_number(violations, "violation"))
    if advice := places(tally):
        parts.append(f"{_number(len(advice), 'piece')} of advice")
    parts += [
        f"{label}: {_number(sum(_by(tally, kind).values()), noun)}"
        for kind, (label, noun) in _COUNTED.items()
        if _by(tally, kind)
    ]
    parts += [
        f"personalize_record = {target} in the ini file" for target in _by(tally, "ini-record")
    ]
    return "; ".join(parts)


def baseline(tally: Tally) -> Iterator[str]:
    """Yield the findings that the baseline knows, and its entries that matched nothing."""
    known = sorted((key, count) for key, count in tally.items() if key[0] == "known")
    if known:
        count = sum(count for _, count in known)
        yield f"known: {_number(count, 'finding')} excused by the baseline"
    for (_, place, test, clause, until, why), _ in known:
        yield f"  {test}: {clause} ({until}, {place}): {why}"
    for entry in _by(tally, "unmatched"):
        yield f"baseline: {entry}: no such finding in this run; remove the entry"


def refusals(tally: Tally) -> Iterator[str]:
    """Yield the requests and connections that were refused, and for which no test failed."""
    for test, count in _by(tally, "late").items():
        yield (
            f"late: {_number(count, 'request')} after the end of {test}, from a thread or task "
            "that it left running"
        )
    for host, count in _by(tally, "refused").items():
        connections = _number(count, "connection")
        yield f"refused: {connections} to {host}, by threads that belong to no test"


def _advice(tally: Tally) -> Iterator[str]:
    if not (advice := places(tally)):
        return
    from personalize_contract.report.words import some

    yield "advice (valid, but probably a mistake):"
    without_request: dict[str, list[str]] = {}
    for (sent, name), (where, requests) in advice.items():
        if where:
            row = known(name)
            yield f"  {sent or '(unknown call site)'}: {name}: {row.wrong}"
            yield f"    at {where}, in {_number(requests, 'request')}"
            yield f"    {row.instead} [{row.source}]"
        else:
            without_request.setdefault(name, []).append(sent)
    for name, tests in without_request.items():
        row = known(name)
        yield f"  {some(tests)}: {name}: {row.wrong}"
        yield f"    {row.instead} [{row.source}]"
    yield "  (personalize_no_advice = NAME in the ini file turns a piece of advice off)"


def lines(tally: Tally) -> Iterator[str]:
    """Yield the lines of the summary."""
    yield from answers(tally)
    if violations := tally["violations",]:
        yield f"{_number(violations, 'violation')} of the contract: see the failed tests"
    yield from baseline(tally)
    yield from _advice(tally)
    for path, occurrences in _by(tally, "redact").items():
        if not occurrences:
            yield f"redact: no recorded request has {path}; check its spelling"
    for path, occurrences in _by(tally, "ignore").items():
        if not occurrences:
            yield f"ignore: no recorded request has {path}; check its spelling"
    for path, count in _by(tally, "fewer").items():
        yield f"fewer: {path} has {_number(count, 'exchange')} fewer than before"
    for path, count in _by(tally, "unused").items():
        yield f"unused: {_number(count, 'exchange')} in {path}"
    for test, count in _by(tally, "faults").items():
        yield f"fail_next: {_number(count, 'requested failure')} did not happen in {test}"
    yield from refusals(tally)
    for target in _by(tally, "ini-record"):
        yield (
            f"personalize_record = {target} is in the ini file, so every run records again: "
            "remove it, and use the option --personalize-record to record"
        )
    for why in _by(tally, "unrecorded"):
        yield f"not recorded: {why}"
    for test in _by(tally, "unmarked"):
        yield (
            f"unmarked: {test} uses personalize_dataset or personalize_tracker without the mark "
            "personalize_contract: its requests are neither answered nor checked"
        )
    for test, count in _by(tally, "foreign").items():
        children = "1 child process" if count == 1 else f"{count} child processes"
        yield (
            f"child processes: {test} started {children} with another "
            "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS, so their requests were neither checked nor "
            "recorded"
        )
    for test, count in _by(tally, "outlived").items():
        yield (
            f"child processes: {_number(count, 'request')} reached the endpoint of {test} after "
            "its end, and got no answer: wait in the test for the processes that it starts"
        )
    for verdict in VERDICTS:
        tests = list(_by(tally, verdict))
        if tests:
            yield f"{verdict}: {_number(len(tests), 'test')}"
        yield from (f"  {test}" for test in tests)
    for note in _by(tally, "waited"):
        yield f"waited: {note}"
    for kind, why in CASSETTES.items():
        paths = list(_by(tally, kind))
        if paths:
            yield f"{kind}: {why}"
        yield from (f"  {path}" for path in paths[:_SHOWN])
        if len(paths) > _SHOWN:
            yield f"  ... and {len(paths) - _SHOWN} more"
