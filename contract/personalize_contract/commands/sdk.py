"""`sdk`: compare the contract with the installed botocore's service model."""

from __future__ import annotations

import argparse

HELP = "compare the contract with the installed botocore's service model"
DESCRIPTION = (
    "Compare the contract of each operation with the service model of the installed botocore, in "
    "words. Exit status: 0 they agree, 4 they differ."
)
DIFFERS = 4


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    import botocore

    from personalize_contract.model.contract import load, operations
    from personalize_contract.suite.service_model import installed

    differs = False
    for name in operations():
        lines = installed(load(name))
        differs = differs or bool(lines)
        state = "differs from" if lines else "the same in"
        print(f"{name}: {state} botocore {botocore.__version__}")
        for line in lines:
            print(f"  {line}")
    return DIFFERS if differs else 0
