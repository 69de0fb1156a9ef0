"""Only regular files are read and written: no pipes, devices, endless files, or links out."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.exchanges import exchange, put
from personalize_contract import cli
from personalize_contract.cassette import files, journal, loader, recording, recovery
from personalize_contract.cassette.recording import Recording
from personalize_contract.errors import CassetteError
from personalize_contract.model.provenance import Provenance

WHO = Provenance("reference", "2026-11-23T20:16:42Z", "us-east-1")
ONE = exchange(put({"price": 1}))
OUTSIDE = b"what lies elsewhere\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "cassettes").mkdir()
    return tmp_path / "cassettes" / "it.personalize.yaml"


def linked(path: Path) -> None:
    elsewhere = path.parents[1] / "elsewhere"
    elsewhere.write_bytes(OUTSIDE)
    path.symlink_to(elsewhere)


def bound(path: Path) -> None:
    working_directory = Path.cwd()
    os.chdir(path.parent)  # a socket's path has a maximum length
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.chdir(working_directory)


ODD: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a device that blocks": lambda path: path.symlink_to("/dev/tty"),
    "a folder": Path.mkdir,
    "a socket": bound,
    "a link": linked,
    "a link that leads nowhere": lambda path: path.symlink_to(path.with_name("nowhere")),
    "a link to itself": lambda path: path.symlink_to(path.name),
}
READ = [odd for odd in ODD if odd not in ("a link", "a link that leads nowhere")]
PLACES: dict[str, Callable[[Path], Path]] = {
    "the cassette": lambda path: path,
    "its journal": journal.path_for,
    "its temporary file": lambda path: path.with_name(f".{path.name}.tmp"),
}


def record(path: Path) -> None:
    with Recording(path, WHO) as recorder:
        recorder.append(ONE)
        recorder.save()


@pytest.fixture(autouse=True)
def nothing_elsewhere_is_touched(tmp_path: Path) -> Iterator[None]:
    yield
    if (elsewhere := tmp_path / "elsewhere").exists():
        assert elsewhere.read_bytes() == OUTSIDE
    assert not (tmp_path / "cassettes" / "nowhere").exists()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("odd", ODD)
def test_nothing_is_recorded_into_an_irregular_file(odd: str, place: str, path: Path) -> None:
    ODD[odd](PLACES[place](path))
    before = os.lstat(PLACES[place](path))
    with pytest.raises(CassetteError) as raised:
        record(path)
    assert len(str(raised.value).splitlines()) == 1
    after = os.lstat(PLACES[place](path))
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


@pytest.mark.parametrize("odd", READ)
def test_nothing_is_read_from_an_irregular_file(
    odd: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ODD[odd](path)
    with pytest.raises(CassetteError):
        loader.load(path)
    status = cli.main(["lint", str(path.parent)])
    assert status == 2 if odd == "a folder" else status == 1
    left = journal.path_for(path)
    ODD[odd](left)
    outcome = recovery.recover(left)
    assert not outcome.done
    assert "nothing was done" in outcome.text
    assert "Traceback" not in capsys.readouterr().err


def test_a_link_to_a_cassette_is_read(path: Path) -> None:
    recording.write(path, WHO, [ONE])
    link = path.with_name("link.personalize.yaml")
    link.symlink_to(path)
    assert loader.load(link).exchanges == (ONE,)


def test_a_half_written_leftover_of_a_kill_blocks_nothing(path: Path) -> None:
    PLACES["its temporary file"](path).write_text("half")
    recording.write(path, WHO, [ONE])
    assert loader.load(path).exchanges == (ONE,)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_only_the_head_of_an_endless_yaml_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_bytes(b"a: b\n")
    os.truncate(tmp_path / "long.yaml", 1 << 40)  # a sparse file takes no space on the disk
    assert cli.main(["lint", str(tmp_path)]) == 2


# --- fake file systems


def test_patches_of_the_standard_library_affect_no_cassette(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: object, **named: object) -> None:
        raise AssertionError(f"called with {arguments}")

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", refused)
        patch.setattr("io.open", refused)
        patch.setattr("fcntl.flock", refused)
        for name in ("open", "mkdir", "replace", "unlink", "rename", "listdir", "stat", "lstat"):
            patch.setattr(f"os.{name}", refused)
        record(path)
        exchanges = loader.load(path).exchanges
    assert exchanges == (ONE,)


def test_functions_patched_from_the_start_are_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files._real, "is_fake", True)
    with pytest.raises(CassetteError, match="imported while a fake file"):
        Recording(path, WHO)


def test_a_folder_is_created_with_its_parents() -> None:
    with tempfile.TemporaryDirectory() as folder:
        files.make_folder(Path(folder, "a", "b", "c"))
        files.make_folder(Path(folder, "a", "b", "c"))
        assert Path(folder, "a", "b", "c").is_dir()
