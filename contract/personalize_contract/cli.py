"""The command `personalize-contract`: finds the subcommand, and turns errors into exit status 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from personalize_contract.commands import drift, lint, recover, sdk, serve, sweep, verify
from personalize_contract.errors import PersonalizeContractError, UsageError

COMMANDS = {
    "verify": verify,
    "serve": serve,
    "lint": lint,
    "recover": recover,
    "drift": drift,
    "sdk": sdk,
    "sweep": sweep,
}
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help says more)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="personalize-contract",
        description="Record, replay and verify the contract of Amazon Personalize's PutItems.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = subparsers.add_parser(name, help=command.HELP, description=command.DESCRIPTION)
        command.arguments(one)
        one.set_defaults(run=command.run)
    return parser


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
