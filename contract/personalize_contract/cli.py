"""The command `personalize-contract`. Thin: it reads arguments and prints."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from personalize_contract.errors import PersonalizeContractError, UsageError

INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help says more)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="personalize-contract",
        description="Record, replay and verify the contract of Amazon Personalize's PutItems.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _verify_arguments(
        commands.add_parser(
            "verify",
            help="run the contract suite",
            description="Run the contract suite. By default against all that needs no account: "
            "the reference service, and the recordings.",
        )
    )
    _serve_arguments(
        commands.add_parser(
            "serve",
            help="run the reference service",
            description="Run the reference service over HTTP. Its URL is the first line printed.",
        )
    )
    return parser


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_verify)
    add = parser.add_argument
    add(
        "--target",
        action="append",
        choices=("recorded", "reference", "live"),
        help="who answers; may be repeated (default: reference and recorded)",
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


def _verify(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from personalize_contract import datasets, report
    from personalize_contract.contract import load
    from personalize_contract.progress import Bar
    from personalize_contract.report import terminal
    from personalize_contract.verify import verify

    targets = arguments.target or ["reference", "recorded"]
    if "live" not in targets:
        for name in ("dataset", "region", "endpoint_url", "account", "write_to_existing"):
            if getattr(arguments, name):
                raise UsageError(f"--{name.replace('_', '-')} is for --target live; add it")
    datasets.parse(arguments.dataset)
    for clause in arguments.allow_not_reached:
        load().clause(clause)
    report.check(arguments.report)
    options = [f"--personalize-dataset={one}" for one in arguments.dataset]
    for name in ("region", "endpoint_url", "account"):
        if value := getattr(arguments, name):
            options.append(f"--personalize-{name.replace('_', '-')}={value}")
    if arguments.write_to_existing:
        options.append("--personalize-write-to-existing")
    if arguments.k:
        options.append(f"-k{arguments.k}")
    with Bar(Console(stderr=True)) as progress:
        evidence = verify(
            targets,
            options=options,
            cassettes=arguments.cassettes,
            record=arguments.record,
            progress=progress,
        )
    terminal.show(evidence, Console(), arguments.allow_not_reached)
    for path in arguments.report:
        report.write(path, evidence, arguments.allow_not_reached)
    status = evidence.exit_status(arguments.allow_not_reached)
    if status == 2:
        why = evidence.obstacles() or ["nothing at all was reached"]
        print(f"personalize-contract: could not be done: {why[0]}", file=sys.stderr)
    return status


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_serve)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, help="the port (default: any free one)")
    add(
        "--dataset",
        action="append",
        default=[],
        metavar="ARN[=STATE]",
        help="a dataset, active or in-use (default: the dummy ones of the suite)",
    )
    add("--store", type=Path, metavar="FILE", help="keep items in this file (default: memory)")
    add("--check-signatures", action="store_true", help="refuse what is not signed as it should")


def _serve(arguments: argparse.Namespace) -> int:
    from personalize_contract.datasets import DUMMY, parse
    from personalize_contract.service import core, signatures
    from personalize_contract.service.http import HttpServer
    from personalize_contract.service.store import Store

    given = parse(arguments.dataset, default="active")
    store = Store(arguments.store)
    for arn, state in (given or {DUMMY[s]: s for s in DUMMY}).items():
        store.add_dataset(arn, state)
    authenticate = signatures.refusal if arguments.check_signatures else None
    server = HttpServer(
        lambda request: core.answer(request, store, authenticate), arguments.host, arguments.port
    )
    print(server.url, flush=True)
    for arn, state in store.states().items():
        print(f"{state:8} {arn}", flush=True)
    if authenticate:
        keys = signatures.DUMMY_CREDENTIALS
        print(f"AWS_ACCESS_KEY_ID={keys.access_key} AWS_SECRET_ACCESS_KEY={keys.secret_key}")
    sys.stdout.flush()
    try:
        server.run()
    finally:
        store.close()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status (README, "Exit status")."""
    try:
        parsed = _parser().parse_args(arguments)
        return int(parsed.run(parsed))
    except KeyboardInterrupt:
        print("personalize-contract: interrupted", file=sys.stderr)
        return INTERRUPTED
    except PersonalizeContractError as error:
        print(f"personalize-contract: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output went away: nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
