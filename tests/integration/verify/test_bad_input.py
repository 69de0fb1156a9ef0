"""A command that can't be done: exit status 2, and one line with the problem and its remedy."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from adversary.listening import reset, served, whole
from adversary.service import right
from helpers.command import ACTIVE, COMMAND, DATASETS, environment, run, run_process
from personalize_contract.suite import shipped

LIVE = ["--target", "live"]
NOWHERE = [*LIVE, "--endpoint-url", "http://127.0.0.1:1", *DATASETS]
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "canary-of-the-credentials"}

# Arguments, and parts of the line: the problem and the remedy.
BAD: dict[str, tuple[list[str], list[str]]] = {
    "an unknown target": (["--target", "tea"], ["'tea'", "recorded", "reference", "live"]),
    "an unknown option": (["--tea"], ["--tea", "--help"]),
    "an unknown operation": (["--operation", "PutTea"], ["'PutTea'", "PutItems"]),
    "an unknown clause": (
        ["--allow-not-reached", "request.items.max-member"],
        ["did you mean", "request.items.max-members"],
    ),
    "a selection of nothing": (["-k", "coffee"], ["no scenario matches -k 'coffee'"]),
    "a selection that is none": (["-k", "and and"], ["Wrong expression passed to '-k'"]),
    "an ARN that is none": (
        [*LIVE, "--dataset", "shop=active"],
        ["'shop' is not a Personalize ARN"],
    ),
    "an ARN without a state": ([*LIVE, "--dataset", ACTIVE], ["ARN=STATE", "in-use"]),
    "an ARN in an unknown state": ([*LIVE, "--dataset", f"{ACTIVE}=asleep"], ["ARN=STATE"]),
    "an endpoint that is no URL": (
        [*LIVE, "--endpoint-url", "localhost:8000", *DATASETS],
        ["localhost:8000", "http://127.0.0.1:8000"],
    ),
    "an endpoint that refuses connections": (NOWHERE, ["http://127.0.0.1:1", "Connection refused"]),
    "an endpoint of no known name": (
        [*LIVE, "--endpoint-url", "http://host.invalid", *DATASETS],
        ["http://host.invalid", "check the region or URL"],
    ),
    "live without a region": ([*LIVE, *DATASETS], ["--region", "AWS_REGION"]),
    "live without credentials": (
        [*LIVE, *DATASETS, "--region", "us-east-1"],
        ["AWS credentials", "AWS_PROFILE"],
    ),
    "live without a dataset": (
        [*LIVE, "--endpoint-url", "http://127.0.0.1:1"],
        ["--dataset ARN=active"],
    ),
    "an option of live": (["--region", "us-east-1"], ["--region is for --target live"]),
    "a dataset without a live target": ([DATASETS[0]], ["--dataset is for --target live"]),
    "recordings that are not there": (
        ["--target", "recorded", "--cassettes", "nowhere"],
        ["nowhere", "no recording of PutItems", "--record"],
    ),
    "recording without a folder": (["--record"], ["--cassettes DIR"]),
    "a recording without a target": (
        ["--record", "--target", "recorded", "--cassettes", "new"],
        ["--record needs a live or reference target"],
    ),
    "recording into a file": (
        ["--record", "--target", "reference", "--cassettes", "file", "-k", "items-11"],
        ["file", "can't be written"],
    ),
    "a report of another kind": (["--report", "report.pdf"], ["report.pdf", ".json", ".xml"]),
    "a report below a file": (
        ["--report", "file/new/report.json"],
        ["--report file/new/report.json: file is not a folder"],
    ),
    "a report that is a folder": (["--report", "folder.json"], ["folder.json", "is a folder"]),
}


def problem_lines(stderr: str) -> list[str]:
    """Return the lines of stderr without those of the progress."""
    return [
        line
        for line in stderr.splitlines()
        if line and not line.endswith(("scenarios", "scenario"))
    ]


@pytest.mark.parametrize(("arguments", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_exits_with_2(
    arguments: list[str], words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.json").mkdir()

    done = run("verify", *arguments, cwd=tmp_path)

    assert done.returncode == 2, done.stdout
    (line,) = problem_lines(done.stderr)
    assert line.startswith("personalize-contract: ")
    assert [word for word in words if word not in line] == []
    assert "Traceback" not in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder.json"}


def test_command_is_required() -> None:
    done = run()

    assert done.returncode == 2
    assert len(problem_lines(done.stderr)) == 1


def _closed_pipe() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two cassettes of the suite."""
    folder = tmp_path_factory.mktemp("recordings")
    record = ("--record", "--target=reference", f"--cassettes={folder}")
    assert run("verify", *record, "-kitems-10 or items-11").returncode == 0
    return folder


@pytest.mark.parametrize(
    ("opened", "reason"),
    [
        (lambda: os.open("/dev/full", os.O_WRONLY), "No space left on device"),
        (_closed_pipe, "Broken pipe"),
    ],
    ids=["a full disk", "a closed pipe"],
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", "--target", "reference", "-k", "post", "--report", "report.html"],
        ["drift", "recordings", "recordings"],
        ["lint", "recordings"],
        ["serve"],
    ],
    ids=lambda command: command[0],
)
def test_unprintable_output_is_reported(
    arguments: list[str],
    opened: Callable[[], int],
    reason: str,
    recordings: Path,
    tmp_path: Path,
) -> None:
    shutil.copytree(recordings, tmp_path / "recordings")
    out = opened()
    done = subprocess.run(
        [*COMMAND, *arguments],
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env=environment(),
        check=False,
    )
    os.close(out)

    assert done.returncode == 2
    (line,) = problem_lines(done.stderr)
    assert line == f"personalize-contract: the output can't be written: {reason}"
    # The report was written nevertheless.
    assert (tmp_path / "report.html").exists() == (arguments[0] == "verify")


def test_unreachable_service_is_reported_once() -> None:
    done = run("verify", *NOWHERE, "-k", "post")

    assert done.stdout.count("Connection refused") == 1


def test_version_is_printed() -> None:
    done = run_process("--version")

    assert (done.returncode, done.stdout) == (
        0,
        f"personalize-contract {version('personalize-contract')}\n",
    )


BROKEN = {
    "cut short": (lambda text: text.encode()[:-11], "truncated"),
    "cut in the middle": (lambda text: text.encode()[: len(text) // 2], ":"),
    "empty": (lambda text: b"", "the file is empty"),
    "not YAML": (lambda text: b"{" + text.encode(), "not YAML"),
    "not UTF-8": (lambda text: text.encode() + b"# \xff\n", "not UTF-8"),
    "not a cassette": (lambda text: b"tea: green\n", "not a cassette"),
    "of a newer format": (
        lambda text: text.replace("format: 1", "format: 2").encode(),
        "upgrade",
    ),
    "with code": (
        lambda text: text.replace("format: 1", "format: !!python/name:os.system").encode(),
        "unsupported tag",
    ),
}


@pytest.mark.parametrize(("change", "reason"), BROKEN.values(), ids=BROKEN)
def test_damaged_recording_is_reported_with_its_line(
    change: object, reason: str, tmp_path: Path
) -> None:
    shutil.copytree(shipped.cassettes() / "PutItems", tmp_path / "PutItems")
    path = tmp_path / "PutItems" / "request.items.personalize.yaml"
    path.write_bytes(change(path.read_text("utf-8")))  # type: ignore[operator]

    done = run("verify", "--target", "recorded", "--cassettes", tmp_path, "-k", "items-10")

    assert done.returncode == 2, done.stdout
    (line,) = problem_lines(done.stderr)
    assert f"{path}" in line
    assert reason in line


def test_messages_hold_no_credentials(tmp_path: Path) -> None:
    done = run("verify", *NOWHERE, "-k", "items", cwd=tmp_path, env=environment(**KEYS))

    assert done.returncode == 2
    assert not [value for value in KEYS.values() if value in done.stdout + done.stderr]


def test_endpoint_without_http_is_reported() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def greet() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.recv(65536)
                connection.sendall(b"220 mail.example.com ESMTP\r\n")
                connection.close()

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        done = run("verify", *LIVE, "--endpoint-url", url, *DATASETS, "-k", "success")
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)

    assert done.returncode == 2, done.stderr
    last = done.stderr.splitlines()[-1]
    assert f"network: {url} does not speak HTTP (" in last
    assert "220 mail.example.com ESMTP" in last
    assert "broken" not in done.stdout


def test_service_that_dies_is_unreachable(tmp_path: Path) -> None:
    with served(right(), lambda sent, answer: reset if sent.number > 4 else whole) as url:
        done = run("verify", *LIVE, "--endpoint-url", url, *DATASETS, "-k", "items")

    assert done.returncode == 2
    (line,) = problem_lines(done.stderr)
    assert "could not be done: network: " in line
    assert "sent no complete response" in line
