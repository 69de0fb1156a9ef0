"""Recordings in separate processes, to be killed, starved and raced."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from helpers.command import environment

# It reports each answer in one write before it goes on, and waits at the gate at the end.
CATALOGUE = """
import json, os

import boto3
import pytest

ACTIVE = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"
SAYS, GATE = (int(os.environ.get(name, -1)) for name in ("SAYS", "GATE"))


@pytest.mark.personalize_contract
@pytest.mark.parametrize("part", range(int(os.environ["PARTS"])))
def test_catalogue(part):
    client = boto3.client("personalize-events")
    for number in range(int(os.environ["CALLS"])):
        item = {"itemId": f"new-{number}", "properties": json.dumps({"part": part})}
        client.put_items(datasetArn=ACTIVE, items=[item] * 10)
        if SAYS >= 0:
            os.write(SAYS, b"new-%d\\n" % number)
    if GATE >= 0:
        os.read(GATE, 1)
"""

MODULE = "test_catalogue"


def prepare(folder: Path) -> Path:
    """Write the module into a folder; return the path of its first test's cassette."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{MODULE}.py").write_text(CATALOGUE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder / "cassettes" / MODULE / "test_catalogue[0].personalize.yaml"


def start(
    folder: Path, *arguments: str, descriptors: Collection[int] = (), **env: object
) -> subprocess.Popen[str]:
    """Start a recording in another process, with these environment variables."""
    record = ["--personalize-record", "reference", *arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{MODULE}.py", *record],
        cwd=folder,
        env=environment(
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            PYTEST_PLUGINS="personalize_contract.plugin",
            **{name: str(value) for name, value in env.items()},
        ),
        pass_fds=descriptors,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def recording(folder: Path, calls: int) -> Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]:
    """Start a recording; yields the process, its reported answers, and the gate to close."""
    reported, reports = os.pipe()
    gate, opens = os.pipe()
    descriptors = {"SAYS": reports, "GATE": gate}
    with (
        os.fdopen(reported) as answers,
        os.fdopen(opens, "w") as opener,
        start(folder, descriptors=(reports, gate), CALLS=calls, PARTS=1, **descriptors) as process,
    ):
        os.close(reports)
        os.close(gate)
        yield process, answers, opener
