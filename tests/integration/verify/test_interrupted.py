"""Ctrl-C: exit status 130, and no file is left half-written."""

import itertools
import json
import signal
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from adversary.listening import served
from adversary.service import Answer, Sent, right
from helpers import groups
from helpers.command import COMMAND, DATASETS, environment
from personalize_contract.cassette.recording import Recording
from personalize_contract.model.provenance import Provenance


@pytest.mark.parametrize("at", [1, 20])
def test_interrupted_recording_leaves_whole_cassettes_or_none(at: int, tmp_path: Path) -> None:
    requested, go_on = threading.Event(), threading.Event()
    number = itertools.count(1)

    def wait(sent: Sent, usual: Answer) -> Answer:
        if next(number) == at:
            requested.set()
            go_on.wait(30)
        return usual

    cassettes = tmp_path / "recordings"
    report = tmp_path / "report.json"
    with served(replace(right(), around=wait)) as url:
        process = subprocess.Popen(
            [
                *(*COMMAND, "verify", "--record", "--target", "live", "--target", "recorded"),
                *("--endpoint-url", url, *DATASETS),
                *("--report", str(report), "--cassettes", str(cassettes)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(TMPDIR=str(tmp_path / "temporary")),
        )
        (tmp_path / "temporary").mkdir()
        assert requested.wait(60)
        process.send_signal(signal.SIGINT)
        go_on.set()
        stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 130, stderr
    assert stderr.splitlines()[-1] == "personalize-contract: interrupted"
    assert "Traceback" not in stdout + stderr
    assert json.loads(report.read_text())["partial"] == "it was interrupted"
    left = [path for path in cassettes.rglob("*") if path.is_file()]
    assert {path.suffixes[-2:] == [".personalize", ".yaml"] for path in left} <= {True}
    assert len(groups.scenarios(cassettes)) in (at - 1, at)


def test_interrupt_before_the_first_recording_leaves_nothing(tmp_path: Path) -> None:
    requested, go_on = threading.Event(), threading.Event()

    def wait(sent: Sent, usual: Answer) -> Answer:
        requested.set()
        go_on.wait(30)
        return usual

    with served(replace(right(), around=wait)) as url:
        process = subprocess.Popen(
            [*COMMAND, "verify", "--target", "live", "--endpoint-url", url, *DATASETS],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(),
        )
        assert requested.wait(60)
        process.send_signal(signal.SIGINT)
        go_on.set()
        stdout, _ = process.communicate(timeout=60)

    assert (process.returncode, stdout) == (130, "")
    assert list(tmp_path.iterdir()) == []


def test_interrupted_recording_stays_unlocked(tmp_path: Path) -> None:
    """The next run can record into the same folder at once."""
    path = tmp_path / "one.personalize.yaml"
    with pytest.raises(KeyboardInterrupt), Recording(path, Provenance("reference")):
        raise KeyboardInterrupt
    with Recording(path, Provenance("reference")) as again:
        assert again.save()
    assert [file.name for file in tmp_path.iterdir()] == ["one.personalize.yaml"]
