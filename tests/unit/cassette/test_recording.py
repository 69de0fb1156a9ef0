"""A recording: the old cassette stays until the new one is complete, and no exchange is lost."""

from __future__ import annotations

import errno
import fcntl
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.command import environment
from helpers.exchanges import exchange, put
from personalize_contract.cassette import files, journal, loader, recovery, writer
from personalize_contract.cassette.recording import Recording
from personalize_contract.errors import CassetteError, CassetteLocked
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance

REFERENCE = Provenance("reference", "2026-11-23T20:16:42Z", "us-east-1")
AWS = Provenance("aws", "2026-11-23T20:16:42Z", "us-east-1")

NEW = [exchange(put({"price": number})) for number in range(5)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "test_shop" / "test_it.personalize.yaml"


@pytest.fixture
def old(path: Path) -> bytes:
    """Write an existing cassette."""
    recorded(path, exchange(put({"price": 99})))
    return path.read_bytes()


def recorded(path: Path, *several: Exchange, who: Provenance = REFERENCE) -> bool:
    recording = Recording(path, who)
    for each in several:
        recording.append(each)
    return recording.save()


def prices(path: Path) -> list[bytes]:
    return [each.request.body for each in loader.load(path).exchanges]


def names(path: Path) -> list[str]:
    """Return the names of all files in the folder of a cassette."""
    return sorted(file.name for file in path.parent.iterdir())


def test_a_recording_replaces_the_cassette_and_leaves_no_other_file(path: Path, old: bytes) -> None:
    recording = Recording(path, REFERENCE)
    for new in NEW:
        recording.append(new)
    assert path.read_bytes() == old
    recording.save()
    assert prices(path) == [new.request.body for new in NEW]
    assert names(path) == [path.name]


def test_an_exchange_is_in_the_journal_when_append_returns(path: Path) -> None:
    with Recording(path, REFERENCE) as recording:
        for number, new in enumerate(NEW, 1):
            recording.append(new, "call")
            (left_behind,) = journal.read(journal.path_for(path))
            assert left_behind.exchanges == [(recorded, "call") for recorded in NEW[:number]]


def test_a_discarded_recording_changes_nothing(path: Path, old: bytes) -> None:
    with Recording(path, REFERENCE) as recording:
        recording.append(NEW[0])
    assert path.read_bytes() == old
    assert names(path) == [path.name]


def test_an_abandoned_recording_can_be_recovered(path: Path, old: bytes) -> None:
    recording = Recording(path, REFERENCE)
    recording.append(NEW[0])
    recording.leave()
    assert path.read_bytes() == old
    assert recovery.recover(journal.path_for(path)).done
    assert prices(path) == [NEW[0].request.body]


def test_the_last_attempt_of_a_call_takes_the_place_of_the_first(path: Path) -> None:
    recording = Recording(path, REFERENCE)
    for status, call in ((500, "a"), (500, "b"), (503, "a"), (200, "a"), (200, "b"), (200, "")):
        recording.append(exchange(put({"call": call}), status), call)
    recording.save()
    exchanges = loader.load(path).exchanges
    assert [(each.request.body, each.response.status) for each in exchanges] == [
        (put({"call": call}), 200) for call in ("a", "b", "")
    ]


@pytest.mark.parametrize("who", [REFERENCE, Provenance("endpoint"), Provenance("unknown")])
def test_a_cassette_of_stronger_provenance_is_kept(path: Path, who: Provenance) -> None:
    recorded(path, NEW[0], who=AWS)
    aws = path.read_bytes()
    assert not recorded(path, *NEW, who=who)
    assert path.read_bytes() == aws
    assert names(path) == [path.name]


def test_an_unreadable_cassette_is_replaced(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("not a cassette")
    assert recorded(path, NEW[0])
    assert prices(path) == [NEW[0].request.body]


def test_the_file_has_default_permissions(path: Path, tmp_path: Path) -> None:
    recorded(path, NEW[0])
    (tmp_path / "other").write_text("")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


# --- a second recorder


def test_a_second_recording_of_a_cassette_is_refused(path: Path) -> None:
    sentence = "another process or test is recording it; record it in only one"
    with Recording(path, REFERENCE) as recording:
        recording.append(NEW[0])
        with pytest.raises(CassetteLocked, match=sentence):
            Recording(path, REFERENCE)
        # By another name for the same file, and from another process.
        script = (
            "import sys; from pathlib import Path;"
            "from personalize_contract.cassette.recording import Recording;"
            "from personalize_contract.model.provenance import Provenance;"
            "Recording(Path(sys.argv[1]), Provenance())"
        )
        odd = path.parent / ".." / path.parent.name / path.name
        other = subprocess.run(
            [sys.executable, "-c", script, odd],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        assert sentence in other.stderr
        recording.save()
    assert prices(path) == [NEW[0].request.body]
    assert recorded(path, *NEW)


def test_two_recordings_do_not_mix_without_file_locks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files._real, "flock", unlocked)
    first, second = Recording(path, REFERENCE), Recording(path, REFERENCE)
    first.append(NEW[0])
    second.append(NEW[1])
    second.save()
    assert prices(path) == [NEW[1].request.body]
    first.append(NEW[2])
    first.save()
    assert prices(path) == [NEW[0].request.body, NEW[2].request.body]


def test_a_recording_can_start_while_another_ends(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = Recording(path, REFERENCE)
    ending.append(NEW[0])
    calls = 0
    flock = fcntl.flock

    def late(*arguments: Any) -> None:
        """Lock the file when it is open already, but after the other recording has removed it."""
        nonlocal calls
        calls += 1
        if calls == 1:
            ending.save()
        flock(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(files._real, "flock", late)
        beginning = Recording(path, REFERENCE)
    beginning.append(NEW[1])
    with pytest.raises(CassetteLocked):
        Recording(path, REFERENCE)
    beginning.save()
    assert prices(path) == [NEW[1].request.body]
    assert names(path) == [path.name]


# --- failures


@contextmanager
def full_disk(left: int) -> Iterator[None]:
    """Limit the size of this process's files to a number of bytes.

    To a writer that looks like a full disk (a partial write, then an error), and it needs no disk,
    mount or permissions.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_reported_before_the_caller_gets_its_response(
    path: Path, old: bytes
) -> None:
    recording = Recording(path, REFERENCE)
    recording.append(NEW[0])
    with full_disk(journal.path_for(path).stat().st_size + 100):
        for _ in range(2):
            with pytest.raises(CassetteError, match="it can't be written: File too large"):
                recording.append(NEW[1])
    recording.append(NEW[2])
    (left_behind,) = journal.read(journal.path_for(path))
    assert [exchange for exchange, _ in left_behind.exchanges] == [NEW[0], NEW[2]]
    # The disk ended this recording, not the test: exchanges that the caller has seen are not lost.
    recording.discard()
    assert path.read_bytes() == old
    assert names(path) == [path.name, journal.path_for(path).name]


def broken(recording: Recording, path: Path, match: str) -> None:
    """Check that saving fails, keeps the old cassette, and leaves the exchanges in the journal."""
    with pytest.raises(CassetteError, match=match) as raised:
        recording.save()
    assert "`personalize-contract recover` turns it into a cassette" in str(raised.value)


def test_a_full_disk_at_the_end_loses_nothing(path: Path, old: bytes) -> None:
    recording = Recording(path, REFERENCE)
    for new in NEW:
        recording.append(new)
    with full_disk(300):
        broken(recording, path, "it can't be written: File too large")
    assert path.read_bytes() == old
    assert names(path) == [path.name, journal.path_for(path).name]
    assert recovery.recover(journal.path_for(path)).done
    assert prices(path) == [new.request.body for new in NEW]


def test_a_read_only_folder_is_reported_at_the_start(tmp_path: Path) -> None:
    # A file in the place of a folder stops even root, unlike file modes.
    (tmp_path / "cassettes").write_text("")
    with pytest.raises(CassetteError, match=r"can't be written: (Not a directory|File exists)"):
        Recording(tmp_path / "cassettes" / "x.personalize.yaml", REFERENCE)
    assert (tmp_path / "cassettes").read_text() == ""


def test_removing_the_folder_meanwhile_loses_nothing(path: Path, old: bytes) -> None:
    recording = Recording(path, REFERENCE)
    recording.append(NEW[0])
    away = path.parent.rename(path.parent.with_name("away"))
    path.parent.write_text("a file now")
    broken(recording, path, "it can't be written: File exists")
    assert (away / path.name).read_bytes() == old
    assert recovery.recover(away / journal.path_for(path).name).done
    assert prices(away / path.name) == [NEW[0].request.body]


@pytest.mark.parametrize("step", [(writer, "dump"), (files, "move")], ids=["write", "replace"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), MemoryError()]
)
def test_any_error_while_saving_keeps_the_old_cassette(
    path: Path,
    old: bytes,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[object, str],
    error: BaseException,
) -> None:
    recording = Recording(path, REFERENCE)
    recording.append(NEW[0])

    def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(*step, fail)
        with pytest.raises((type(error), CassetteError)):
            recording.save()
    assert path.read_bytes() == old
    assert names(path) == [path.name, journal.path_for(path).name]
    assert recorded(path, *NEW)


def test_the_journal_of_a_killed_recording_is_set_aside(path: Path) -> None:
    for number in range(3):
        recording = Recording(path, REFERENCE)
        recording.append(NEW[number])
        recording.leave()
    assert names(path) == [
        f"{path.name}.1.partial.jsonl",
        f"{path.name}.2.partial.jsonl",
        f"{path.name}.partial.jsonl",
    ]
    kept_exchanges = [journal.read(path.parent / name)[0].exchanges[0][0] for name in names(path)]
    assert kept_exchanges == NEW[:3]
