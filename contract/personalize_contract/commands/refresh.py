"""`refresh`: record a repo's cassettes again, and print the changes."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.report.refreshed import Refreshed

HELP = "record a repo's cassettes again, and print the changes"
DESCRIPTION = (
    "Run pytest with --personalize-record TARGET, and print the changes of the cassettes as "
    "Markdown for a pull request. The output of pytest goes to standard error. Exit status: 0 no "
    "test failed (apart from those that need a dataset in a state without a declared one), 1 tests "
    "failed and keep their cassettes, 2 the tests could not be run, 130 interrupted."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("target", choices=("live", "reference"), help="the target that answers")
    others = parser.add_argument(
        "pytest",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="arguments of pytest: paths, -k, -n, --personalize-dataset",
    )
    others.required = False  # or the message about a missing target names `...` too


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    import sys
    import tempfile

    import pytest

    from personalize_contract.errors import StateNotDeclared
    from personalize_contract.report import refreshed

    with tempfile.TemporaryDirectory() as folder:
        copies, junit = Path(folder, "cassettes"), Path(folder, "junit.xml")
        before = dict(_copied(_cassettes(), copies))
        command = [sys.executable, "-m", "pytest", f"--personalize-record={options.target}"]
        status = _pytest([*command, *options.pytest, f"--junitxml={junit}"])
        if status == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return 2
        failed = list(_failed(junit))
        not_reached = [(test, why) for test, why in failed if StateNotDeclared.__name__ in why]
        failed = [failure for failure in failed if failure not in not_reached]
        print(refreshed.text(_compared(before, failed, not_reached)), end="")
    return 1 if failed else 0


def _pytest(command: list[str]) -> int:
    """Run pytest and return its exit status; Ctrl-C ends pytest, which then reports as usual."""
    import signal
    import subprocess
    import sys

    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(command, stdout=sys.stderr, check=False).returncode  # noqa: S603
    finally:
        signal.signal(signal.SIGINT, before)


def _cassettes() -> Iterator[Path]:
    from personalize_contract.cassette import folders

    for path in folders.files_in([Path()], lambda path: path.name.endswith(folders.SUFFIX)):
        if folders.LIBRARIES.isdisjoint(path.parts):
            yield path


def _copied(paths: Iterable[Path], to: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each cassette with a copy of it."""
    import shutil

    for path in paths:
        copy = to / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        yield path, copy


def _compared(
    before: dict[Path, Path], failed: list[tuple[str, str]], not_reached: list[tuple[str, str]]
) -> Refreshed:
    from personalize_contract.report.refreshed import Refreshed

    now = set(_cassettes())
    same = {
        path
        for path, copy in before.items()
        if path in now and path.read_bytes() == copy.read_bytes()
    }
    return Refreshed(
        {path: _loaded(copy) for path, copy in before.items() if path not in same},
        {path: _loaded(path) for path in now - same},
        len(same),
        failed,
        not_reached,
    )


def _loaded(path: Path) -> Cassette:
    """Return a cassette; an empty one if it can't be read."""
    from personalize_contract.cassette import loader
    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.errors import CassetteError
    from personalize_contract.model.provenance import Provenance

    try:
        return loader.load(path)
    except CassetteError:
        return Cassette(Provenance(), ())


def _failed(junit: Path) -> Iterator[tuple[str, str]]:
    """Yield each test that failed, with the first line of the reason."""
    import xml.etree.ElementTree as ET

    for case in ET.parse(junit).iter("testcase"):  # noqa: S314 - pytest wrote it a moment ago
        for kind in ("failure", "error"):
            for problem in case.iter(kind):
                why = problem.get("message", "").partition("\n")[0]
                yield f"{case.get('classname')}::{case.get('name')}", why
