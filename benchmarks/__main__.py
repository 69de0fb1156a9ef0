"""The command `python -m benchmarks`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib import import_module

from benchmarks import SIZES, TABLES


def main() -> None:
    """Print the tables that were asked for, each as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("table", nargs="*", help=f"some of {', '.join(TABLES)} (default: all)")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="N")
    given = parser.parse_args()
    if unknown := set(given.table) - set(TABLES):
        parser.error(f"there is no table {', '.join(sorted(unknown))}")
    python = f"Python {platform.python_version()}"
    print(f"{os.cpu_count()} cores, {platform.system()}, {python}", flush=True)
    for name in given.table or TABLES:
        print(f"measuring {name}...", file=sys.stderr, flush=True)
        for table in import_module(f"benchmarks.{name}").tables(given.sizes):
            print(f"\n{table}", flush=True)


if __name__ == "__main__":
    main()
