"""`serve`: the reference service, a live one or cassettes over HTTP, for any client."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_contract.model.exchange import Request, Response
    from personalize_contract.proxy.targets import Opened
    from personalize_contract.service.http_server import HttpServer

HELP = "serve the reference service, a recording proxy, or cassettes"
DESCRIPTION = (
    "Serve clients in any language over HTTP. The URL is the first line printed. By default the "
    "reference service answers. With --forward it is a recording, checking proxy before a live "
    "service, with --replay the cassettes of such a proxy answer. What a request or an answer "
    "breaks is told on standard error as it happens. With --control-plane it stands in for an "
    "account: Personalize's schemas, dataset groups and datasets, and STS's GetCallerIdentity, "
    "answer at the same URL."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    add("--port", type=int, default=0, help="the port (default: any free one)")
    add(
        "--allow-remote",
        action="store_true",
        help="listen on a --host other than loopback: whoever reaches this machine is answered",
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
        help="with --control-plane: how many times as fast time goes there (default: 1); above 60 "
        "a state may be over before a run asks in it",
    )
    add("--forward", metavar="URL|aws", help="forward to a live service, signing again")
    add("--record", type=Path, metavar="DIR", help="with --forward: record what it answers")
    add("--replay", type=Path, metavar="DIR", help="answer from the cassettes in this folder")
    add("--region", help="with --forward: the service's region (default: the SDK's)")
    add("--account", metavar="ID", help="with --forward: the account that may be written to")
    add(
        "--write-to-existing",
        action="store_true",
        help="with --forward: allow writing to the datasets given (items can't be deleted there)",
    )
    add(
        "--fail",
        action="append",
        default=[],
        metavar="FAULT[:TIMES]",
        help="make the next requests fail: an error code, a status, timeout, reset, truncate or "
        "slow=SECONDS",
    )


def run(given: argparse.Namespace) -> int:
    """Run the command; returns its exit status."""
    _must_fit(given)
    if given.forward or given.replay:
        return _proxy(given)
    return _reference(given)


_OF_REFERENCE = ("store", "check_signatures", "control_plane")
_OF_FORWARD = ("record", "region", "account", "write_to_existing")


def _must_fit(given: argparse.Namespace) -> None:
    from personalize_contract.errors import UsageError
    from personalize_contract.proxy.access import is_loopback
    from personalize_contract.targets.faults import parse

    def option(name: str) -> str:
        return f"--{name.replace('_', '-')}"

    def refuse(names: tuple[str, ...], belongs: str) -> None:
        if named := [option(name) for name in names if getattr(given, name)]:
            raise UsageError(f"{named[0]} {belongs}")

    if given.forward and given.replay:
        raise UsageError("--forward asks a live service to answer, and --replay cassettes")
    if given.forward or given.replay:
        refuse(_OF_REFERENCE, "is for the reference service; leave out --forward and --replay")
    if not 0 <= given.port <= 65535:
        # The C library would wrap it modulo 65536.
        raise UsageError(f"--port {given.port}: use a port from 0 (any) to 65535")
    if given.replay and given.dataset:
        raise UsageError("--dataset is not for --replay: cassettes have their datasets")
    if not given.forward:
        refuse(_OF_FORWARD, "is for --forward")
    for text in given.fail:
        parse(text)
    if given.control_plane and given.store:
        raise UsageError("--control-plane keeps what it makes in memory; leave --store out")
    if not given.clock_speed > 0 or (given.clock_speed != 1 and not given.control_plane):
        raise UsageError("--clock-speed is above 0, and for --control-plane")
    if is_loopback(given.host):
        return
    if _is_for_aws(given.forward):
        raise UsageError(
            f"--host {given.host}: what is forwarded to AWS is signed with your credentials, so "
            "--forward aws listens on loopback only"
        )
    if not given.allow_remote:
        raise UsageError(
            f"--host {given.host}: whoever reaches this machine there is answered, and can read "
            "what is recorded; add --allow-remote if that is what you want"
        )


def _is_for_aws(forward: str | None) -> bool:
    from personalize_contract.settings import endpoint_url
    from personalize_contract.targets import connection

    return forward == "aws" or bool(forward and connection.is_aws(endpoint_url(forward) or ""))


def _tell(line: str) -> None:
    # In one piece: several threads write, and no line may end up in another.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _serve(given: argparse.Namespace, opened: Opened, lines: list[str], *, ends: bool) -> int:
    """Serve a target until a signal comes; returns the exit status.

    Args:
        given: the arguments.
        opened: the target.
        lines: printed behind the URL.
        ends: whether a signal is the ordinary end, with a summary.
    """
    import secrets
    import shlex

    from personalize_contract.proxy.access import AccessCheck, is_loopback
    from personalize_contract.proxy.control import PATH, Control
    from personalize_contract.proxy.handler import Handler
    from personalize_contract.targets.faults import FaultInjector

    faults = FaultInjector(opened.target)
    for text in given.fail:
        faults.fail_as(text)
    handler = Handler(faults, _tell, opened.redactor, only_known=ends)
    respond: Callable[[Request], Response] = handler.respond
    is_local = is_loopback(given.host)
    if is_local:
        respond = Control(respond, faults)
    else:
        _tell(f"listening on {given.host}: whoever reaches this machine there is answered")
    token = secrets.token_urlsafe(16) if _is_for_aws(given.forward) else ""
    accessible = AccessCheck(respond, token=token, any_host=not is_local)
    with _listening(given, accessible) as (server, url, bundle):
        url = f"{url}/{token}" if token else url
        print(url, flush=True)
        if bundle:
            print(f"export AWS_CA_BUNDLE={shlex.quote(str(bundle))}")
        for line in lines:
            print(line)
        if ends and is_local:
            print(f"faults: POST {url}{PATH}")
        sys.stdout.flush()
        # A temporary folder doesn't outlive the server.
        with _until_a_signal() if ends or bundle else contextlib.nullcontext():
            server.run()
    if not ends:
        return 0
    for line in handler.summary():
        _tell(line)
    return handler.status


@contextlib.contextmanager
def _listening(
    given: argparse.Namespace, respond: Callable[[Request], Response]
) -> Iterator[tuple[HttpServer, str, Path | None]]:
    """Listen as asked; yields the server, its URL, and the certificate of its CA under --tls."""
    from personalize_contract.service.http_server import HttpServer

    if given.tls is None:
        server = HttpServer(respond, given.host, given.port)
        yield server, server.url, None
        return
    import tempfile

    from personalize_contract.proxy.tls import BUNDLE, TlsFront, certified

    with tempfile.TemporaryDirectory(prefix="personalize-contract-") as temporary:
        folder = Path(given.tls or temporary).absolute()
        context = certified(folder, given.host)
        plain = HttpServer(respond)
        with TlsFront(plain.url, context, given.host, given.port) as front:
            yield plain, front.url, folder / BUNDLE


@contextlib.contextmanager
def _until_a_signal() -> Iterator[None]:
    """Take Ctrl-C and SIGTERM for the end of what is done here."""
    import signal

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _proxy(given: argparse.Namespace) -> int:
    from personalize_contract.model.datasets import parse
    from personalize_contract.proxy import targets
    from personalize_contract.settings import Settings, account, endpoint_url

    if given.replay:
        command = f"personalize-contract serve --forward URL --record {given.replay}"
        opening = targets.replaying(given.replay, command)
    else:
        settings = Settings(
            target="live",
            datasets=parse(given.dataset, default="active"),
            region=given.region,
            endpoint_url=None if given.forward == "aws" else endpoint_url(given.forward),
            account=account(given.account),
            write_to_existing=given.write_to_existing,
        )
        opening = targets.forwarding(settings, given.record, _tell)
    with opening as opened:
        status = _serve(given, opened, [], ends=True)
    for note in opened.notes:
        _tell(note)
    return status


def _reference(given: argparse.Namespace) -> int:
    from functools import partial

    from personalize_contract.fake_account import account
    from personalize_contract.fake_account.clock import Clock
    from personalize_contract.fake_account.control_plane import ControlPlane
    from personalize_contract.model.datasets import REGION, parse
    from personalize_contract.privacy.redaction import Redactor
    from personalize_contract.proxy.targets import Opened
    from personalize_contract.service import core, signatures
    from personalize_contract.service.store import Store
    from personalize_contract.targets.base import InProcess
    from personalize_contract.targets.signing import DUMMY_CREDENTIALS

    datasets = parse(given.dataset, default="active")
    store = Store(given.store)
    if not datasets and not given.control_plane:
        store.add_dummies()
    for arn, state in datasets.items():
        store.add_dataset(arn, state)
    # A service is where its datasets are.
    arns = [name for name in store.states() if name.startswith("arn:")]
    regions = {arn.split(":")[3] for arn in arns} or {REGION}
    authenticate = partial(signatures.refusal, regions=regions) if given.check_signatures else None
    plane = ControlPlane(store, Clock(given.clock_speed)) if given.control_plane else None

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
        return _serve(given, opened, lines, ends=False)
    finally:
        store.close()
