"""A live run in a forked process: a real one to its signals, without the start of Python.

A server process imports the package once and forks a child for each command. It has one thread,
so that forking it is safe; forking the process of the tests would not be.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.command import environment
from helpers.stand_in import short_waits

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "personalize_contract.cli",
        "personalize_contract.live.provision",
        "personalize_contract.report.files",
        "personalize_contract.suite.pytest_runner",
        "personalize_contract.suite.run",
    ]
)


class Command:
    """A command under way.

    Args:
        arguments: of the command.
        folder: a folder for its output.
    """

    def __init__(self, arguments: Sequence[str | Path], folder: Path) -> None:
        self._files = folder / "stdout", folder / "stderr"
        self._arguments = [*map(str, arguments)]
        self._process = _CONTEXT.Process(
            target=_main, args=(self._arguments, environment(), *self._files)
        )
        self._process.start()

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid
        os.kill(self._process.pid, number)

    def completed(self, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Wait for its end; kill it after `timeout` seconds, and fail."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            self._process.kill()
            self._process.join()
        output, errors = (file.read_text("utf-8") for file in self._files)
        assert status is not None, f"it did not end in {timeout} s: {output}{errors}"
        return subprocess.CompletedProcess(self._arguments, status, output, errors)


@contextlib.contextmanager
def started(*arguments: str | Path) -> Iterator[Command]:
    """Start a command; it is killed at the end if it still runs."""
    with tempfile.TemporaryDirectory() as folder:
        command = Command(arguments, Path(folder))
        try:
            yield command
        finally:
            command._process.kill()
            command._process.join()


def _main(arguments: list[str], variables: dict[str, str], stdout: Path, stderr: Path) -> None:
    """Run the command in this process, which was forked for it."""
    for number, file in ((1, stdout), (2, stderr)):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(variables)
    from personalize_contract.cli import main

    with short_waits():
        sys.exit(main(arguments))
