"""The command `personalize-contract`: runs a subcommand, and turns errors into exit status 2."""

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
"""The commands that read contracts."""

INTERRUPTED = 130


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # an expensive import

        print(parser.prog, version(parser.prog))
        parser.exit()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="personalize-contract",
        description="Record, replay and verify the contract of Amazon Personalize's PutItems.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=command.HELP, description=command.DESCRIPTION)
        command.arguments(subparser)
        if name in _OF_CONTRACTS:
            subparser.add_argument(
                "--contracts",
                type=Path,
                metavar="DIR",
                help="also read the contract files in DIR, besides the shipped ones",
            )
        subparser.set_defaults(run=command.run)
    return parser


def _print_error(message: object) -> None:
    from personalize_contract.privacy import display

    print(f"personalize-contract: {display.quoted(message)}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status (README, "Exit status")."""
    try:
        parsed = _parser().parse_args(arguments)
        if getattr(parsed, "contracts", None):
            from personalize_contract.model import contract_files
            from personalize_contract.settings import checked

            checked("--contracts", contract_files.use, parsed.contracts.absolute())
        status = int(parsed.run(parsed))
        sys.stdout.flush()
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):  # of a terminal that was closed
            print("personalize-contract: interrupted", file=sys.stderr)
        return INTERRUPTED
    except PersonalizeContractError as error:
        _print_error(error)
        return 2
    except OSError as error:
        place = error.filename or "the output can't be written"
        _print_error(f"{place}: {error.strerror or error}")
        if error.filename is None:
            # Python flushes standard output once more at exit, and would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except Exception as error:
        _print_error(_bug(error))
        return 2
    return status


def _bug(error: Exception) -> str:
    """Return one line about an unexpected error: its type, its message and its traceback."""
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
