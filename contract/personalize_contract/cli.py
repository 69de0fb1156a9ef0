"""The command `personalize-contract`: finds the subcommand, and turns errors into exit status 2."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from personalize_contract.commands import (
    check,
    drift,
    history,
    import_har,
    lint,
    recover,
    refresh,
    rename,
    sdk,
    serve,
    sweep,
    verify,
)
from personalize_contract.errors import PersonalizeContractError, UsageError

COMMANDS = {
    "verify": verify,
    "serve": serve,
    "check": check,
    "lint": lint,
    "import": import_har,
    "recover": recover,
    "refresh": refresh,
    "rename": rename,
    "drift": drift,
    "history": history,
    "sdk": sdk,
    "sweep": sweep,
}
_OF_CONTRACTS = ("verify", "serve", "check", "lint", "sdk")
"""The commands that hold something against a contract."""

INTERRUPTED = 130


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # which takes longer than all the rest of this

        print(parser.prog, version(parser.prog))
        parser.exit()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} ({self.prog} --help says more)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="personalize-contract",
        description="Record, replay and verify the contract of Amazon Personalize's PutItems.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = subparsers.add_parser(name, help=command.HELP, description=command.DESCRIPTION)
        command.arguments(one)
        if name in _OF_CONTRACTS:
            one.add_argument(
                "--contracts",
                type=Path,
                metavar="DIR",
                help="read the contract files in DIR too, beside those that ship",
            )
        one.set_defaults(run=command.run)
    return parser


def _shown(words: object) -> str:
    from personalize_contract.privacy import display

    return display.quoted(words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status (README, "Exit status")."""
    try:
        parsed = _parser().parse_args(arguments)
        if getattr(parsed, "contracts", None):
            from personalize_contract.model import contract_files

            contract_files.use(parsed.contracts.absolute())
        status = int(parsed.run(parsed))
        sys.stdout.flush()
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # of a terminal that was closed
            print("personalize-contract: interrupted", file=sys.stderr)
        return INTERRUPTED
    except PersonalizeContractError as error:
        print(f"personalize-contract: {_shown(error)}", file=sys.stderr)
        return 2
    except OSError as error:
        where = error.filename or "what it prints can't be written"
        told = _shown(f"{where}: {error.strerror or error}")
        print(f"personalize-contract: {told}", file=sys.stderr)
        if error.filename is None:
            # What is left would fail once more, at the very end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except Exception as error:
        print(f"personalize-contract: {_shown(_bug(error))}", file=sys.stderr)
        return 2
    return status


def _bug(error: Exception) -> str:
    """Return one line about an error that nobody expected: what it is, and where it came from."""
    here = str(Path(__file__).parent)
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(here)
    ]
    return (
        f"this is a defect of the tool: {type(error).__name__}: {error} "
        f"({' > '.join(frames)}); please report it with the command that led to it"
    )
