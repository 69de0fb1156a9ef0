"""`recover`: journals of killed recordings become cassettes."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "make cassettes of what killed recordings left"
DESCRIPTION = (
    "Make cassettes of the journals (*.partial.jsonl) that killed recordings left behind. A "
    "cassette of higher provenance, or with more exchanges, is never replaced, and a recording "
    "that is under way is left alone. Exit status: 0 if no journal is left, 2 if one is."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "path",
        nargs="*",
        type=Path,
        default=[Path()],
        metavar="PATH",
        help="a journal, or a folder to look for them in (default: the current one)",
    )


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from personalize_contract.cassette import folders, journal, recovery
    from personalize_contract.errors import UsageError
    from personalize_contract.plugin import ini_file
    from personalize_contract.privacy import display
    from personalize_contract.suite import recovery as suite_recovery

    found = list(folders.files_in(given.path, folders.is_journal))
    if other := [path for path in found if not folders.is_journal(path)]:
        raise UsageError(f"{other[0]} is no journal: those are named *{journal.SUFFIX}")
    if not found:
        print("no journal of a killed recording was found")
    placeholders = ini_file.values("personalize_placeholders")
    outcomes = [
        suite_recovery.recover(path, placeholders)
        if suite_recovery.is_journal(path)
        else recovery.recover(path, placeholders)
        for path in found
    ]
    for outcome in outcomes:
        print(f"{display.path(outcome.journal)}: {display.quoted(outcome.text)}")
    return 0 if all(outcome.done for outcome in outcomes) else 2
