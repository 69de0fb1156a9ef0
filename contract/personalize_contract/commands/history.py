"""`history`: show the nightly runs over time on one page."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "show the reports of several nights on one HTML page"
DESCRIPTION = (
    "Print one HTML page about the JSON reports of several runs: clauses by runs, the first run of "
    "each change, flaky clauses, durations."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "reports", nargs="+", type=Path, metavar="REPORT.json", help="written by verify --report"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from personalize_contract.report import history

    print(history.text(options.reports), end="")
    return 0
