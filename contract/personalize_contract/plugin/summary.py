"""The block at the end of a pytest run: who answered, what was found, what has become useless.

It is made of tallies: how often each thing happened. Those of xdist's workers are added up by
their controller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from personalize_contract.feedback.adviser import Advice
from personalize_contract.model.advice import known

Tally = Counter[tuple[str, ...]]
"""How often something happened: what, and to whom or where. For example
`("replayed", "reference")`, `("unused", PATH)` or `("advice", NAME, FILE:LINE, JSON PATH)`."""

_SHOWN = 10
"""Cassettes that are listed of each kind."""

_COUNTED = ("unused", "fewer", "late", "refused", "unmarked", "ini-record", "waited")
"""What the one line counts, beside the answers, violations, advice and cassettes."""

VERDICTS = ("contract broken", "changed, contract holds", "environment", "not reached")
"""On tests whose answers differ from their cassettes; see `verdicts`."""

CASSETTES = {
    "kept": "not replaced, because what was there is an answer of somebody who proves more",
    "stale": "recorded with another service model than that of the installed botocore; "
    "record again to see whether the answer is still the same",
    "interrupted": "what was recorded is in a journal beside it; `personalize-contract recover` "
    "makes the cassette of it",
    "shared-dummy": "recorded with one dummy ARN for all datasets of a state, so an item that is "
    "sent to the wrong one is not noticed; record again",
    "aged": "recorded longer ago than personalize_max_age allows; record again",
    "gone": "the test is gone, or has no mark any more; delete the cassette",
}


def advised(advice: Iterable[tuple[Advice, int]]) -> Tally:
    """The tally of what a session advises, with the number of requests."""
    tally = Tally()
    for one, requests in advice:
        tally["advice", one.row.name, one.sent, one.where] += requests
    return tally


def _by(tally: Tally, what: str) -> dict[str, int]:
    return {key[1]: count for key, count in sorted(tally.items()) if key[0] == what}


def answers(tally: Tally) -> Iterator[str]:
    """Yield who answered, in words."""
    for what, words in (
        ("replayed", "replayed"),
        ("verified", "verified"),
        ("recorded", "recorded"),
        ("answered", "answered, not recorded"),
    ):
        by = _by(tally, what)
        if total := sum(by.values()):
            # AWS is always named: none of its answers is something to know.
            who = ", ".join(f"{by[name]} {name}" for name in by if name != "aws")
            aws = f"{by.get('aws', 0)} aws"
            yield f"{total} {words}: {f'{who}, {aws}' if who else aws}"


def places(tally: Tally) -> dict[tuple[str, str], tuple[str, int]]:
    """Advice by (place, name), with the first JSON path and the number of requests."""
    places: dict[tuple[str, str], tuple[str, int]] = {}
    for (what, *rest), count in sorted(tally.items()):
        if what == "advice":
            name, sent, where = rest
            first, requests = places.get((sent, name), (where, 0))
            places[sent, name] = first, requests + count
    return places


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def short(tally: Tally) -> str:
    """All of it in one line; `""` if there is nothing to say."""
    parts = list(answers(tally))
    if violations := tally["violations",]:
        parts.append(_number(violations, "violation"))
    if found := places(tally):
        parts.append(f"{len(found)} advice")
    parts += [
        f"{sum(_by(tally, what).values())} {what}"
        for what in (
            "unused",
            "fewer",
            "late",
            "refused",
            "unmarked",
            "ini-record",
            "unrecorded",
            "waited",
            *VERDICTS,
            *CASSETTES,
        )
        if _by(tally, what)
    ]
    return "; ".join(parts)


def lines(tally: Tally) -> Iterator[str]:
    """All of it."""
    yield from answers(tally)
    if violations := tally["violations",]:
        yield f"{_number(violations, 'violation')} of the contract: see the failed tests"
    if found := places(tally):
        yield "advice, on what is legal and hardly ever meant:"
    for (sent, name), (where, requests) in found.items():
        row = known(name)
        yield f"  {sent or '(unknown place)'}: {name}: {row.wrong}"
        yield f"    found at {where}, in {_number(requests, 'request')}"
        yield f"    {row.instead} [{row.source}]"
    if found:
        yield "  (personalize_no_advice = NAME in the ini file turns one off)"
    for path, met in _by(tally, "redact").items():
        if not met:
            yield f"redact: no request that was recorded has {path}: is it spelled as it is sent?"
    for path, met in _by(tally, "ignore").items():
        if not met:
            yield f"ignore: no request that was recorded has {path}: is it spelled as it is sent?"
    for path, count in _by(tally, "fewer").items():
        yield f"fewer: {_number(count, 'exchange')} less than before recorded in {path}"
    for path, count in _by(tally, "unused").items():
        yield f"unused: {_number(count, 'exchange')} recorded in {path}"
    for test, count in _by(tally, "faults").items():
        yield f"fail_next: {_number(count, 'failure')} asked for did not happen in {test}"
    for test, count in _by(tally, "late").items():
        yield (
            f"late: {_number(count, 'request')} sent after {test} had ended, by a thread or task "
            "that it left running"
        )
    for refusal, count in _by(tally, "refused").items():
        yield f"refused: {_number(count, 'time')}, to threads of no test: {refusal}"
    for target in _by(tally, "ini-record"):
        yield (
            f"personalize_record = {target} is in the ini file, so every run records again: "
            "take it out, and say --personalize-record when you mean it"
        )
    for why in _by(tally, "unrecorded"):
        yield f"not recorded: {why}"
    for test in _by(tally, "unmarked"):
        yield (
            f"unmarked: {test} uses personalize_dataset or personalize_tracker without the mark "
            "personalize_contract: "
            "what it sends is neither answered nor checked"
        )
    for test, count in _by(tally, "foreign").items():
        children = "1 child process" if count == 1 else f"{count} child processes"
        yield (
            f"child processes: {test} started {children} with an "
            "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS of their own: not checked, not recorded"
        )
    for test, count in _by(tally, "outlived").items():
        yield (
            f"child processes: {_number(count, 'request')} came to the endpoint of {test} after "
            "it was over, and got no answer: it should wait for what it starts"
        )
    for verdict in VERDICTS:
        tests = list(_by(tally, verdict))
        if tests:
            yield f"{verdict}: {_number(len(tests), 'test')}"
        yield from (f"  {test}" for test in tests)
    for note in _by(tally, "waited"):
        yield f"waited: {note}"
    for what, why in CASSETTES.items():
        paths = list(_by(tally, what))
        if paths:
            yield f"{what}: {why}"
        yield from (f"  {path}" for path in paths[:_SHOWN])
        if len(paths) > _SHOWN:
            yield f"  ... and {len(paths) - _SHOWN} more"
