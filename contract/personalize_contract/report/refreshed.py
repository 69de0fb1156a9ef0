"""The changes of a repo's cassettes, recorded again, as the text of a pull request.

A change is one row with all exchanges that have it. Of a changed request only the JSON paths are
shown: its values are in the diff of the cassettes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from personalize_contract.cassette.folders import SUFFIX
from personalize_contract.cassette.matching import Key, Matching
from personalize_contract.cassette.reader import Cassette
from personalize_contract.feedback.differences import differences as request_differences
from personalize_contract.feedback.differences import facts
from personalize_contract.model.drift import Difference, differences
from personalize_contract.model.exchange import Exchange
from personalize_contract.privacy import display
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.report.markdown_text import code, plain, table

MOST = 40
"""Rows and names of each kind that are listed."""

_FEW = 3


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The cassettes of a repo, before and after they were recorded again.

    Args:
        before: the earlier content of each cassette that was changed or deleted.
        after: the content of each cassette that was changed or is new.
        unchanged: the number of cassettes that are the same byte for byte.
        failed: the tests that failed and were not recorded, with the first line of the reason.
        not_reached: the tests that need a dataset in a state without a declared one.
    """

    before: Mapping[Path, Cassette]
    after: Mapping[Path, Cassette]
    unchanged: int
    failed: Sequence[tuple[str, str]]
    not_reached: Sequence[tuple[str, str]] = ()


def text(refreshed: Refreshed) -> str:
    """Return the text of the pull request."""
    both = sorted({*refreshed.before} & {*refreshed.after})
    new = sorted({*refreshed.after} - {*refreshed.before})
    gone = sorted({*refreshed.before} - {*refreshed.after})
    rows = _rows({path: (refreshed.before[path], refreshed.after[path]) for path in both})
    changed = {path for places in rows.values() for path in places}
    total = len(both) + len(new) + len(gone) + refreshed.unchanged
    counts = {"changed": len(changed), "new": len(new), "gone": len(gone)}
    headline = _headline(total, counts, len(both) - len(changed), len(refreshed.failed))
    parts = [f"## {headline}"]
    if rows:
        shown = [
            [plain(row.part), code(row.recorded), code(row.now), _some(places)]
            for row, places in list(rows.items())[:MOST]
        ]
        more = f"\n\n... and {len(rows) - MOST} more" if len(rows) > MOST else ""
        parts.append(table(["part", "recorded", "now", "in"], shown) + more)
    parts += _listed("New:", [code(display.path(path)) for path in new])
    parts += _listed("Gone:", [code(display.path(path)) for path in gone])
    for title, tests in (
        ("Not recorded, because the test failed", refreshed.failed),
        ("Not recorded, because no dataset is declared for the state", refreshed.not_reached),
    ):
        lines = [f"{code(test)}: {plain(why)}" for test, why in tests]
        parts += _listed(f"{title} (the cassette is unchanged):", lines)
    return "\n\n".join(parts) + "\n"


def _headline(total: int, counts: Mapping[str, int], renewed: int, failed: int) -> str:
    changes = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    cassettes = _count(total, "cassette")
    parts = [f"Of {cassettes}: {changes}" if changes else f"Nothing changed in {cassettes}"]
    if renewed:
        parts.append(f"{_count(renewed, 'date')} renewed")
    if failed:
        parts.append(f"{_count(failed, 'test')} failed")
    return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        more = [f"... and {len(lines) - MOST} more"] if len(lines) > MOST else []
        yield f"{title}\n\n" + "\n".join(f"- {line}" for line in [*lines[:MOST], *more])


def _some(places: Mapping[Path, Sequence[int]]) -> str:
    names = [
        code(f"{path.parent.name}/{path.name.removesuffix(SUFFIX)}") + _numbers(numbers)
        for path, numbers in list(places.items())[:_FEW]
    ]
    more = [f"and {len(places) - _FEW} more"] if len(places) > _FEW else []
    return "<br>".join([*names, *more])


def _numbers(numbers: Sequence[int]) -> str:
    if not any(numbers):
        return ""
    more = ", ..." if len(numbers) > _FEW else ""
    return f" ({', '.join(map(str, numbers[:_FEW]))}{more})"


def _rows(
    pairs: Mapping[Path, tuple[Cassette, Cassette]],
) -> dict[Difference, dict[Path, list[int]]]:
    """Return each change with the numbers of its exchanges, changes that count first."""
    rows: dict[Difference, dict[Path, list[int]]] = {}
    for path, (before, after) in pairs.items():
        for number, difference in _changes(before, after):
            rows.setdefault(difference, {}).setdefault(path, []).append(number)
    return dict(sorted(rows.items(), key=lambda row: not row[0].counts))


def _changes(before: Cassette, after: Cassette) -> Iterator[tuple[int, Difference]]:
    """Yield each difference with the number of its exchange; 0 for the whole cassette."""
    answered = before.provenance.answered_by, after.provenance.answered_by
    if answered[0] != answered[1]:
        yield 0, Difference("answered by", *answered, counts=True)
    key = Matching().key
    waiting: dict[Key, deque[Exchange]] = {}
    for exchange in before.exchanges:
        waiting.setdefault(key(exchange.request), deque()).append(exchange)
    unmatched: list[tuple[int, Exchange]] = []
    for number, exchange in enumerate(after.exchanges, 1):
        if same := waiting.get(key(exchange.request)):
            yield from _of_answer(number, same.popleft(), exchange)
        else:
            unmatched.append((number, exchange))
    # A request without an equal is compared with the next one that is missing.
    left = deque(exchange for queue in waiting.values() for exchange in queue)
    for number, exchange in unmatched:
        if not left:
            yield number, Difference("request", "not sent", "sent", counts=True)
            continue
        earlier = left.popleft()
        yield number, Difference("request", "", _places(earlier, exchange), counts=True)
        yield from _of_answer(number, earlier, exchange)
    for _ in left:
        yield 0, Difference("request", "sent", "not sent", counts=True)


def _places(before: Exchange, after: Exchange) -> str:
    members = request_differences(facts(after.request), facts(before.request))
    places = [display.quoted(place) for place, _ in members]
    more = f" and {len(places) - _FEW} more" if len(places) > _FEW else ""
    return f"differs in {', '.join(places[:_FEW])}{more}"


def _of_answer(number: int, before: Exchange, after: Exchange) -> Iterator[tuple[int, Difference]]:
    redactor = Redactor(keep=None)
    for difference in differences(before.response, after.response):
        recorded, now = (
            display.answered(words, exchange.request, redactor)
            for words, exchange in ((difference.recorded, before), (difference.now, after))
        )
        yield number, Difference(difference.part, recorded, now, difference.counts)
