"""Replay: no socket is opened, and no changed byte of a recorded answer goes unnoticed."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers import groups
from helpers.command import environment, run, run_process
from personalize_contract.errors import CassetteError
from personalize_contract.model.contract import load
from personalize_contract.settings import Settings
from personalize_contract.suite import shipped
from personalize_contract.suite.evidence import Evidence
from personalize_contract.suite.run import opened
from personalize_contract.suite.tables.scenarios import SCENARIOS

# A copy of the shipped recordings is not excused for lacking those that are too large to ship.
ALLOWED = (
    "--allow-not-reached=request.items.max-members",
    "--allow-not-reached=request.properties.max-length",
    "--allow-not-reached=response.success.status",
)

NO_SOCKETS = """
import _socket, os, socket, sys

class Refused:
    def __init__(self, *_, **__):
        by = sys._getframe(1).f_code.co_name
        # urllib3 looks, where it is imported, whether the machine has IPv6.
        if by != "_has_ipv6":
            os.write(2, f"{by} asked for a socket\\n".encode())
            os._exit(99)
        raise OSError("refused")

socket.socket = socket.socketpair = socket.create_connection = socket.getaddrinfo = Refused
_socket.socket = _socket.getaddrinfo = Refused
"""
"""A module that Python imports at start-up and that blocks every socket."""


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    shutil.copytree(shipped.cassettes() / "PutItems", tmp_path / "PutItems")
    return tmp_path


def test_replay_opens_no_socket(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_SOCKETS)
    env = environment(PYTHONPATH=str(tmp_path))

    done = run_process("verify", "--target=recorded", env=env)
    asking = run_process("verify", "--target=reference", env=env)

    assert done.returncode == 0, done.stderr
    assert "PutItems: 31 of 32 clauses hold on recorded, 1 was not reached. " in done.stdout
    assert (asking.returncode, asking.stderr[-19:]) == (99, "asked for a socket\n")


def evidence_of(folder: Path, *names: str) -> Evidence:
    """Return the evidence of the recordings of some scenarios."""
    with opened(Settings(cassettes=folder)) as tried:
        outcomes = [
            tried.outcome(scenario) for scenario in SCENARIOS["PutItems"] if scenario.id in names
        ]
    assert len(outcomes) == len(names)
    return Evidence(load("PutItems"), {"recorded": outcomes})


def statuses(evidence: Evidence) -> set[str]:
    """Return the statuses of the clauses of these recordings."""
    cells = [evidence.cells[clause.id, "recorded"] for clause in load("PutItems").clauses.values()]
    return {cell.status for cell in cells if cell.why != "no scenario reached it"}


def each_byte(text: str) -> Iterator[tuple[int, str]]:
    """Yield the text with each of its characters changed, one at a time."""
    for at, letter in enumerate(text):
        if not letter.isspace():
            yield at, text[:at] + ("0" if letter != "0" else "1") + text[at + 1 :]


def change(folder: Path, scenario: str, old: str, new: str) -> None:
    def edit(text: str) -> str:
        assert text.count(old) == 1
        return text.replace(old, new)

    groups.change(folder, scenario, edit)


# The parts of a recorded answer, each with its pattern.
PARTS = {
    "status": r"code: (\d+)",
    "reason": r"message: (.+)",
    "error type": r"x-amzn-errortype:\n      - (.+)",
    "request id": r"x-amzn-requestid:\n      - (.+)",
    "body": r"string: (.+)",
    "digest": r"digest: (.+)",
}


@pytest.mark.parametrize("part", PARTS)
def test_every_changed_byte_is_noticed(part: str, recordings: Path) -> None:
    path = groups.file(recordings, "missing")
    good = path.read_text("utf-8")
    assert statuses(evidence_of(recordings, "missing")) == {"holds"}
    # The first in its file.
    assert next(iter(groups.texts(path))) == "missing"
    match = re.search(PARTS[part], good[good.index("interactions:") :])
    assert match
    start, end = (position + good.index("interactions:") for position in match.span(1))

    changed = 0
    for at, text in each_byte(good[start:end]):
        path.write_text(good[:start] + text + good[end:], "utf-8")
        changed += 1
        try:
            evidence = evidence_of(recordings, "missing")
        except CassetteError:
            continue
        assert evidence.exit_status() != 0, f"byte {at} of the {part}"
        assert "holds" not in statuses(evidence), f"byte {at} of the {part}"
    assert changed >= 3


@pytest.mark.parametrize(
    ("scenario", "old", "new", "clause"),
    [
        ("missing", "code: 404", "code: 400", "error.not-found.status"),
        (
            "missing",
            "- ResourceNotFoundException",
            "- UnknownOperationException",
            "error.not-found.code",
        ),
        ("missing", '{"message": ', '{"massage": ', "error.message"),
        ("items-11", "code: 400", "code: 200", "request.items.max-members"),
        ("items-10", "code: 200", "code: 400", "request.items.max-members"),
        ("success", "string: ''", "string: ' '", "response.success.empty-body"),
        ("success", "code: 200", "code: 204", "response.success.status"),
    ],
)
def test_changed_answer_breaks_its_clause(
    scenario: str, old: str, new: str, clause: str, recordings: Path
) -> None:
    change(recordings, scenario, old, new)

    evidence = evidence_of(recordings, scenario)

    assert evidence.cells[clause, "recorded"].status == "broken"
    assert evidence.exit_status() == 1


def test_command_fails_with_a_changed_answer(recordings: Path) -> None:
    change(recordings, "items-11", "code: 400", "code: 200")

    done = run("verify", "--target=recorded", f"--cassettes={recordings}", "-kitems-11")

    assert done.returncode == 1, done.stderr
    assert "request.items.max-members broken on recorded" in done.stdout
    assert "(its recording was edited after it was made" in done.stdout


def test_missing_recording_is_not_reached(recordings: Path) -> None:
    groups.remove(recordings, "items-11")

    done = run("verify", "--target=recorded", f"--cassettes={recordings}", "-kitems-11")

    assert done.returncode == 3, done.stderr
    assert "request.items.max-members not reached on recorded" in done.stdout
    assert "request.items.personalize.yaml: items-11 is not recorded in it" in done.stdout
    assert "`verify --record` records it" in done.stdout


def test_recording_of_another_request_is_not_reached(recordings: Path) -> None:
    change(recordings, "items-1", "contract-1", "contract-2")

    evidence = evidence_of(recordings, "items-1")

    assert statuses(evidence) == {"not reached"}
    assert evidence.exit_status() != 0


def test_surplus_recording_changes_nothing(recordings: Path) -> None:
    path = groups.file(recordings, "items-11")
    text = path.read_text("utf-8")
    more = groups.texts(path)["items-11"].replace("items-11", "items-13")
    path.write_text(text.replace("version: 1", f"{more}version: 1"), "utf-8")

    done = run("verify", "--target", "recorded", "--cassettes", recordings, *ALLOWED)

    assert done.returncode == 0, done.stdout


def test_provenance_of_a_recording_is_reported(recordings: Path) -> None:
    for path in (recordings / "PutItems").iterdir():
        text = path.read_text("utf-8")
        path.write_text(text.replace("answered_by: reference", "answered_by: aws"), "utf-8")

    done = run("verify", "--target=recorded", f"--cassettes={recordings}", "-kitems-11")

    assert done.returncode == 0
    assert re.search(r"answered by +aws *\n", done.stdout)
    assert "AWS itself answered" in done.stdout


def test_recordings_hold_only_the_dummy_account() -> None:
    texts = [path.read_text("utf-8") for path in shipped.cassettes().rglob("*.yaml")]
    accounts = {
        account
        for text in texts
        for account in re.findall(r"arn:[a-z-]*:personalize:[^:]*:(\d*)", text)
    }

    # One scenario is about an empty field.
    assert accounts == {"000000000000", ""}


def test_new_recordings_equal_the_shipped_ones(tmp_path: Path) -> None:
    done = run(
        *("verify", "--record", "--target", "reference", "--target", "recorded"),
        *("--cassettes", tmp_path),
    )

    def answers(folder: Path) -> dict[str, list[str]]:
        # Ids and dates differ, and with them the digests.
        differs = re.compile(r"recorded_at|digest|sdk|service_model|'?[0-9a-f]{8}-[0-9a-f]{4}-")
        return {
            path.name: [
                line for line in path.read_text("utf-8").splitlines() if not differs.search(line)
            ]
            for path in sorted((folder / "PutItems").iterdir())
            if path.name != "large.personalize.yaml"
        }

    assert done.returncode == 0, done.stderr
    assert answers(tmp_path) == answers(shipped.cassettes())
    assert "answered by" in done.stdout
