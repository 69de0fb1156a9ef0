"""The command `python -m benchmarks`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib import import_module

from benchmarks import SIZES, TABLES

HEAD = """# Benchmarks

Printed by `python -m benchmarks` ({}), in one run. Compare the ratios: 1.40 x means 1.4 times the
floor in the same row. `pip install -e . --group bench` installs the other libraries; use a separate
environment.
"""


def main() -> None:
    """Print the selected tables, each as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("table", nargs="*", help=f"some of {', '.join(TABLES)} (default: all)")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="N")
    options = parser.parse_args()
    if unknown := set(options.table) - set(TABLES):
        parser.error(f"there is no table {', '.join(sorted(unknown))}")
    python = ".".join(platform.python_version_tuple()[:2])
    print(HEAD.format(f"{os.cpu_count()} cores, {platform.system()}, Python {python}"), flush=True)
    for name in options.table or TABLES:
        print(f"measuring {name}...", file=sys.stderr, flush=True)
        for table in import_module(f"benchmarks.{name}").tables(options.sizes):
            print(f"\n{table}", flush=True)


if __name__ == "__main__":
    main()
