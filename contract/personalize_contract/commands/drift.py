"""`drift`: two sets of cassettes, clause by clause."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_contract.cassette.reader import Cassette

HELP = "compare two sets of cassettes"
DESCRIPTION = (
    "Compare the answers in two folders of cassettes by meaning, clause by clause. "
    "Exit status: 0 they mean the same, 4 they differ, 2 it could not be done."
)
DIFFERS = 4


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    for name in ("old", "new"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="a folder of cassettes")


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    Whoever answered: who asks for a comparison wants to see it. The wording of messages is shown
    and does not count, as in `verify`.
    """
    from rich.text import Text

    from personalize_contract.report.terminal import Output

    old, new = _read(given.old), _read(given.new)
    console = Output()
    rows = _by_clause(old, new)
    differ = 0
    for about, found in rows.items():
        counted = [line for line, counts in found if counts]
        differ += bool(counted)
        state = ("differs", "bold yellow") if counted else ("same", "green")
        console.print(Text.assemble((f"{about} ", "bold"), state), soft_wrap=True)
        for line in dict.fromkeys(line for line, _ in found):
            console.print(Text(f"  {line}"), soft_wrap=True)
    console.print()
    who = f"{_answered(old)} -> {_answered(new)}"
    told = f"{differ} of {len(rows)} differ" if differ else f"all {len(rows)} are the same"
    console.print(Text(f"{who}: {told}", "bold"), soft_wrap=True)
    return DIFFERS if differ else 0


def _read(folder: Path) -> dict[str, Cassette]:
    """The recordings in a folder, by their path in it, that of a scenario beside its group.

    Raises:
        UsageError: it is no folder, or holds no cassette.
        CassetteError: one of them can't be read.
    """
    from personalize_contract.cassette import folders
    from personalize_contract.errors import UsageError

    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name two folders of cassettes")
    paths = sorted(folder.rglob(f"*{folders.SUFFIX}"))
    if not paths:
        raise UsageError(f"{folder} holds no cassette (*{folders.SUFFIX})")
    return dict(one for path in paths for one in _recordings(path, path.relative_to(folder)))


def _recordings(path: Path, name: Path) -> Iterator[tuple[str, Cassette]]:
    """The cassette in a file by its name, or each scenario's in a group, beside which it stands."""
    from personalize_contract.cassette import folders, group, loader

    cassette = loader.load(path)
    parts = group.split(cassette)
    if cassette.provenance.recorded_for or "" in parts or not parts:
        yield name.as_posix().removesuffix(folders.SUFFIX), cassette
        return
    for scenario, part in parts.items():
        yield (name.parent / scenario).as_posix(), part


def _answered(cassettes: dict[str, Cassette]) -> str:
    origins = {one for cassette in cassettes.values() for one in cassette.origins}
    found = sorted({one.answered_by for one in origins})
    days = sorted({one.recorded_at[:10] for one in origins} - {""})
    when = f" {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "") if days else ""
    return " and ".join(found) + when


Lines = list[tuple[str, bool]]
"""What differs, as it is told, and whether it counts."""


def _by_clause(old: dict[str, Cassette], new: dict[str, Cassette]) -> dict[str, Lines]:
    """What differs of each clause, or of each cassette that is not a scenario's."""
    from personalize_contract.model.contract import load, operations
    from personalize_contract.privacy import display
    from personalize_contract.suite.tables.scenarios import SCENARIOS

    clauses = {
        f"{operation}/{scenario.id}": [
            clause
            for clause in load(operation).clauses
            if any(clause == expected for expected, _ in scenario.expects)
        ]
        for operation in operations()
        for scenario in SCENARIOS[operation]
    }
    found: dict[str, Lines] = {}
    others: dict[str, Lines] = {}
    for name in sorted({*old, *new}):
        lines = list(_lines(old.get(name), new.get(name)))
        shown = display.quoted(name.rpartition("/")[2])
        told = [(f"{shown}: {line}", counts) for line, counts in lines]
        for clause in clauses.get(name, []):
            found.setdefault(clause, []).extend(told)
        if name not in clauses:
            others[display.quoted(name)] = lines
    order = [clause for operation in operations() for clause in load(operation).clauses]
    return {clause: found[clause] for clause in dict.fromkeys(order) if clause in found} | others


def _lines(old: Cassette | None, new: Cassette | None) -> Iterator[tuple[str, bool]]:
    from personalize_contract.cassette.matching import Key, Matching
    from personalize_contract.model.drift import differences
    from personalize_contract.model.exchange import Exchange
    from personalize_contract.privacy import display
    from personalize_contract.privacy.redaction import Redactor

    if old is None or new is None:
        yield f"it is in {'NEW' if old is None else 'OLD'} only", True
        return
    for side, cassette in (("OLD", old), ("NEW", new)):
        if any(one.altered for one in cassette.exchanges):
            yield f"it was changed after it was made, in {side}: it shows nobody's answer", True
    redactor = Redactor(keep=None)
    key = Matching().key
    waiting: dict[Key, deque[Exchange]] = {}
    for one in old.exchanges:
        waiting.setdefault(key(one.request), deque()).append(one)
    for one in new.exchanges:
        before = waiting.get(key(one.request))
        if not before:
            yield "a request in NEW is not in OLD", True
            continue
        for found in differences(before.popleft().response, one.response):
            line = f"{found.part}: {found.recorded} -> {found.now}"
            yield display.answered(line, one.request, redactor), found.counts
    if any(waiting.values()):
        yield "a request in OLD is not in NEW", True
