"""`sweep`: what dead live runs left behind."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys

from personalize_contract.errors import UsageError

HELP = "list what dead live runs left behind, and delete it"
DESCRIPTION = (
    "List the schemas, dataset groups and datasets that live runs made and did not take down, "
    "because they were killed. Nothing is deleted without --yes."
)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add(
        "--older-than",
        default="6h",
        metavar="AGE",
        help="only what is older than that: a number and s, m, h or d (default: %(default)s)",
    )
    add("--account", metavar="ID", required=True, help="the account that may be swept")
    add("--region", metavar="R", help="the region (default: the SDK's)")
    add("--endpoint-url", metavar="URL", help="a service that is not AWS")
    add("--yes", action="store_true", help="delete what is listed")


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from personalize_contract.live.sweep import Sweep
    from personalize_contract.settings import Settings, account

    age = _age(given.older_than)
    settings = Settings(
        region=given.region,
        endpoint_url=given.endpoint_url,
        account=account(given.account),
    )
    sweep = Sweep(settings, lambda line: print(line, file=sys.stderr, flush=True))
    found = sweep.find(age)
    now = sweep.now()
    for one in found:
        hours = (now - one.created).total_seconds() / 3600
        print(f"{one.arn.rpartition(':')[2]}  {one.status or '-'}  {hours:.1f} h old")
    if not found:
        print(f"nothing that a live run left is older than {given.older_than}")
    elif given.yes:
        sys.stdout.flush()
        sweep.remove(found)
        print(f"deleted: {len(found)}")
    else:
        print(f"nothing was deleted; add --yes to delete these {len(found)}")
    return 0


def _age(text: str) -> dt.timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if not found:
        raise UsageError(
            f"--older-than {text}: write a number and s, m, h or d, as 30m or 6h (0s for all)"
        )
    return dt.timedelta(**{_UNITS[found[2]]: int(found[1])})
