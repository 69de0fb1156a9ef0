"""A marked run: the cost of the mark in a pytest run of tests that call put_items."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import Round, Table, medians, seconds, times

ROUNDS = 12
"""Number of runs of each subject."""

PUTS = 3
"""Number of put_items calls in each test."""

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "personalize-contract",
    "AWS_SECRET_ACCESS_KEY": "personalize-contract-no-secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONDONTWRITEBYTECODE": "",
}

_CLIENTS = {"test": "client()", "module": "CLIENT"}
"""The expression for a test's client, by the client's lifetime."""

_HEAD = """
import boto3
import pytest
from botocore.awsrequest import AWSResponse

ARN = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"


class Body(bytes):
    def stream(self):
        yield b""


def answer(request, **_):
    return AWSResponse(request.url, 200, {}, Body())


def client():
    events = boto3.client("personalize-events")
    if STUBBED:
        events.meta.events.register("before-send.personalize-events.PutItems", answer)
    return events


def put(client, number):
    for call in range(PUTS):
        items = [
            {"itemId": f"tea-{number}-{call}-{item}", "properties": '{"category": "tea"}'}
            for item in range(10)
        ]
        client.put_items(datasetArn=ARN, items=items)
"""


def _module(count: int, life: str, *, stubbed: bool) -> str:
    mark = "" if stubbed else "pytestmark = pytest.mark.personalize_contract\n"
    head = f"STUBBED, PUTS = {stubbed}, {PUTS}\n{_HEAD}\n{mark}"
    if life == "module":
        head += "CLIENT = client()\n"
    return head + "".join(
        f"\n\ndef test_{number}():\n    put({_CLIENTS[life]}, {number})\n"
        for number in range(count)
    )


def _run(folder: Path, bytecode: Path, *options: str) -> Round:
    """Return a round that runs pytest in this folder, in seconds of CPU time."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "personalize_contract.plugin", *options]
    environment = os.environ | _ENVIRONMENT | {"PYTHONPYCACHEPREFIX": str(bytecode)}

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    return run


def _costs(count: int, life: str, bytecode: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        subjects = {}
        for subject in ("stub", "replay"):
            folder = Path(name, subject)
            folder.mkdir()
            source = _module(count, life, stubbed=subject == "stub")
            (folder / "test_puts.py").write_text(source, "utf-8")
            subjects[subject] = _run(folder, bytecode)
        _run(Path(name, "replay"), bytecode, "--personalize-record=reference")()
        for run in subjects.values():
            run()  # compiles the modules
        return medians(subjects, ROUNDS, bound=60)


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """Yield the table of marked runs, by the number of tests and the client's lifetime."""
    table = Table(
        "Marked runs",
        f"A whole pytest run of tests that put {PUTS} batches of 10 items, in CPU time: replayed "
        "under the mark, and the same tests answered by their own `before-send` handler. "
        "The plugin is installed in both. Medians of alternating runs.",
        ("tests", "a client for each", "stub", "replayed", "more", "more a test"),
    )
    with tempfile.TemporaryDirectory() as bytecode:
        for life in _CLIENTS:
            once = 0.0
            for count in sorted({1, min(200, max(sizes))}):
                cost = _costs(count, life, Path(bytecode))
                more = cost["replay"] - cost["stub"]
                per_test = "" if count == 1 else seconds((more - once) / (count - 1))
                once = more
                ratio = times(cost["replay"], cost["stub"])
                row = (str(count), life, seconds(cost["stub"]), ratio, seconds(more), per_test)
                table.rows.append(row)
    yield table
