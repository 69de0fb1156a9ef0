"""`serve` as a process of its own, whose lines can be waited for."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from helpers.command import ACTIVE, COMMAND, environment


@dataclass
class Served:
    """A running `serve`.

    Args:
        process: of it.
        url: that it printed first.
    """

    process: subprocess.Popen[str]
    url: str
    said: str = ""

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; returns the exit status. `said` is what it wrote on standard error."""
        self.process.send_signal(number)
        _, self.said = self.process.communicate(timeout=60)
        return self.process.returncode


@contextlib.contextmanager
def serving(*arguments: str | Path, **variables: str) -> Iterator[Served]:
    """`serve` with these arguments, while this lasts."""
    process = subprocess.Popen(
        [*COMMAND, "serve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**variables),
    )
    assert process.stdout
    try:
        yield Served(process, process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            assert pipe
            pipe.close()


def body(count: int = 2, first: str = "tea") -> bytes:
    """A request that puts so many items."""
    items = [{"itemId": f"{first}-{number}"} for number in range(count)]
    return json.dumps({"datasetArn": ACTIVE, "items": items}).encode()


def put(url: str, data: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """The status and the JSON body of the answer to a request."""
    sent = {"Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    response = requests.post(f"{url}/items", data, headers=sent, timeout=60)
    return response.status_code, response.json() if response.content else {}


def fail(url: str, fault: str) -> tuple[int, dict[str, Any]]:
    """Set a fault on the control path."""
    faults = f"{url}/personalize-contract/faults"
    response = requests.post(faults, json={"fail": fault}, timeout=60)
    return response.status_code, response.json()
