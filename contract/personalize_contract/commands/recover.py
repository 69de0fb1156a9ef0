"""`recover`: turn the journals of killed recordings into cassettes."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "turn the journals of killed recordings into cassettes"
DESCRIPTION = (
    "Turn the journals (*.partial.jsonl) that killed recordings left behind into cassettes. A "
    "cassette of stronger provenance, or with more exchanges, is never replaced, and a "
    "recording in progress is left alone. Exit status: 0 if no journal is left, 2 if one is."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "path",
        nargs="*",
        type=Path,
        default=[Path()],
        metavar="PATH",
        help="a journal, or a folder to search (default: the current one)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from personalize_contract.cassette import folders, journal, recovery
    from personalize_contract.errors import UsageError
    from personalize_contract.plugin import ini_file
    from personalize_contract.privacy import display
    from personalize_contract.suite import recovery as suite_recovery

    journals = list(folders.files_in(options.path, folders.is_journal))
    if other := [path for path in journals if not folders.is_journal(path)]:
        raise UsageError(f"{other[0]} is not a journal: name a file *{journal.SUFFIX}, or a folder")
    if not journals:
        print("found no journal of a killed recording")
    placeholders = ini_file.values("personalize_placeholders")
    outcomes = [
        suite_recovery.recover(path, placeholders)
        if suite_recovery.is_journal(path)
        else recovery.recover(path, placeholders)
        for path in journals
    ]
    for outcome in outcomes:
        print(f"{display.path(outcome.journal)}: {display.quoted(outcome.text)}")
    return 0 if all(outcome.done for outcome in outcomes) else 2
