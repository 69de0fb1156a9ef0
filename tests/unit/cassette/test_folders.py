"""`lint` and `recover` check every file that a replay reads, and report empty paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.exchanges import exchange, put
from personalize_contract import cli
from personalize_contract.cassette import folders, journal, recording
from personalize_contract.cassette.recording import Recording
from personalize_contract.model.provenance import Provenance

WHO = Provenance("reference", "2026-11-23T20:16:42Z", "us-east-1")
ONE = exchange(put({"price": 1}))


def cassettes_in(folder: Path) -> list[str]:
    cassettes = folders.files_in([folder], folders.is_cassette)
    return [str(path.relative_to(folder)) for path in cassettes]


def test_links_are_followed_and_cycles_end(tmp_path: Path) -> None:
    recording.write(tmp_path / "shared" / "it.personalize.yaml", WHO, [ONE])
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    (project / "tests" / "cassettes").symlink_to(tmp_path / "shared")
    (project / "tests" / "up").symlink_to(project)
    (project / "tests" / "self").symlink_to("self")
    (project / "one.personalize.yaml").symlink_to(tmp_path / "shared" / "it.personalize.yaml")
    (project / "none.personalize.yaml").symlink_to("nowhere")
    assert cassettes_in(project) == [
        "none.personalize.yaml",
        "one.personalize.yaml",
        "tests/cassettes/it.personalize.yaml",
    ]


def test_a_journal_in_a_linked_folder_is_recovered(tmp_path: Path) -> None:
    path = tmp_path / "shared" / "it.personalize.yaml"
    recorder = Recording(path, WHO)
    recorder.append(ONE)
    recorder.leave()
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "cassettes").symlink_to(tmp_path / "shared")
    assert cli.main(["recover", str(tmp_path / "project")]) == 0
    assert path.exists()
    assert not journal.path_for(path).exists()


def test_each_path_without_a_cassette_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording.write(tmp_path / "a" / "it.personalize.yaml", WHO, [ONE])
    (tmp_path / "b").mkdir()
    assert cli.main(["lint", str(tmp_path / "a")]) == 0
    assert cli.main(["lint", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert f"{tmp_path / 'b'}: no cassette" in capsys.readouterr().err


def test_a_dangling_link_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "it.personalize.yaml").symlink_to("nowhere")
    assert cli.main(["lint", str(tmp_path)]) == 1
    assert "no such file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("test_ids[UX]", "test_ids[ux]"),
        ("test_stra\u00dfe", "test_strasse"),
        ("test_caf\u00e9", "test_cafe\u0301"),
    ],
)
def test_names_that_differ_in_case_only_are_a_finding(
    one: str, other: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording.write(tmp_path / "a" / f"{one}.personalize.yaml", WHO, [ONE])
    recording.write(tmp_path / "b" / f"{other}.personalize.yaml", WHO, [ONE])
    assert cli.main(["lint", str(tmp_path)]) == 0
    recording.write(tmp_path / "a" / f"{other}.personalize.yaml", WHO, [ONE])
    assert cli.main(["lint", str(tmp_path)]) == 1
    output = capsys.readouterr().out
    assert "fold case (macOS, Windows) can't tell it from " in output
