"""`rename`: move a cassette whose test was renamed."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "move a cassette whose test was renamed"
DESCRIPTION = (
    "Move a cassette, and write the new test into it; all other bytes stay as they are, and no "
    "file is overwritten. A miss prints this command where the cassette of a test is missing and "
    "that of a test that no longer exists answers its requests. Exit status: 0 moved, 2 not."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("old", type=Path, metavar="OLD", help="the cassette")
    parser.add_argument("new", type=Path, metavar="NEW", help="its new path")
    parser.add_argument("test", metavar="NODEID", help="its new test, as test_shop.py::test_it")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from personalize_contract.cassette.rename import rename
    from personalize_contract.privacy import display

    rename(options.old, options.new, options.test)
    print(display.quoted(f"{options.old} is now {options.new}, the cassette of {options.test}"))
    return 0
