"""`serve`: the reference service over HTTP."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "run the reference service"
DESCRIPTION = "Run the reference service over HTTP. Its URL is the first line printed."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
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


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from personalize_contract.datasets import parse
    from personalize_contract.service import core, signatures
    from personalize_contract.service.http import HttpServer
    from personalize_contract.service.store import Store

    datasets = parse(given.dataset, default="active")
    store = Store(given.store)
    if not datasets:
        store.add_dummies()
    for arn, state in datasets.items():
        store.add_dataset(arn, state)
    authenticate = signatures.refusal if given.check_signatures else None
    server = HttpServer(
        lambda request: core.answer(request, store, authenticate), given.host, given.port
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
