"""`verify`: the contract suite, clause x target."""

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
        "--provision",
        action="store_true",
        help="live: make a dataset for this run, and take it down at its end",
    )
    add(
        "--dry-run",
        action="store_true",
        help="live: print each call and the least IAM policy; call nothing",
    )
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
        help="also write a report: .html, .md, .json or .xml (JUnit); may be repeated",
    )
    add("-n", metavar="WORKERS", help="spread over processes, live excepted (needs pytest-xdist)")
    add("-k", metavar="EXPRESSION", help="only the scenarios whose names match, as in pytest")
    add("--smoke", action="store_true", help="only a dozen scenarios: each outcome, each limit")
    add("--list", action="store_true", help="print the scenarios and their clauses; ask nobody")


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from rich.console import Console

    from personalize_contract import settings as asked
    from personalize_contract.model import contract_files, datasets
    from personalize_contract.model.contract import known, load
    from personalize_contract.report import files, github, terminal
    from personalize_contract.suite.progress import Bar
    from personalize_contract.suite.pytest_runner import verify
    from personalize_contract.suite.summary import summarize

    load(given.operation)
    targets = given.target or ["reference", "recorded"]
    if "live" not in targets:
        for name in _LIVE_ONLY:
            if getattr(given, name):
                raise UsageError(f"--{name.replace('_', '-')} is for --target live; add it")
    settings = asked.Settings(
        target="live",
        record=given.record,
        datasets=datasets.parse(given.dataset),
        region=given.region,
        endpoint_url=asked.endpoint_url(given.endpoint_url),
        account=asked.account(given.account),
        write_to_existing=given.write_to_existing,
        cassettes=given.cassettes and given.cassettes.absolute(),
        contracts=contract_files.folder(),
        operation=given.operation,
    )
    for clause in given.allow_not_reached:
        known(clause)
    files.check(given.report)
    if given.list:
        if given.k:
            raise UsageError("--list names all scenarios, or those of --smoke; leave -k out")
        for line in _listed(given.operation, is_smoke=given.smoke):
            print(line)
        return 0
    if given.dry_run:
        return _dry_run(settings, provision=given.provision)
    annotations: dict[str, None] = {}

    def publish(evidence: Evidence) -> Report:
        report = summarize(evidence, given.allow_not_reached)
        for path in given.report:
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
            expression=given.k,
            is_smoke=given.smoke,
            workers=given.n,
            progress=progress,
            live=lambda: _opened(settings, progress.say, provision=given.provision),
            publish=publish,
        )
    report = publish(evidence)
    terminal.show(report, terminal.Output())
    if report.exit_status == 2:
        why = report.obstacles or ["nothing at all was reached"]
        print(f"personalize-contract: could not be done: {why[0]}", file=sys.stderr)
    return report.exit_status


def _listed(operation: str, *, is_smoke: bool) -> Iterator[str]:
    """Yield a line for each scenario: its name, its state, and the clauses that it asks about."""
    from personalize_contract.model.contract import load
    from personalize_contract.suite.smoke import smoke
    from personalize_contract.suite.tables.scenarios import SCENARIOS

    rows = SCENARIOS[load(operation).operation]
    for row in smoke(rows) if is_smoke else rows:
        clauses = ", ".join(dict.fromkeys(clause for clause, _ in row.expects))
        yield f"{row.id:36} {row.state:8} {clauses}"


def _opened(
    settings: Settings, tell: Callable[[str], None], *, provision: bool
) -> AbstractContextManager[Live]:
    from personalize_contract.live.access import connect
    from personalize_contract.live.provision import provisioned
    from personalize_contract.suite.messages import TableGuard

    guard = partial(TableGuard, settings.operation)
    if provision:
        return provisioned(settings, tell, guard)
    return nullcontext(connect(settings, tell, guard=guard))


def _dry_run(settings: Settings, *, provision: bool) -> int:
    """Print what a live run would call, and the policy that it needs."""
    from personalize_contract.live import plan
    from personalize_contract.model.contract import load
    from personalize_contract.suite import stored
    from personalize_contract.suite.tables.scenarios import SCENARIOS
    from personalize_contract.targets import connection

    if not settings.account:
        raise UsageError("--dry-run needs --account ID: the policy is for its resources")
    home = connection.home(settings, settings.account)
    contract, scenarios = load(settings.operation), SCENARIOS[settings.operation]
    calls = plan.provisioned(contract.provisions) if provision else plan.GIVEN
    for line in plan.lines(calls, settings.operation, len(scenarios)):
        print(line)
    if contract.identity:
        print(f"\nThe ids that a service which refuses nothing could store, of {contract.batch}:\n")
        names = contract.batch, contract.identity, contract.document
        for line in stored.lines(scenarios, *names):
            print(line)
    print("\nThe least IAM policy for it:\n")
    print(json.dumps(plan.policy(calls, settings.operation, home, settings.datasets), indent=2))
    return 0
