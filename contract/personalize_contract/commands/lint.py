"""`lint`: what is wrong with cassettes."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

HELP = "look for what is wrong with cassettes"
DESCRIPTION = (
    "Look through cassettes, those that other tools have made too. A finding is a file that can't "
    "be read, a secret or an account id, an answer that was changed or that breaks a clause of the "
    "contract, a file that a killed recording left, two names that are one where file systems fold "
    "case, with --max-age a recording that is older, or doesn't say when it was made, and with "
    "--gone a cassette whose test is gone. A note is that nobody knows who answered. Exit "
    "status: 0 no finding, 1 some, 2 it could not be done, or there was no cassette to look at."
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
        help="a cassette, or a folder to look for them in (default: the current one)",
    )
    add("--gone", action="store_true", help="collect the tests here; list cassettes without one")
    add("--remove-gone", action="store_true", help="the same, and remove them")
    add("--max-age", type=int, metavar="DAYS", help="the age that a recording may have")


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from personalize_contract import clock
    from personalize_contract.cassette import folders
    from personalize_contract.cassette.lint import GONE, Diagnostic, Linter
    from personalize_contract.errors import UsageError
    from personalize_contract.plugin import ini_file

    if given.max_age is not None and given.max_age < 0:
        raise UsageError(f"--max-age {given.max_age}: it is a number of days, from 0 on")
    age = None if given.max_age is None else dt.timedelta(days=given.max_age)
    linter = Linter(age, clock.now(), ini_file.values("personalize_placeholders"))
    gone = _gone(given.path) if given.gone or given.remove_gone else []
    findings = notes = 0
    for path in gone:
        print(Diagnostic(path, None, GONE, is_note=given.remove_gone))
        if given.remove_gone:
            path.unlink()
        notes += given.remove_gone
        findings += not given.remove_gone
    if given.remove_gone:
        print(f"{_count(len(gone), 'cassette')} removed")
    for path in folders.files_in(given.path, _is_wanted, at_least_one=True):
        for one in linter.check(path):
            print(one)
            notes += one.is_note
            findings += not one.is_note
    print(
        f"{_count(linter.cassettes, 'cassette')}, {_count(linter.exchanges, 'exchange')}: "
        f"{_count(findings, 'finding')}, {_count(notes, 'note')}"
    )
    return 1 if findings else 0


def _gone(where: list[Path]) -> list[Path]:
    from personalize_contract.plugin import gone

    folders = [path.resolve() for path in where]
    return [
        path for path in gone.find() if any(path.resolve().is_relative_to(each) for each in folders)
    ]


def _is_wanted(path: Path) -> bool:
    from personalize_contract.cassette import folders

    return folders.is_journal(path) or folders.is_half_written(path) or folders.is_cassette(path)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
