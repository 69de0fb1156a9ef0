"""The reference service over HTTP, beside moto's server: requests per second, in one run."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.hammer import hammer, post
from benchmarks.measure import Round, Table, medians
from personalize_contract.model.datasets import DUMMY

CONNECTIONS = 64
ROUNDS = 3
SECONDS = 2.0
"""Maximum duration of a round."""

_SIGNED = (
    "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/personalize/aws4_request, "
    "SignedHeaders=host, Signature=0"
)

Address = tuple[str, int]


def put(count: int) -> Callable[[int], bytes]:
    """Return a function that builds PutItems requests with a number of items and unique ids."""

    def request(number: int) -> bytes:
        items = [
            {"itemId": f"{number}-{item}", "properties": '{"category": "tea"}'}
            for item in range(count)
        ]
        body = json.dumps({"datasetArn": DUMMY["active"], "items": items}).encode()
        return post("localhost", "/items", body)

    return request


def list_schemas(number: int) -> bytes:
    """Return the cheapest request to moto's control plane."""
    target = "X-Amz-Target: AmazonPersonalize.ListSchemas"
    return post("personalize.us-east-1.amazonaws.com", "/", b"{}", target, _SIGNED)


@contextlib.contextmanager
def service_process(store: Path) -> Iterator[tuple[Address, subprocess.Popen[str]]]:
    """Run `serve` on a store file; yields its address and process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "personalize_contract", "serve", "--store", str(store)],
        stderr=subprocess.DEVNULL,  # advice on each request
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield ("127.0.0.1", int(process.stdout.readline().rpartition(":")[2])), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()


@contextlib.contextmanager
def moto(command: str) -> Iterator[Address | None]:
    """Run moto's server; yields its address, or None without `moto[server]`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    process = subprocess.Popen(
        [command, "-p", str(address[1])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        up = False
        while not up and process.poll() is None:
            time.sleep(0.1)
            with contextlib.suppress(OSError), socket.create_connection(address, 1):
                up = True
        yield address if up else None
    finally:
        process.terminate()
        process.wait(20)


def moto_server() -> str | None:
    """Return the command of moto's server; None if it is not installed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return shutil.which("moto_server", path=path)


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """Yield the table of the service with one item and with ten, and of moto's server if installed.

    Args:
        sizes: the largest one is the number of requests in a round, unless they take longer than
            `SECONDS`.
    """
    count = max(sizes)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address, _ = stack.enter_context(service_process(folder / "store"))

        def subject(address: Address, request: Callable[[int], bytes]) -> Round:
            def turn() -> float:
                tally = hammer(
                    address, request, connections=CONNECTIONS, seconds=SECONDS, count=count
                )
                return 1 / tally.a_second

            return turn

        subjects: dict[str, Round] = {
            "PutItems, 1 item": subject(address, put(1)),
            "PutItems, 10 items": subject(address, put(10)),
        }
        command = moto_server()
        if command and (moto_address := stack.enter_context(moto(command))):
            subjects["moto_server, ListSchemas"] = subject(moto_address, list_schemas)
        cost = medians(subjects, ROUNDS)
        floor = cost.get("moto_server, ListSchemas")
    table = Table(
        f"The service over HTTP, {CONNECTIONS} connections",
        "Items are on a --store file before they are acknowledged. moto has no PutItems, so its "
        "cheapest call of the control plane stands for it.",
        ["", "requests/s", "of moto_server"],
    )
    for name, seconds in cost.items():
        ratio = f"{floor / seconds:.1f} x" if floor else "not installed"
        table.rows.append([name, f"{1 / seconds:,.0f}", ratio])
    yield table
