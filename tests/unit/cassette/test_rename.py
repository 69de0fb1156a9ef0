"""`rename` moves a cassette to another test, and changes nothing else in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpers.command import run
from personalize_contract.cassette import journal, loader, recording
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.provenance import Provenance

OLD, NEW = "test_old.personalize.yaml", "unit/test_new.personalize.yaml"
TEST = "unit/test_shop.py::TestShop::test_it[a: b]"
BODY = b"recorded_for: x\n  recorded_for: y\n- scenario: z\n"
EXCHANGE = Exchange(
    Request("POST", "https://personalize-events.us-east-1.amazonaws.com/items", {}, BODY),
    Response(200, "OK", {"content-type": "application/json"}, "tée".encode()),
    "aws",
)
HEAD = "personalize_contract:\n  format: 1\n  answered_by: aws\n"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / OLD
    recording.write(path, Provenance("aws", recorded_for="test_shop.py::test_old"), [EXCHANGE] * 2)
    return path


def rename(folder: Path, new: str = NEW, test: str = TEST) -> tuple[int, str]:
    done = run("rename", OLD, new, test, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def test_only_the_line_with_the_test_id_changes(old: Path, tmp_path: Path) -> None:
    before = old.read_bytes()
    assert rename(tmp_path) == (0, f"{OLD} is now {NEW}, the cassette of {TEST}\n")

    assert (tmp_path / NEW).read_bytes() == before.replace(
        b"recorded_for: 'test_shop.py::test_old'\n", f"recorded_for: '{TEST}'\n".encode(), 1
    )
    assert loader.recorded_for(tmp_path / NEW) == TEST
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {Path(NEW).name}  # and no journal is left


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("format: 1", "# by hand\n  format: 1"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("'test_shop.py::test_old'", '"test_shop.py::test_old" # old'),
        lambda text: text.replace("  digest", "  comment: tea\n  digest"),
    ],
    ids=["comment", "crlf", "comment of the line", "member"],
)
def test_edits_by_hand_are_preserved(old: Path, tmp_path: Path, edit: object) -> None:
    assert callable(edit)
    text = edit(old.read_bytes().decode())
    old.write_bytes(text.encode())
    assert rename(tmp_path)[0] == 0
    lines = (tmp_path / NEW).read_bytes().decode().split("\n")
    others = [line for line in lines if not line.startswith("  recorded_for:")]
    assert others == [line for line in text.split("\n") if not line.startswith("  recorded_for:")]
    assert loader.load(tmp_path / NEW).provenance.recorded_for == TEST


def test_cassette_without_a_test_id_is_only_moved(old: Path, tmp_path: Path) -> None:
    text = re.sub("personalize_contract:\n(  .*\n)+", "", old.read_text("utf-8"))
    old.write_text(text, "utf-8")
    assert rename(tmp_path)[0] == 0
    assert (tmp_path / NEW).read_text("utf-8") == text


def test_sharing_tests_move_with_their_module(tmp_path: Path) -> None:
    tests = ["test_shop.py::test_a", "test_other.py::test_b"]
    who = Provenance("aws", recorded_for="test_shop.py::cassette=seed")
    recording.write(tmp_path / OLD, who, [EXCHANGE] * 2, tests)
    assert rename(tmp_path, test="unit/test_store.py::cassette=start")[0] == 0
    moved = loader.load(tmp_path / NEW)
    assert moved.provenance.recorded_for == "unit/test_store.py::cassette=start"
    assert [origin.recorded_for for origin in moved.origins] == [
        "unit/test_store.py::test_a",
        "test_other.py::test_b",
    ]


@pytest.mark.parametrize(
    ("new", "test", "problem"),
    [
        ("there.personalize.yaml", TEST, "there.personalize.yaml: a file already exists"),
        ("link.personalize.yaml", TEST, "link.personalize.yaml: a file already exists"),
        (OLD, TEST, f"{OLD}: the cassette is there already; name another path"),
        (
            "test_new.yaml",
            TEST,
            "test_new.yaml: not the name of a cassette; it must end in .personalize.yaml",
        ),
        (NEW, "test_it", "'test_it' is not the node id of a test"),
    ],
)
def test_invalid_renames_are_refused(
    old: Path, tmp_path: Path, new: str, test: str, problem: str
) -> None:
    (tmp_path / "there.personalize.yaml").write_text("theirs")
    (tmp_path / "link.personalize.yaml").symlink_to("nowhere")
    before = old.read_bytes()
    status, shown = rename(tmp_path, new, test)
    assert status == 2
    assert problem in shown
    assert old.read_bytes() == before
    assert (tmp_path / "there.personalize.yaml").read_text() == "theirs"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no such file"),
        ("tea", "not a cassette"),
        (
            f"{HEAD}  recorded_for:\n    a.py::test\ninteractions: []\nversion: 1\n",
            "it was edited by hand, so its `recorded_for` can't be updated",
        ),
    ],
    ids=["missing", "bad", "odd"],
)
def test_unrewritable_cassette_stays_in_place(
    tmp_path: Path, content: str | None, problem: str
) -> None:
    if content:
        (tmp_path / OLD).write_text(content)
    status, shown = rename(tmp_path)
    assert status == 2
    assert problem in shown
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert left == ([OLD] if content else [])
    if content:
        assert (tmp_path / OLD).read_text() == content


@pytest.mark.parametrize("name", [OLD, NEW])
def test_cassette_being_recorded_is_not_moved(old: Path, tmp_path: Path, name: str) -> None:
    with recording.Recording(
        tmp_path / name, Provenance("aws", recorded_for="test_shop.py::test_old")
    ):
        status, shown = rename(tmp_path)
    assert status == 2
    assert "another process or test is recording it" in shown
    assert old.exists()


def test_an_unrecovered_journal_prevents_the_rename(old: Path, tmp_path: Path) -> None:
    left = journal.Journal(old, Provenance("aws"))
    left.append(EXCHANGE, "")
    left.close(keep=True)
    status, shown = rename(tmp_path)
    assert status == 2
    assert "run `personalize-contract recover` on it" in shown
    assert old.exists()
    assert [*tmp_path.glob("*.partial.jsonl")]
