"""`serve`: the reference service over HTTP."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HELP = "run the reference service"
DESCRIPTION = (
    "Run the reference service over HTTP. Its URL is the first line printed. With "
    "--control-plane it stands in for an account: Personalize's schemas, dataset groups and "
    "datasets, and STS's GetCallerIdentity, answer at the same URL."
)


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
    add(
        "--control-plane",
        action="store_true",
        help="also make, describe and delete datasets, as Personalize's control plane and STS do",
    )
    add(
        "--clock-speed",
        type=float,
        default=1.0,
        metavar="N",
        help="with --control-plane: how many times as fast time goes there (default: 1)",
    )


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    from functools import partial

    from personalize_contract.errors import UsageError
    from personalize_contract.fake_account import account
    from personalize_contract.fake_account.clock import Clock
    from personalize_contract.fake_account.control_plane import ControlPlane
    from personalize_contract.model.datasets import REGION, parse
    from personalize_contract.model.exchange import Request, Response
    from personalize_contract.service import core, signatures
    from personalize_contract.service.http_server import HttpServer
    from personalize_contract.service.store import Store
    from personalize_contract.targets.signing import DUMMY_CREDENTIALS

    if given.control_plane and given.store:
        raise UsageError("--control-plane keeps what it makes in memory; leave --store out")
    if not given.clock_speed > 0 or (given.clock_speed != 1 and not given.control_plane):
        raise UsageError("--clock-speed is above 0, and for --control-plane")
    datasets = parse(given.dataset, default="active")
    store = Store(given.store)
    if not datasets and not given.control_plane:
        store.add_dummies()
    for arn, state in datasets.items():
        store.add_dataset(arn, state)
    # A service is where its datasets are.
    regions = {arn.split(":")[3] for arn in store.states()} or {REGION}
    authenticate = partial(signatures.refusal, regions=regions) if given.check_signatures else None
    plane = ControlPlane(store, Clock(given.clock_speed)) if given.control_plane else None

    def answer(request: Request) -> Response:
        if plane:
            return account.answer(request, store, plane, authenticate)
        return core.respond(request, store, authenticate)

    server = HttpServer(answer, given.host, given.port)
    print(server.url, flush=True)
    if plane:
        print(f"account  {plane.account}", flush=True)
    for arn, state in store.states().items():
        print(f"{state:8} {arn}", flush=True)
    if authenticate:
        keys = DUMMY_CREDENTIALS
        print(f"AWS_ACCESS_KEY_ID={keys.access_key} AWS_SECRET_ACCESS_KEY={keys.secret_key}")
    sys.stdout.flush()
    try:
        server.run()
    finally:
        store.close()
    return 0
