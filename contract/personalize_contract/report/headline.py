"""The sentences that sum up a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from personalize_contract.report.view import BROKEN, HOLDS, STATUSES, Headline, TargetSummary
from personalize_contract.report.words import listed, plural


def headline(operation: str, targets: Sequence[TargetSummary], partial: str = "") -> Headline:
    """Return the sentences about a run.

    Args:
        operation: the operation that was verified.
        targets: the result of each target.
        partial: the reason why the run is incomplete; `""` if it is complete.
    """
    if all(target.counts[HOLDS] == sum(target.counts.values()) for target in targets):
        total = sum(targets[0].counts.values()) if targets else 0
        of_them = " asked about" if targets and targets[0].not_asked else ""
        names = listed([target.name for target in targets])
        result = f"all {total} clauses{of_them} hold on {names}"
    else:
        broken_first = sorted(targets, key=lambda target: not target.counts[BROKEN])
        result = "; ".join(map(_result, broken_first))
    if flaky := sum(len(target.flaky) for target in targets):
        result += f", {flaky} flaky"
    answered = sorted({who for target in targets for who in target.answered_by})
    if "aws" in answered:
        others = listed([who for who in answered if who != "aws"])
        about = "AWS itself answered" + (f", and so did {others}" if others else "")
    elif "endpoint" in answered:
        about = "This is about the given endpoint, not about AWS"
    else:
        about = "This checks the tool and the recordings, not AWS: no answer here came from it"
    changes = tuple(sentence for target in targets for sentence in _changes(target))
    return Headline(f"{operation}: {result}", about, changes, partial)


def _result(target: TargetSummary) -> str:
    """Return the number of clauses that are broken, or else hold, and of those not reached."""
    holds, broken, not_reached = (target.counts[status] for status in STATUSES)
    total = sum(target.counts.values())
    if not_reached == total:
        return f"no clause was reached on {target.name}"
    if broken:
        first = f"{broken} of {total} clauses {'is' if broken == 1 else 'are'} broken"
    else:
        some = "all" if holds == total else f"{holds} of"
        first = f"{some} {total} clauses {plural(HOLDS, holds)}"
    rest = f", {not_reached} {'was' if not_reached == 1 else 'were'} not reached"
    return f"{first} on {target.name}{rest if not_reached else ''}"


def _changes(target: TargetSummary) -> Iterator[str]:
    """Yield the result of comparing a live service with its recordings."""
    by = listed(target.recorded_by)
    if target.changed:
        same = by == listed(sorted(target.answered_by))
        verb = "is" if target.changed == 1 else "are"
        change = "The service changed" if same else f"It differs from {by}"
        yield f"{change}: {target.changed} of {target.comparable} answers {verb} not as recorded."
    elif target.comparable:
        yield f"Nothing changed: {target.comparable} answers are as recorded."
    elif target.compared:
        yield f"The recordings come from {by}, so they don't show whether the service changed."
