"""Nights over time, as one HTML page made of the JSON reports of several runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personalize_contract.errors import UsageError
from personalize_contract.report.page_template import template
from personalize_contract.report.view import NOT_REACHED, STATUSES

FLAKY = "flaky"


@dataclass(frozen=True, slots=True)
class Night:
    """One run on one target.

    Args:
        reported_at: the time in UTC, as in its report.
        seconds: the duration; None if the report has none.
        partial: the reason why the run is incomplete; `""` if it is complete.
        states: the state of each clause: its status, followed by `, changed` or `, flaky`.
    """

    reported_at: str
    seconds: float | None
    partial: str
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of state, with the clauses that changed in this way in one run."""

    reported_at: str
    before: str
    after: str
    clauses: Sequence[str]


@dataclass(frozen=True, slots=True)
class History:
    """The runs on one target, oldest first.

    Args:
        target: the name of the target.
        nights: the runs.
    """

    target: str
    nights: Sequence[Night]

    @property
    def clauses(self) -> list[str]:
        """Every clause of any run, in the order of the reports."""
        return list(dict.fromkeys(clause for night in self.nights for clause in night.states))

    @property
    def turns(self) -> list[Turn]:
        """The first run of each change, newest first.

        Clauses that a partial run did not reach are left out.
        """
        turns: dict[tuple[str, str, str], list[str]] = {}
        last: dict[str, str] = {}
        for night in self.nights:
            for clause, state in night.states.items():
                if night.partial and state == NOT_REACHED:
                    continue
                before = last.get(clause, state)
                if before != state:
                    turns.setdefault((night.reported_at, before, state), []).append(clause)
                last[clause] = state
        return [Turn(*key, clauses) for key, clauses in reversed(turns.items())]

    @property
    def newest_first(self) -> Sequence[Night]:
        """The runs, newest first, so that the latest is next to the names of the clauses."""
        return self.nights[::-1]


def text(paths: Sequence[Path]) -> str:
    """Return the page for JSON reports of one operation.

    Args:
        paths: the reports, in any order.

    Raises:
        UsageError: a file isn't such a report, or the reports are of several operations.
    """
    documents = sorted(map(_document, paths), key=_reported_at)
    operations = sorted({str(document["operation"]) for document in documents})
    if len(operations) > 1:
        raise UsageError(
            f"the reports are of {' and '.join(operations)}; name those of one operation"
        )
    targets = dict.fromkeys(target for document in documents for target in document["summary"])
    histories = [
        History(
            target,
            [_night(document, target) for document in documents if target in document["summary"]],
        )
        for target in targets
    ]
    page = template("history.html.jinja")
    return page.render(operation=operations[0], number=len(documents), histories=histories)


def _reported_at(document: Mapping[str, Any]) -> str:
    return str(document["provenance"]["reported_at"])


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
        for target in document["summary"]:
            _night(document, target)
        str(document["operation"])
    except OSError as error:
        raise UsageError(f"{path}: it can't be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UsageError(
            f"{path}: not a JSON report of verify; write one with `verify --report FILE.json`"
        ) from None
    return dict(document)


def _night(document: Mapping[str, Any], target: str) -> Night:
    states = {
        str(row["id"]): ", ".join(_state(row["targets"][target])) for row in document["clauses"]
    }
    seconds = document.get("runs", {}).get(target, {}).get("seconds")
    return Night(
        _reported_at(document),
        None if seconds is None else float(seconds),
        str(document.get("partial", "")),
        states,
    )


def _state(cell: Mapping[str, Any]) -> Iterator[str]:
    if cell["status"] not in STATUSES:
        raise ValueError(cell["status"])
    yield cell["status"]
    if cell.get("changed"):
        yield "changed"
    if any(exchange.get(FLAKY) for exchange in cell["exchanges"]):
        yield FLAKY
