"""`recover` turns the journals of killed recordings into cassettes, unless a better one exists."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.exchanges import exchange, put
from personalize_contract import cli
from personalize_contract.cassette import journal, loader
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.shared import Part, SharedRecording
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance

WHO = Provenance("reference", "2026-11-23T20:16:42Z", "us-east-1")
SOME = [exchange(put({"price": number})) for number in range(3)]


def left(path: Path, *exchanges: Exchange, who: Provenance = WHO) -> Path:
    """Return the journal of a killed recording."""
    recording = Recording(path, who)
    for answered in exchanges:
        recording.append(answered)
    recording.leave()
    return journal.path_for(path)


def recorded(path: Path, *exchanges: Exchange, who: Provenance = WHO) -> bytes:
    recording = Recording(path, who)
    for answered in exchanges:
        recording.append(answered)
    recording.save()
    return path.read_bytes()


class Run:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        status = cli.main([*map(str, arguments)])
        return subprocess.CompletedProcess(arguments, status, *self._capsys.readouterr())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "test_it.personalize.yaml"


def test_a_journal_becomes_its_cassette(
    run: Run, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = recorded(path, *SOME)
    path.unlink()
    left(path, *SOME)
    done = run("recover")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "cassettes/test_it.personalize.yaml.partial.jsonl: "
        "3 exchanges, answered by reference, now in test_it.personalize.yaml\n"
    )
    assert path.read_bytes() == whole
    assert list(path.parent.iterdir()) == [path]


def test_a_truncated_last_line_is_ignored(run: Run, path: Path, tmp_path: Path) -> None:
    torn = left(path, *SOME)
    torn.write_bytes(torn.read_bytes()[:-10])
    assert run("recover", torn).returncode == 0
    assert [*loader.load(path).exchanges] == SOME[:2]


def test_a_journal_without_an_exchange_is_removed(run: Run, path: Path) -> None:
    empty = left(path)
    done = run("recover", empty)
    assert done.returncode == 0
    assert "nothing was recorded in it, so it was removed" in done.stdout
    assert list(path.parent.iterdir()) == []


def test_no_journal_is_reported(run: Run, tmp_path: Path) -> None:
    done = run("recover", tmp_path)
    assert (done.returncode, done.stdout) == (0, "found no journal of a killed recording\n")


def test_journals_are_found_except_in_hidden_folders(run: Run, tmp_path: Path) -> None:
    for name in ("a/one", "a/b/two", ".venv/three"):
        left(tmp_path / f"{name}.personalize.yaml", SOME[0])
    assert run("recover", tmp_path).returncode == 0
    file_names = sorted(path.name for path in tmp_path.rglob("*.yaml*"))
    assert file_names == [
        "one.personalize.yaml",
        "three.personalize.yaml.partial.jsonl",
        "two.personalize.yaml",
    ]


def test_a_recording_in_progress_is_left_alone(run: Run, path: Path, tmp_path: Path) -> None:
    with Recording(path, WHO) as recording:
        recording.append(SOME[0])
        done = run("recover", tmp_path)
        assert done.returncode == 2
        assert "its recording is still under way; nothing was done" in done.stdout
        recording.append(SOME[1])
        recording.save()
    assert [*loader.load(path).exchanges] == SOME[:2]


BETTER: dict[str, tuple[Callable[[Path], object], str]] = {
    "of higher provenance": (
        lambda path: recorded(path, SOME[0], who=Provenance("aws")),
        "was answered by aws, this one by reference",
    ),
    "with more exchanges": (
        lambda path: recorded(path, *SOME, *SOME),
        "has 6 exchanges, this one 3",
    ),
    "that cannot be read": (lambda path: path.write_text("tea"), "can't be read"),
}


@pytest.mark.parametrize("case", BETTER)
def test_a_better_cassette_is_not_replaced(run: Run, case: str, path: Path) -> None:
    make, why = BETTER[case]
    path.parent.mkdir()
    make(path)
    better_cassette, journal_left = path.read_bytes(), left(path, *SOME)
    done = run("recover", journal_left)
    assert done.returncode == 2
    assert why in done.stdout
    assert "delete test_it.personalize.yaml to recover this one instead" in done.stdout
    assert path.read_bytes() == better_cassette
    assert journal_left.exists()


def test_a_cassette_of_weaker_provenance_is_replaced(run: Run, path: Path) -> None:
    recorded(path, SOME[0])
    assert run("recover", left(path, SOME[1], who=Provenance("aws"))).returncode == 0
    assert loader.load(path).provenance.answered_by == "aws"


def test_the_last_recording_that_is_no_shorter_wins(run: Run, path: Path, tmp_path: Path) -> None:
    left(path, *SOME[:2])
    left(path, *SOME)
    left(path, SOME[0])
    done = run("recover", tmp_path)
    assert done.returncode == 2
    assert [*loader.load(path).exchanges] == SOME
    assert [file.name for file in path.parent.iterdir() if file != path] == [
        "test_it.personalize.yaml.partial.jsonl"
    ]


BROKEN = {
    "not JSON": b"tea\n",
    "not an object": b"[]\n",
    "another object": b"{}\n",
    "without a call": json.dumps({"request": [], "response": []}).encode() + b"\n",
    "deep": b"[" * 100_000 + b"\n",
    "not UTF-8": b"\xff\xfe\n",
    "an invalid provenance": json.dumps({"provenance": {"answered_by": "me"}}).encode() + b"\n",
    "of a later version": json.dumps({"provenance": {"who": "me"}}).encode() + b"\n",
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_invalid_line_is_reported_with_its_number(run: Run, case: str, path: Path) -> None:
    broken = left(path, *SOME)
    broken.write_bytes(broken.read_bytes() + BROKEN[case])
    before = broken.read_bytes()
    done = run("recover", broken)
    assert (done.returncode, done.stderr) == (2, "")
    assert (
        "line 5: not a journal entry; remove this line to keep the others; nothing" in done.stdout
    )
    assert broken.read_bytes() == before
    assert not path.exists()


def test_a_secret_in_a_journal_is_not_written(run: Run, path: Path) -> None:
    journal_left = left(path, exchange(b'{"a": "AKIAIOSFODNN7EXAMPLE"}'))
    done = run("recover", journal_left)
    assert done.returncode == 2
    assert "an AWS access key id is in the request body, so nothing was written" in done.stdout
    assert "AKIA" not in done.stdout
    assert not path.exists()


@pytest.mark.parametrize("name", ["none", "other.txt"])
def test_a_file_that_is_not_a_journal_is_refused(run: Run, name: str, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("")
    done = run("recover", tmp_path / name)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(tmp_path / name) in done.stderr


def test_a_shared_recording_is_recovered_without_its_failed_parts(path: Path, run: Run) -> None:
    whole = SharedRecording(path, replace(WHO, recorded_for="m.py::cassette=seed"))
    with Part(whole, "m.py::a") as failed:
        failed.append(SOME[0])
    with Part(whole, "m.py::a") as part:
        part.append(SOME[1])
        part.save()
    Part(whole, "m.py::b").append(SOME[2])  # killed
    whole.leave()
    assert "2 exchanges, answered by reference" in run("recover", path.parent).stdout
    cassette = loader.load(path)
    assert [each.request for each in cassette.exchanges] == [each.request for each in SOME[1:]]
    assert [origin.recorded_for for origin in cassette.origins] == ["m.py::a", "m.py::b"]
    assert cassette.provenance.recorded_for == "m.py::cassette=seed"
