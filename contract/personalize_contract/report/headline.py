"""The one sentence that a run comes to."""

from __future__ import annotations

from collections.abc import Iterator

from personalize_contract.suite.evidence import BROKEN, HOLDS, NOT_REACHED, Evidence


def _list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def plural(status: str, number: int) -> str:
    """A status as it is said of so many clauses: 1 holds, 2 hold."""
    return "hold" if status == HOLDS and number != 1 else status


def headline(evidence: Evidence) -> str:
    """How many clauses hold, and of whom that says anything."""
    total = sum(clause.can_fail for clause in evidence.contract.clauses.values())
    counts = {
        target: {s: len(evidence.clauses(s, target)) for s in (HOLDS, BROKEN, NOT_REACHED)}
        for target in evidence.targets
    }
    if all(count[HOLDS] == total for count in counts.values()):
        found = f"all {total} clauses hold on {_list(list(counts))}"
    else:
        found = "; ".join(
            f"{target}: " + _list([f"{n} {plural(status, n)}" for status, n in count.items() if n])
            for target, count in counts.items()
        )
    answered = sorted(evidence.answered_by())
    if "aws" in answered:
        about = "AWS itself answered" + (
            f", and so did {_list([who for who in answered if who != 'aws'])}"
            if len(answered) > 1
            else ""
        )
    elif "endpoint" in answered:
        about = "This is about the endpoint given, not about AWS"
    else:
        about = "This checks the tool and the recordings, not AWS: no answer here came from it"
    return " ".join([f"{evidence.contract.operation}: {found}. {about}.", *_changes(evidence)])


def _changes(evidence: Evidence) -> Iterator[str]:
    """What the comparison of a live service with its recordings comes to."""
    for target in evidence.targets:
        compared = [one for _, one in evidence.compared(target)]
        counting = [one for one in compared if one["counts"]]
        changed = [one for one in compared if one["changed"]]
        by = _list(sorted({one["recorded_by"] for one in changed or compared}))
        if changed:
            same = by == _list(sorted(evidence.answered_by(target)))
            who = "The service changed" if same else f"It is not what {by} was"
            yield f"{who}: {len(changed)} of {len(counting)} answers are not as recorded."
        elif counting:
            yield f"Nothing changed: {len(counting)} answers are as recorded."
        elif compared:
            yield f"Whether the service changed can't be told: the recordings are of {by}."
