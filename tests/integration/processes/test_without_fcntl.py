"""Systems without POSIX: the package can be imported and replays, but refuses to record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import environment
from helpers.recorder import prepare, start

# Removes the parts of POSIX before the package is imported, as on Windows.
WITHOUT = """
import os, subprocess, sys, time
sys.modules["fcntl"] = sys.modules["_posixsubprocess"] = None
for name in ("fork", "register_at_fork", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
    delattr(os, name)
del time.clock_gettime
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repo with a cassette, and a Python without POSIX."""
    prepare(tmp_path)
    with start(tmp_path, CALLS=2, PARTS=1) as recorded:
        assert recorded.wait() == 0
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest without POSIX."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=environment(
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            PYTEST_PLUGINS="personalize_contract.plugin",
            PYTHONPATH=str(folder),
            CALLS="2",
            PARTS="1",
        ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_cassette_replays(folder: Path) -> None:
    done = run(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 exchanges replayed" in done.stdout


def test_recording_is_refused_with_a_sentence(folder: Path) -> None:
    (cassette,) = folder.rglob("*.personalize.yaml")
    before = cassette.read_bytes()
    done = run(folder, "--personalize-record=reference")
    assert done.returncode == 1
    assert (
        "recording needs POSIX file locks, and this Python has no fcntl: record on "
        "Linux or macOS, and replay here"
    ) in done.stdout
    assert cassette.read_bytes() == before
    assert not list(folder.rglob("*.jsonl"))


def test_every_module_can_be_imported(folder: Path) -> None:
    every = (
        "import pkgutil, importlib, personalize_contract as p\n"
        "for m in pkgutil.walk_packages(p.__path__, 'personalize_contract.'):\n"
        "    if '.suite.' not in m.name and not m.name.endswith('__main__'):\n"
        "        importlib.import_module(m.name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", every],
        env=environment(PYTHONPATH=str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
