"""Runs the command and pytest in forked processes, without the start-up time of Python.

A server process imports the libraries once and forks a child for each run. It has one thread, so
forking it is safe, unlike the process of the tests.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from helpers.stand_in import short_waits

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "boto3",
        "personalize_contract.cli",
        "personalize_contract.live.provision",
        "personalize_contract.report.files",
        "personalize_contract.suite.pytest_runner",
        "personalize_contract.suite.run",
    ]
)

Main = Callable[[Sequence[str]], int]
"""Takes arguments and returns an exit status."""


def live_run(arguments: Sequence[str]) -> int:
    """Run the command with its waits for AWS shortened to milliseconds."""
    from personalize_contract.cli import main

    with short_waits():
        return main(arguments)


def pytest_run(arguments: Sequence[str]) -> int:
    """Run pytest as `python -m pytest` does."""
    import pytest

    sys.path.insert(0, str(Path.cwd()))
    sys.argv = ["pytest", *arguments]
    return int(pytest.main([*arguments]))


class Forked:
    """A run in progress.

    Args:
        main: the function to run.
        arguments: its arguments.
        folder: a folder for its output.
        env: its complete environment.
        cwd: its working directory.
    """

    def __init__(
        self,
        main: Main,
        arguments: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        cwd: Path,
    ) -> None:
        self._files = folder / "stdout", folder / "stderr"
        self._arguments = arguments
        self._process = _CONTEXT.Process(
            target=_run, args=(main, arguments, self._files, dict(env), cwd)
        )
        self._process.start()

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process.pid
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self._process.kill()
        self._process.join()

    def completed(self, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Return its result; kill it after `timeout` seconds, and fail."""
        self._process.join(timeout)
        status = self._process.exitcode
        if status is None:
            self.kill()
        output, errors = (file.read_text("utf-8", "replace") for file in self._files)
        assert status is not None, f"it did not end in {timeout} s: {output}{errors}"
        return subprocess.CompletedProcess(self._arguments, status, output, errors)


@contextlib.contextmanager
def started(
    main: Main, *arguments: str | Path, env: Mapping[str, str], cwd: Path | None = None
) -> Iterator[Forked]:
    """Start a run, and kill it at the end of the context unless it has ended."""
    with tempfile.TemporaryDirectory() as folder:
        forked = Forked(main, [*map(str, arguments)], Path(folder), env, cwd or Path.cwd())
        try:
            yield forked
        finally:
            forked.kill()


def _run(
    main: Main,
    arguments: Sequence[str],
    files: Sequence[Path],
    variables: dict[str, str],
    cwd: Path,
) -> None:
    """Run a function in this forked process."""
    for number, file in enumerate(files, 1):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(cwd)
    sys.exit(main(arguments))
