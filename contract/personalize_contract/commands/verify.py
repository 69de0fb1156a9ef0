"""`verify`: the contract suite, clause x target."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from personalize_contract.contract import DEFAULT, operations
from personalize_contract.errors import UsageError

HELP = "run the contract suite"
DESCRIPTION = (
    "Run the contract suite. By default against all that needs no account: "
    "the reference service, and the recordings."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add(
        "--target",
        action="append",
        choices=("recorded", "reference", "live"),
        help="who answers; may be repeated (default: reference and recorded)",
    )
    add(
        "--operation",
        default=DEFAULT,
        metavar="NAME",
        help=f"whose contract: {', '.join(operations())} (default: %(default)s)",
    )
    add("--cassettes", type=Path, metavar="DIR", help="the recordings (default: those shipped)")
    add("--record", action="store_true", help="write what live or reference answer into DIR")
    add(
        "--dataset",
        action="append",
        default=[],
        metavar="ARN=STATE",
        help="live: a dataset that is active, in-use or missing; may be repeated",
    )
    add("--region", metavar="R", help="live: the service's region (default: the SDK's)")
    add("--endpoint-url", metavar="URL", help="live: a service that is not AWS")
    add("--account", metavar="ID", help="live: the account that may be written to")
    add("--write-to-existing", action="store_true", help="live: put items into the datasets given")
    add(
        "--allow-not-reached",
        action="append",
        default=[],
        metavar="CLAUSE",
        help="a clause that may stay unreached; may be repeated",
    )
    add(
        "--report",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="also write a report: .json or .xml (JUnit); may be repeated",
    )
    add("-k", metavar="EXPRESSION", help="only the scenarios whose names match, as in pytest")


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from rich.console import Console

    from personalize_contract import datasets, report
    from personalize_contract import options as asked
    from personalize_contract.contract import known, load
    from personalize_contract.progress import Bar
    from personalize_contract.report import terminal
    from personalize_contract.verify import verify

    load(given.operation)
    targets = given.target or ["reference", "recorded"]
    if "live" not in targets:
        for name in ("dataset", "region", "endpoint_url", "account", "write_to_existing"):
            if getattr(given, name):
                raise UsageError(f"--{name.replace('_', '-')} is for --target live; add it")
    datasets.parse(given.dataset)
    asked.endpoint_url(given.endpoint_url)
    asked.account(given.account)
    for clause in given.allow_not_reached:
        known(clause)
    report.check(given.report)
    options = [f"--personalize-dataset={one}" for one in given.dataset]
    for name in ("region", "endpoint_url", "account"):
        if value := getattr(given, name):
            options.append(f"--personalize-{name.replace('_', '-')}={value}")
    if given.write_to_existing:
        options.append("--personalize-write-to-existing")
    if given.k:
        options.append(f"-k{given.k}")
    with Bar(Console(stderr=True)) as progress:
        evidence = verify(
            targets,
            operation=given.operation,
            options=options,
            cassettes=given.cassettes,
            record=given.record,
            progress=progress,
        )
    terminal.show(evidence, Console(), given.allow_not_reached)
    for path in given.report:
        report.write(path, evidence, given.allow_not_reached)
    status = evidence.exit_status(given.allow_not_reached)
    if status == 2:
        why = evidence.obstacles() or ["nothing at all was reached"]
        print(f"personalize-contract: could not be done: {why[0]}", file=sys.stderr)
    return status
