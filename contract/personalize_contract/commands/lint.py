"""`lint`: check cassettes for secrets, damage, age and broken clauses."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

HELP = "check cassettes for secrets, damage, age and broken clauses"
DESCRIPTION = (
    "Check cassettes, also those of other tools. A finding is a file that can't be read, a secret "
    "or an account id, an answer that was edited or breaks a clause of the contract, a file left "
    "behind by an interrupted recording, or two names that differ in case only. With --max-age, so "
    "is a recording that is older or has no date; with --gone, so is a cassette whose test no "
    "longer exists. A recording of unknown provenance is a note. Exit status: 0 no finding, 1 "
    "findings, 2 it could not be done, or there was no cassette to check."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add(
        "path",
        nargs="*",
        type=Path,
        default=[Path()],
        metavar="PATH",
        help="a cassette, or a folder to search (default: the current one)",
    )
    add("--gone", action="store_true", help="collect the tests here; list cassettes without one")
    add("--remove-gone", action="store_true", help="the same, and remove them")
    add("--max-age", type=int, metavar="DAYS", help="the maximum age of a recording in days")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from personalize_contract import clock
    from personalize_contract.cassette import folders
    from personalize_contract.cassette.lint import GONE, Diagnostic, Linter
    from personalize_contract.errors import UsageError
    from personalize_contract.plugin import ini_file

    if options.max_age is not None and options.max_age < 0:
        raise UsageError(f"--max-age {options.max_age}: use a number of days, 0 or more")
    age = None if options.max_age is None else dt.timedelta(days=options.max_age)
    linter = Linter(age, clock.now(), ini_file.values("personalize_placeholders"))
    gone = _gone(options.path) if options.gone or options.remove_gone else []
    findings = notes = 0
    remedy = "removed" if options.remove_gone else "delete it"
    for path in gone:
        if options.remove_gone:
            path.unlink()
        print(Diagnostic(path, None, f"{GONE}; {remedy}", is_note=options.remove_gone))
        notes += options.remove_gone
        findings += not options.remove_gone
    if options.remove_gone:
        print(f"{_count(len(gone), 'cassette')} removed")
    for path in folders.files_in(options.path, _is_wanted, at_least_one=True):
        for diagnostic in linter.check(path):
            print(diagnostic)
            notes += diagnostic.is_note
            findings += not diagnostic.is_note
    print(
        f"{_count(linter.cassettes, 'cassette')}, {_count(linter.exchanges, 'exchange')}: "
        f"{_count(findings, 'finding')}, {_count(notes, 'note')}"
    )
    return 1 if findings else 0


def _gone(searched: list[Path]) -> list[Path]:
    import os

    from personalize_contract.plugin import gone

    folders = [path.resolve() for path in searched]
    return [
        Path(os.path.relpath(path))
        for path in gone.find()
        if any(path.resolve().is_relative_to(folder) for folder in folders)
    ]


def _is_wanted(path: Path) -> bool:
    from personalize_contract.cassette import folders

    return folders.is_journal(path) or folders.is_half_written(path) or folders.is_cassette(path)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
