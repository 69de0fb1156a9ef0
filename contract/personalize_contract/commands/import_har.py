"""`import`: a HAR file of a browser or proxy as a cassette."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "make a cassette of a HAR file of a browser or proxy"
DESCRIPTION = (
    "Write the entries of a HAR 1.2 file that are for one of the operations to a new cassette, "
    "redacted and searched for secrets like every recording, and list all others. Their "
    "provenance is `unknown`, since a file says nothing about who answered. The ini file's "
    "personalize_dataset, personalize_redact, personalize_placeholders and personalize_keep apply. "
    "Exit status: 0 written, 2 not."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, metavar="FILE.har", help="the file")
    parser.add_argument(
        "--cassette", type=Path, required=True, metavar="PATH", help="the cassette to write"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from personalize_contract.cassette import files, har, journal, recording, recovery
    from personalize_contract.cassette.folders import SUFFIX
    from personalize_contract.errors import CassetteError, UsageError
    from personalize_contract.model.datasets import parse, stand_ins
    from personalize_contract.plugin import ini_file
    from personalize_contract.privacy import display
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.settings import checked

    cassette: Path = options.cassette
    if not cassette.name.endswith(SUFFIX):
        raise UsageError(f"{cassette}: not the name of a cassette; it must end in {SUFFIX}")
    keep = [name for line in ini_file.values("personalize_keep") for name in line.split()]
    redactor = Redactor(
        stand_ins(checked("personalize_dataset", parse, ini_file.values("personalize_dataset"))),
        paths=ini_file.values("personalize_redact"),
        placeholders=ini_file.values("personalize_placeholders"),
        keep=keep,
    )
    imported = har.read(options.file, redactor)
    for line in imported.left_out:
        print(display.quoted(f"left out: {line}"))
    count = len(imported.exchanges)
    if not count:
        raise UsageError(f"{options.file}: no entry is an exchange of an operation")
    lock = journal.Journal(cassette)
    try:
        if files.mode(cassette):
            raise CassetteError(cassette, "a file already exists there; delete it, or name another")
        recovery.check_readable(cassette, imported.provenance, imported.exchanges)
        recording.write(cassette, imported.provenance, imported.exchanges)
    finally:
        lock.close(keep=False)
    exchanges = "1 exchange" if count == 1 else f"{count} exchanges"
    print(display.quoted(f"{exchanges}, answered by unknown, are in {cassette}"))
    return 0
