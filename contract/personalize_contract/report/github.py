"""The findings as GitHub annotations: lines that a job's log turns into notes on its page.

GitHub shows ten of each kind for a step, so the last one tells how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from personalize_contract.report.headline import headline
from personalize_contract.suite import service_model
from personalize_contract.suite.evidence import BROKEN, NOT_REACHED, Evidence, some

MOST = 10


def lines(evidence: Evidence, allowed: Iterable[str]) -> Iterator[str]:
    """The annotations: an error for what is broken, a warning for what is to be looked at."""
    yield from _few("error", [*_clauses(evidence, BROKEN, set())])
    yield from _few(
        "warning",
        [
            *(("the service changed", line) for line in _changes(evidence)),
            *(
                ("the SDK's model changed", line)
                for line in service_model.installed(evidence.contract)
            ),
            *(("could not be done", line) for line in evidence.obstacles()),
            *_clauses(evidence, NOT_REACHED, set(allowed)),
        ],
    )
    yield _command("notice", evidence.contract.operation, headline(evidence))


def _clauses(evidence: Evidence, status: str, allowed: set[str]) -> Iterator[tuple[str, str]]:
    for target in evidence.targets:
        for clause in evidence.clauses(status, target):
            may = status == NOT_REACHED and evidence.may_stay_unreached(clause.id, target, allowed)
            if not may:
                why = evidence.cells[clause.id, target].why
                yield f"{clause.id} {status} on {target}", f"{clause.statement} {why}"


def _changes(evidence: Evidence) -> Iterator[str]:
    for target in evidence.targets:
        for one, scenarios in evidence.differences(target, changed=True).items():
            yield f"{one.part}: {one.recorded} -> {one.now} ({some(scenarios)})"


def _few(kind: str, found: list[tuple[str, str]]) -> Iterator[str]:
    shown = found if len(found) <= MOST else found[: MOST - 1]
    for title, message in shown:
        yield _command(kind, title, message)
    if len(found) > len(shown):
        more = len(found) - len(shown)
        yield _command(kind, f"and {more} more", "the report has all of them")


def _command(kind: str, title: str, message: str) -> str:
    """A workflow command, escaped as GitHub's toolkit does it."""
    text = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    name = title.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{kind} title={name.replace(':', '%3A').replace(',', '%2C')}::{text}"
