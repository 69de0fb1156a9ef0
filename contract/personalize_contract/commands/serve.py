"""`serve`: serve the reference service, a live one or cassettes over HTTP, for any client."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_contract.model.datasets import State
    from personalize_contract.model.exchange import Request, Response
    from personalize_contract.proxy.targets import Opened
    from personalize_contract.service.http_server import HttpServer

HELP = "serve the reference service, a recording proxy, or cassettes"
DESCRIPTION = (
    "Serve clients in any language over HTTP. The URL is the first line printed. By default the "
    "reference service answers. With --forward it is a recording, checking proxy before a live "
    "service; with --replay the cassettes of such a proxy answer. Each clause that a request or an "
    "answer breaks is reported on standard error as it happens. With --control-plane the same URL "
    "stands in for an account: it also answers for Personalize's schemas, dataset groups and "
    "datasets, and for STS's GetCallerIdentity."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, help="the port (default: any free one)")
    add(
        "--allow-remote",
        action="store_true",
        help="allow a --host other than loopback: every client that reaches it is answered",
    )
    add(
        "--tls",
        nargs="?",
        const="",
        metavar="DIR",
        help="serve https; the certificate of its CA is written into DIR (default: a temporary "
        "folder; needs trustme)",
    )
    add(
        "--dataset",
        action="append",
        default=[],
        metavar="ARN[=STATE]",
        help="a dataset, active or in-use; may be repeated (default: the suite's dummies)",
    )
    add("--store", type=Path, metavar="FILE", help="keep items in this file (default: memory)")
    add("--check-signatures", action="store_true", help="reject requests without a valid signature")
    add(
        "--control-plane",
        action="store_true",
        help="also answer for Personalize's control plane (create, describe and delete datasets) "
        "and for STS",
    )
    add(
        "--clock-speed",
        type=float,
        default=1.0,
        metavar="N",
        help="with --control-plane: the speed of its clock, as a multiple of real time (default: "
        "1); above 60, a run may miss a state that has already ended",
    )
    add("--forward", metavar="URL|aws", help="forward to a live service, signing again")
    add("--record", type=Path, metavar="DIR", help="with --forward: record the answers in DIR")
    add("--replay", type=Path, metavar="DIR", help="answer from the cassettes in DIR")
    add("--region", help="with --forward: the service's region (default: the SDK's)")
    add("--account", metavar="ID", help="with --forward: the account that may be written to")
    add(
        "--write-to-existing",
        action="store_true",
        help="with --forward: write to the datasets of --dataset (items can't be deleted there)",
    )
    add(
        "--fail",
        action="append",
        default=[],
        metavar="FAULT[:TIMES]",
        help="make the next requests fail: an error code, a status, timeout, reset, truncate or "
        "slow=SECONDS",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    _validate(options)
    if options.forward or options.replay:
        return _proxy(options)
    return _reference(options)


_OF_REFERENCE = ("store", "check_signatures", "control_plane")
_OF_FORWARD = ("record", "region", "account", "write_to_existing")


def _validate(options: argparse.Namespace) -> None:
    from personalize_contract.errors import UsageError
    from personalize_contract.proxy.access import is_loopback
    from personalize_contract.targets.faults import parse

    def option(name: str) -> str:
        return f"--{name.replace('_', '-')}"

    def refuse(names: tuple[str, ...], reason: str) -> None:
        if named := [option(name) for name in names if getattr(options, name)]:
            raise UsageError(f"{named[0]} {reason}")

    if options.forward and options.replay:
        raise UsageError("--forward and --replay conflict; drop one of them")
    if options.forward or options.replay:
        refuse(_OF_REFERENCE, "is for the reference service; leave out --forward and --replay")
    if not 0 <= options.port <= 65535:
        # The C library would wrap it modulo 65536.
        raise UsageError(f"--port {options.port}: use a port from 0 (any) to 65535")
    if options.replay and options.dataset:
        raise UsageError(
            "--dataset can't be used with --replay: the cassettes name their own datasets"
        )
    if not options.forward:
        refuse(_OF_FORWARD, "needs --forward")
    for text in options.fail:
        parse(text)
    if options.control_plane and options.store:
        raise UsageError("--control-plane keeps its resources in memory; leave out --store")
    if not options.clock_speed > 0 or (options.clock_speed != 1 and not options.control_plane):
        raise UsageError("--clock-speed must be above 0, and needs --control-plane")
    if is_loopback(options.host):
        return
    if _is_for_aws(options.forward):
        raise UsageError(
            f"--host {options.host}: requests forwarded to AWS are signed with your credentials, "
            "so --forward aws listens on loopback only; leave out --host"
        )
    if not options.allow_remote:
        raise UsageError(
            f"--host {options.host}: every client that reaches this address is answered, and can "
            "read the recordings; add --allow-remote to allow that"
        )


def _is_for_aws(forward: str | None) -> bool:
    from personalize_contract.settings import checked, endpoint_url
    from personalize_contract.targets import connection

    if not forward or forward == "aws":
        return forward == "aws"
    return connection.is_aws(checked("--forward", endpoint_url, forward) or "")


def _notify(line: str) -> None:
    # In one write, so that lines of several threads never mix.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _serve(options: argparse.Namespace, opened: Opened, lines: list[str], *, ends: bool) -> int:
    """Serve a target until a signal comes, and return the exit status.

    Args:
        options: the parsed arguments.
        opened: the target.
        lines: the lines to print after the URL.
        ends: whether a signal is the ordinary end, with a summary.
    """
    import secrets
    import shlex

    from personalize_contract.proxy.access import AccessCheck, is_loopback
    from personalize_contract.proxy.control import PATH, Control
    from personalize_contract.proxy.handler import Handler
    from personalize_contract.targets.faults import FaultInjector

    faults = FaultInjector(opened.target)
    for text in options.fail:
        faults.fail_as(text)
    handler = Handler(faults, _notify, opened.redactor, only_known=ends)
    respond: Callable[[Request], Response] = handler.respond
    is_local = is_loopback(options.host)
    if is_local:
        respond = Control(respond, faults)
    else:
        _notify(f"listening on {options.host}: every client that reaches this address is answered")
    token = secrets.token_urlsafe(16) if _is_for_aws(options.forward) else ""
    accessible = AccessCheck(respond, token=token, any_host=not is_local)
    with _listening(options, accessible) as (server, url, bundle):
        url = f"{url}/{token}" if token else url
        print(url, flush=True)
        if bundle:
            print(f"export AWS_CA_BUNDLE={shlex.quote(str(bundle))}")
        for line in lines:
            print(line)
        if ends and is_local:
            print(f"faults: POST {url}{PATH}")
        sys.stdout.flush()
        # The temporary folder has to be removed with the server.
        with _until_a_signal() if ends or bundle else contextlib.nullcontext():
            server.run()
    if not ends:
        return 0
    for line in handler.summary():
        _notify(line)
    return handler.status


@contextlib.contextmanager
def _listening(
    options: argparse.Namespace, respond: Callable[[Request], Response]
) -> Iterator[tuple[HttpServer, str, Path | None]]:
    """Listen, and yield the server, its URL, and with --tls the certificate of its CA."""
    from personalize_contract.service.http_server import HttpServer

    if options.tls is None:
        server = HttpServer(respond, options.host, options.port)
        yield server, server.url, None
        return
    import tempfile

    from personalize_contract.proxy.tls import BUNDLE, TlsFront, certified

    with tempfile.TemporaryDirectory(prefix="personalize-contract-") as temporary:
        folder = Path(options.tls or temporary).absolute()
        context = certified(folder, options.host)
        plain = HttpServer(respond)
        with TlsFront(plain.url, context, options.host, options.port) as front:
            yield plain, front.url, folder / BUNDLE


@contextlib.contextmanager
def _until_a_signal() -> Iterator[None]:
    """Leave the context at Ctrl-C or SIGTERM."""
    import signal

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _datasets(options: argparse.Namespace) -> dict[str, State]:
    """Return the state of each declared dataset: active, unless it says otherwise."""
    from personalize_contract.model.datasets import parse
    from personalize_contract.settings import checked

    return checked("--dataset", partial(parse, default="active"), options.dataset)


def _proxy(options: argparse.Namespace) -> int:
    from personalize_contract.proxy import targets
    from personalize_contract.settings import Settings, account, checked, endpoint_url

    if options.replay:
        command = f"personalize-contract serve --forward URL --record {options.replay}"
        opening = targets.replaying(options.replay, command)
    else:
        settings = Settings(
            target="live",
            datasets=_datasets(options),
            region=options.region,
            endpoint_url=(
                None
                if options.forward == "aws"
                else checked("--forward", endpoint_url, options.forward)
            ),
            account=checked("--account", account, options.account),
            write_to_existing=options.write_to_existing,
        )
        opening = targets.forwarding(settings, options.record, _notify)
    with opening as opened:
        status = _serve(options, opened, [], ends=True)
    for note in opened.notes:
        _notify(note)
    return status


def _reference(options: argparse.Namespace) -> int:
    from functools import partial

    from personalize_contract.fake_account import account
    from personalize_contract.fake_account.clock import Clock
    from personalize_contract.fake_account.control_plane import ControlPlane
    from personalize_contract.model.datasets import REGION
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.proxy.targets import Opened
    from personalize_contract.service import core, signatures
    from personalize_contract.service.store import Store
    from personalize_contract.targets.base import InProcess
    from personalize_contract.targets.signing import DUMMY_CREDENTIALS

    datasets = _datasets(options)
    store = Store(options.store)
    if not datasets and not options.control_plane:
        store.add_dummies()
    for arn, state in datasets.items():
        store.add_dataset(arn, state)
    # The regions of a service are those of its datasets.
    arns = [name for name in store.states() if name.startswith("arn:")]
    regions = {arn.split(":")[3] for arn in arns} or {REGION}
    authenticate = (
        partial(signatures.rejection, regions=regions) if options.check_signatures else None
    )
    plane = ControlPlane(store, Clock(options.clock_speed)) if options.control_plane else None

    def answer(request: Request) -> Response:
        if plane:
            return account.answer(request, store, plane, authenticate)
        return core.respond(request, store, authenticate)

    lines = [f"account  {plane.account}"] if plane else []
    lines += [f"{state:8} {arn}" for arn, state in store.states().items()]
    if authenticate:
        keys = DUMMY_CREDENTIALS
        lines.append(f"AWS_ACCESS_KEY_ID={keys.access_key} AWS_SECRET_ACCESS_KEY={keys.secret_key}")
    opened = Opened(InProcess(answer, "reference"), Redactor())
    try:
        return _serve(options, opened, lines, ends=False)
    finally:
        store.close()
