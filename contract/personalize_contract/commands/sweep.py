"""`sweep`: delete the resources that killed live runs left behind."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys

from personalize_contract.errors import UsageError

HELP = "list the resources that killed live runs left behind, and delete them"
DESCRIPTION = (
    "List the schemas, dataset groups, datasets and event trackers that live runs created and, "
    "because they were killed, did not tear down. Nothing is deleted without --yes."
)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add(
        "--older-than",
        default="6h",
        metavar="AGE",
        help="the minimum age of listed resources: a number and s, m, h or d (default: "
        "%(default)s)",
    )
    add("--account", metavar="ID", required=True, help="the account to sweep")
    add("--region", metavar="R", help="the region (default: the SDK's)")
    add("--endpoint-url", metavar="URL", help="a service that is not AWS")
    add("--yes", action="store_true", help="delete the listed resources")


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from personalize_contract.live.sweep import Sweep
    from personalize_contract.settings import Settings, account, checked, endpoint_url

    age = _age(options.older_than)
    settings = Settings(
        region=options.region,
        endpoint_url=checked("--endpoint-url", endpoint_url, options.endpoint_url),
        account=checked("--account", account, options.account),
    )
    sweep = Sweep(settings, lambda line: print(line, file=sys.stderr, flush=True))
    leftovers = sweep.find(age)
    now = sweep.now()
    for leftover in leftovers:
        hours = (now - leftover.created).total_seconds() / 3600
        print(f"{leftover.arn.rpartition(':')[2]}  {leftover.status or '-'}  {hours:.1f} h old")
    if not leftovers:
        print(f"no leftover of a live run is older than {options.older_than}")
    elif options.yes:
        sys.stdout.flush()
        sweep.remove(leftovers)
        print(f"deleted: {len(leftovers)}")
    else:
        print(f"nothing was deleted; add --yes to delete these {len(leftovers)}")
    return 0


def _age(text: str) -> dt.timedelta:
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if not match:
        raise UsageError(
            f"--older-than {text}: write a number and s, m, h or d, as 30m or 6h (0s for all)"
        )
    return dt.timedelta(**{_UNITS[match[2]]: int(match[1])})
