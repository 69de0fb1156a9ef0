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
_MOST = 10
"""Listed differences that don't count: a service that rewords one message may reword all."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    for name in ("old", "new"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="a folder of cassettes")


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status.

    Whoever answered: who asks for a comparison wants to see it. The wording of messages is shown
    and does not count, as in `verify`. The same difference is one line, however many recordings
    have it.

    Raises:
        UsageError: the two have no operation in common.
        CassetteError: a cassette can't be read.
    """
    from rich.text import Text

    from personalize_contract.errors import UsageError
    from personalize_contract.privacy import display
    from personalize_contract.report.terminal import Output
    from personalize_contract.report.words import some

    old, new = _read(given.old), _read(given.new)
    left_out = _left_out(old, new)
    names = [name for name in sorted({*old, *new}) if _operation(name) not in left_out]
    if not names:
        sides = "; ".join(f"{one} is in {side} only" for one, side in left_out.items())
        raise UsageError(f"nothing to compare: {sides}; name two folders of one operation")
    found = {name: dict.fromkeys(_lines(old.get(name), new.get(name))) for name in names}
    differing = {name for name, lines in found.items() if any(counts for _, counts in lines)}
    rows = {
        about: bool(differing.intersection(recordings))
        for about, recordings in _by_clause(names).items()
    }
    console = Output()
    for about, differs in rows.items():
        state = ("differs", "bold yellow") if differs else ("same", "green")
        console.print(Text.assemble((f"{about} ", "bold"), state), soft_wrap=True)
    for counting, title in ((True, "what differs:"), (False, "what differs and does not count:")):
        grouped: dict[str, list[str]] = {}
        for name, lines in found.items():
            for line, counts in lines:
                if counts == counting:
                    grouped.setdefault(line, []).append(display.quoted(name))
        if grouped:
            console.print(f"\n{title}", style="bold")
        most = len(grouped) if counting else _MOST
        for line, places in list(grouped.items())[:most]:
            console.print(Text(f"  {line} ({some(places)})"), soft_wrap=True)
        if len(grouped) > most:
            console.print(f"  and {len(grouped) - most} more")
    console.print()
    for operation, side in left_out.items():
        console.print(f"left out: {operation}, which is in {side} only", soft_wrap=True)
    who = f"{_answered(old)} -> {_answered(new)}"
    number = sum(rows.values())
    told = f"{number} of {len(rows)} differ" if number else f"all {len(rows)} are the same"
    console.print(Text(f"{who}: {told}", "bold"), soft_wrap=True)
    return DIFFERS if number else 0


def _operation(name: str) -> str:
    """The operation that a recording is of; `""` for that of a test."""
    from personalize_contract.model.contract import operations

    folder = name.partition("/")[0]
    return folder if folder in operations() else ""


def _left_out(old: dict[str, Cassette], new: dict[str, Cassette]) -> dict[str, str]:
    """The operations that only one side has, and that side."""
    here, there = ({_operation(name) for name in side} - {""} for side in (old, new))
    return {one: "OLD" if one in here else "NEW" for one in sorted(here ^ there)}


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


def _by_clause(names: list[str]) -> dict[str, list[str]]:
    """The recordings of each clause, and each that is not a scenario's by itself."""
    from personalize_contract.model.contract import load, operations
    from personalize_contract.privacy import display
    from personalize_contract.suite.tables.scenarios import SCENARIOS

    clauses = {
        f"{operation}/{scenario.id}": {clause for clause, _ in scenario.expects}
        for operation in operations()
        for scenario in SCENARIOS[operation]
    }
    rows: dict[str, list[str]] = {}
    for operation in operations():
        for clause in load(operation).clauses:
            if recordings := [name for name in names if clause in clauses.get(name, ())]:
                rows[clause] = recordings
    return rows | {display.quoted(name): [name] for name in names if name not in clauses}


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
