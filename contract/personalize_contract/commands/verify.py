"""`verify`: run the contract suite, clause by target."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from personalize_contract.errors import UsageError
from personalize_contract.model.contract import DEFAULT, operations

if TYPE_CHECKING:
    from personalize_contract.live.access import Live
    from personalize_contract.report.view import Report
    from personalize_contract.settings import Settings
    from personalize_contract.suite.evidence import Evidence

_LIVE_ONLY = (
    "dataset",
    "region",
    "endpoint_url",
    "account",
    "write_to_existing",
    "provision",
    "dry_run",
)

HELP = "run the contract suite"
DESCRIPTION = (
    "Run the contract suite. The default targets need no account: the reference service and the "
    "recordings."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add(
        "--target",
        action="append",
        choices=("recorded", "reference", "live"),
        help="the target that answers; may be repeated (default: reference and recorded)",
    )
    add(
        "--operation",
        default=DEFAULT,
        metavar="NAME",
        help=f"the operation: {', '.join(operations())} (default: %(default)s)",
    )
    add("--cassettes", type=Path, metavar="DIR", help="the recordings (default: those shipped)")
    add(
        "--record",
        action="store_true",
        help="write the answers of live or reference to --cassettes DIR",
    )
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
    add(
        "--write-to-existing",
        action="store_true",
        help="live: write to the datasets of --dataset (items can't be deleted there)",
    )
    add(
        "--provision",
        action="store_true",
        help="live: create a dataset for this run, and tear it down at its end",
    )
    add(
        "--dry-run",
        action="store_true",
        help="live: print each call and the minimal IAM policy; call nothing",
    )
    add(
        "--allow-not-reached",
        action="append",
        default=[],
        metavar="CLAUSE",
        help="a clause that may remain not reached; may be repeated",
    )
    add(
        "--report",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="also write a report: .html, .md, .json or .xml (JUnit); may be repeated",
    )
    add(
        "-n",
        metavar="WORKERS",
        help="run in several processes, except for live (needs pytest-xdist)",
    )
    add("-k", metavar="EXPRESSION", help="only the scenarios whose names match, as in pytest")
    add("--smoke", action="store_true", help="only a dozen scenarios: each outcome, each limit")
    add("--list", action="store_true", help="print the scenarios and their clauses; run none")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from rich.console import Console

    from personalize_contract.model import contract_files, datasets
    from personalize_contract.model.contract import known, load
    from personalize_contract.report import files, github, terminal
    from personalize_contract.settings import Settings, account, checked, endpoint_url
    from personalize_contract.suite.progress import Bar
    from personalize_contract.suite.pytest_runner import verify
    from personalize_contract.suite.summary import summarize

    load(options.operation)
    targets = options.target or ["reference", "recorded"]
    if "live" not in targets:
        for name in _LIVE_ONLY:
            if getattr(options, name):
                raise UsageError(f"--{name.replace('_', '-')} is for --target live; add it")
    settings = Settings(
        target="live",
        record=options.record,
        datasets=checked("--dataset", datasets.parse, options.dataset),
        region=options.region,
        endpoint_url=checked("--endpoint-url", endpoint_url, options.endpoint_url),
        account=checked("--account", account, options.account),
        write_to_existing=options.write_to_existing,
        cassettes=options.cassettes and options.cassettes.absolute(),
        contracts=contract_files.folder(),
        operation=options.operation,
    )
    for clause in options.allow_not_reached:
        checked("--allow-not-reached", known, clause)
    files.check(options.report)
    if options.list:
        if options.k:
            raise UsageError("--list prints all scenarios, or those of --smoke; leave out -k")
        for line in _listed(options.operation, is_smoke=options.smoke):
            print(line)
        return 0
    if options.dry_run:
        return _dry_run(settings, provision=options.provision)
    annotations: dict[str, None] = {}

    def publish(evidence: Evidence) -> Report:
        report = summarize(evidence, options.allow_not_reached)
        for path in options.report:
            files.write(path, report)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            for line in github.lines(report):
                if line not in annotations:
                    print(line, flush=True)
                annotations[line] = None
        return report

    with Bar(Console(stderr=True)) as progress:
        evidence = verify(
            settings,
            targets,
            expression=options.k,
            is_smoke=options.smoke,
            workers=options.n,
            progress=progress,
            live=lambda: _connected(settings, progress.say, provision=options.provision),
            publish=publish,
        )
    report = publish(evidence)
    terminal.show(report, terminal.Output())
    if report.exit_status == 2:
        why = report.obstacles or ["no clause was reached"]
        print(f"personalize-contract: could not be done: {why[0]}", file=sys.stderr)
    return report.exit_status


def _listed(operation: str, *, is_smoke: bool) -> Iterator[str]:
    """Yield a line for each scenario: its name, its state and its clauses."""
    from personalize_contract.model.contract import load
    from personalize_contract.suite.smoke import smoke
    from personalize_contract.suite.tables.scenarios import SCENARIOS

    rows = SCENARIOS[load(operation).operation]
    for row in smoke(rows) if is_smoke else rows:
        clauses = ", ".join(dict.fromkeys(clause for clause, _ in row.expects))
        yield f"{row.id:36} {row.state:8} {clauses}"


def _connected(
    settings: Settings, notify: Callable[[str], None], *, provision: bool
) -> AbstractContextManager[Live]:
    from personalize_contract.live.access import connect
    from personalize_contract.live.provision import provisioned
    from personalize_contract.suite.messages import TableGuard

    guard = partial(TableGuard, settings.operation)
    if provision:
        return provisioned(settings, notify, guard)
    return nullcontext(connect(settings, notify, guard=guard))


def _dry_run(settings: Settings, *, provision: bool) -> int:
    """Print the calls of a live run, and the policy that it needs."""
    from personalize_contract.live import plan
    from personalize_contract.model.contract import load
    from personalize_contract.suite import stored
    from personalize_contract.suite.tables.scenarios import SCENARIOS
    from personalize_contract.targets import connection

    if not settings.account:
        raise UsageError("--dry-run needs --account ID: the policy names its resources")
    home = connection.home(settings, settings.account)
    contract, scenarios = load(settings.operation), SCENARIOS[settings.operation]
    calls = plan.provisioned(contract.provisions) if provision else plan.DECLARED
    for line in plan.lines(calls, settings.operation, len(scenarios)):
        print(line)
    if contract.identity:
        print(f"\nThe ids of {contract.batch} that a service without validation could store:\n")
        names = contract.batch, contract.identity, contract.document
        for line in stored.lines(scenarios, *names):
            print(line)
    policy = plan.policy(calls, settings.operation, home, settings.datasets)
    print("\nThe minimal IAM policy:\n")
    for statement in policy["Statement"]:
        if statement["Resource"] == plan.ANY:
            actions = ", ".join(statement["Action"])
            print(f'IAM has no resource-level permissions for {actions}: the resource is "*".\n')
    print(json.dumps(policy, indent=2))
    return 0
