"""`drift`: compare two sets of cassettes, clause by clause."""

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
_MAX_UNCOUNTED = 10
"""Maximum number of differences listed that don't count: a service may reword every message."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    for name in ("old", "new"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="a folder of cassettes")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status.

    The cassettes are compared whatever their provenance. The wording of messages is shown and
    doesn't count, as in `verify`. A difference that several recordings share is one line.

    Raises:
        UsageError: the folders have no operation in common.
        CassetteError: a cassette can't be read.
    """
    from rich.text import Text

    from personalize_contract.errors import UsageError
    from personalize_contract.privacy import display
    from personalize_contract.report.terminal import Output
    from personalize_contract.report.words import some

    old, new = _read(options.old), _read(options.new)
    left_out = _left_out(old, new)
    names = [name for name in sorted({*old, *new}) if _operation(name) not in left_out]
    if not names:
        sides = "; ".join(f"{operation} is in {side} only" for operation, side in left_out.items())
        raise UsageError(f"nothing to compare: {sides}; name two folders of one operation")
    differences = {name: dict.fromkeys(_lines(old.get(name), new.get(name))) for name in names}
    differing = {name for name, lines in differences.items() if any(counts for _, counts in lines)}
    rows = {
        label: bool(differing.intersection(recordings))
        for label, recordings in _by_clause(names).items()
    }
    console = Output()
    for label, differs in rows.items():
        state = ("differs", "bold yellow") if differs else ("same", "green")
        console.print(Text.assemble((f"{label} ", "bold"), state), soft_wrap=True)
    for counting, title in ((True, "differences:"), (False, "differences that don't count:")):
        recordings_of: dict[str, list[str]] = {}
        for name, lines in differences.items():
            for line, counts in lines:
                if counts == counting:
                    recordings_of.setdefault(line, []).append(display.quoted(name))
        if recordings_of:
            console.print(f"\n{title}", style="bold")
        maximum = len(recordings_of) if counting else _MAX_UNCOUNTED
        for line, recordings in list(recordings_of.items())[:maximum]:
            console.print(Text(f"  {line} ({some(recordings)})"), soft_wrap=True)
        if len(recordings_of) > maximum:
            console.print(f"  and {len(recordings_of) - maximum} more")
    console.print()
    for operation, side in left_out.items():
        console.print(f"left out: {operation}, which is in {side} only", soft_wrap=True)
    origins = f"{_answered(old)} -> {_answered(new)}"
    number = sum(rows.values())
    verb = "differs" if number == 1 else "differ"
    verdict = f"{number} of {len(rows)} {verb}" if number else f"all {len(rows)} are the same"
    console.print(Text(f"{origins}: {verdict}", "bold"), soft_wrap=True)
    return DIFFERS if number else 0


def _operation(name: str) -> str:
    """Return the operation of a suite's recording; `""` for the recording of a test."""
    from personalize_contract.model.contract import operations

    folder = name.partition("/")[0]
    return folder if folder in operations() else ""


def _left_out(old: dict[str, Cassette], new: dict[str, Cassette]) -> dict[str, str]:
    """Return each operation that only one side has, with that side."""
    in_old, in_new = ({_operation(name) for name in side} - {""} for side in (old, new))
    return {name: "OLD" if name in in_old else "NEW" for name in sorted(in_old ^ in_new)}


def _read(folder: Path) -> dict[str, Cassette]:
    """Return the recordings in a folder by their path in it; a group's scenarios stand beside it.

    Raises:
        UsageError: it is not a folder, or there is no cassette in it.
        CassetteError: a cassette can't be read.
    """
    from personalize_contract.cassette import folders
    from personalize_contract.errors import UsageError

    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name two folders of cassettes")
    paths = sorted(folder.rglob(f"*{folders.SUFFIX}"))
    if not paths:
        raise UsageError(f"{folder}: no cassette (*{folders.SUFFIX}) in this folder")
    return dict(
        recording for path in paths for recording in _recordings(path, path.relative_to(folder))
    )


def _recordings(path: Path, name: Path) -> Iterator[tuple[str, Cassette]]:
    """Yield the cassette in a file by its name, or the part of each scenario if it is a group."""
    from personalize_contract.cassette import folders, group, loader

    cassette = loader.load(path)
    parts = group.split(cassette)
    if cassette.provenance.recorded_for or "" in parts or not parts:
        yield name.as_posix().removesuffix(folders.SUFFIX), cassette
        return
    for scenario, part in parts.items():
        yield (name.parent / scenario).as_posix(), part


def _answered(cassettes: dict[str, Cassette]) -> str:
    origins = {origin for cassette in cassettes.values() for origin in cassette.origins}
    names = sorted({origin.answered_by for origin in origins})
    days = sorted({origin.recorded_at[:10] for origin in origins} - {""})
    period = f" {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "") if days else ""
    return " and ".join(names) + period


def _by_clause(names: list[str]) -> dict[str, list[str]]:
    """Return the recordings of each clause, and those of no scenario each under its own name."""
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
        if any(exchange.altered for exchange in cassette.exchanges):
            yield f"edited after recording in {side}: its answers prove nothing", True
    redactor = Redactor(keep=None)
    key = Matching().key
    waiting: dict[Key, deque[Exchange]] = {}
    for exchange in old.exchanges:
        waiting.setdefault(key(exchange.request), deque()).append(exchange)
    for exchange in new.exchanges:
        before = waiting.get(key(exchange.request))
        if not before:
            yield "a request in NEW is not in OLD", True
            continue
        for difference in differences(before.popleft().response, exchange.response):
            line = f"{difference.part}: {difference.recorded} -> {difference.now}"
            yield display.answered(line, exchange.request, redactor), difference.counts
    if any(waiting.values()):
        yield "a request in OLD is not in NEW", True
