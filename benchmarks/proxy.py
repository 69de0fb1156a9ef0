"""The proxy under load: 64 connections for a minute, forwarded and recorded."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.hammer import hammer
from benchmarks.http import put
from benchmarks.measure import Table

CONNECTIONS = 64
SECONDS = 60.0
SAMPLES = 12
"""Number of samples of the proxy's memory."""


def _memory(process: int) -> int:
    """Return Linux's count of a process's memory in bytes."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def _serve(*options: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "personalize_contract", "serve", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, process.stdout.readline().strip()


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """Yield the table of answered and recorded requests, and of memory over time.

    Args:
        sizes: the largest one limits the duration in seconds.
    """
    seconds = min(SECONDS, float(max(sizes)))
    table = Table(
        f"The proxy, {CONNECTIONS} connections for {seconds:.0f} s",
        "`serve --forward URL --record DIR` in front of a reference service with its items in a "
        "file. Memory is sampled every few seconds; `recorded` counts the exchanges in the "
        "journal at the end.",
        ["requests/s", "answered 200", "recorded", "memory at first", "in the middle", "at last"],
    )
    with tempfile.TemporaryDirectory() as name:
        store, folder = Path(name, "store"), Path(name, "cassettes")
        service, url = _serve("--store", str(store))
        proxy, proxy_url = _serve("--forward", url, "--record", str(folder))
        samples: list[int] = []
        over = threading.Event()

        def sample() -> None:
            while not over.wait(seconds / SAMPLES):
                samples.append(_memory(proxy.pid))

        sampler = threading.Thread(target=sample)
        sampler.start()
        port = int(proxy_url.rpartition(":")[2])
        # Ten items per request, since the proxy would give advice on single ones.
        tally = hammer(("127.0.0.1", port), put(10), connections=CONNECTIONS, seconds=seconds)
        over.set()
        sampler.join()
        # A kill loses no acknowledged exchange, so the journal is counted.
        proxy.kill()
        proxy.communicate()
        _end(service)
        (journal,) = folder.glob("*.jsonl")
        with journal.open("rb") as file:
            recorded = sum("request" in json.loads(line) for line in file)
    memory = [
        f"{value / 1e6:.1f} MB" for value in (samples[0], samples[len(samples) // 2], samples[-1])
    ]
    table.rows.append(
        [f"{tally.a_second:,.0f}", f"{len(tally.acknowledged):,}", f"{recorded:,}", *memory]
    )
    yield table
