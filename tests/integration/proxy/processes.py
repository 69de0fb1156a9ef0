"""`serve` in a separate process."""

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
        process: the process.
        url: the URL that it printed.
        errors: its standard error, after `end`.
    """

    process: subprocess.Popen[str]
    url: str
    errors: str = ""

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        _, self.errors = self.process.communicate(timeout=60)
        return self.process.returncode


@contextlib.contextmanager
def serving(*arguments: str | Path, **variables: str) -> Iterator[Served]:
    """Run `serve` with these arguments, within the context."""
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
    """Return the body of a request with `count` items."""
    items = [{"itemId": f"{first}-{number}"} for number in range(count)]
    return json.dumps({"datasetArn": ACTIVE, "items": items}).encode()


def put(url: str, data: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Send a request, and return the status and the JSON body of its answer."""
    sent = {"Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    response = requests.post(f"{url}/items", data, headers=sent, timeout=60)
    return response.status_code, response.json() if response.content else {}


def fail(url: str, fault: str) -> tuple[int, dict[str, Any]]:
    """Set a fault by the control path, and return the status and the JSON body of the answer."""
    faults = f"{url}/personalize-contract/faults"
    response = requests.post(faults, json={"fail": fault}, timeout=60)
    return response.status_code, response.json()
