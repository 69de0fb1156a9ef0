"""The one sentence that a run comes to."""

from __future__ import annotations

from personalize_contract.evidence import BROKEN, HOLDS, NOT_REACHED, Evidence


def _list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


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
            f"{target}: "
            + _list([f"{number} {status}" for status, number in count.items() if number])
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
    return f"{evidence.contract.operation}: {found}. {about}."
