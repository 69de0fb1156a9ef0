"""Cassettes whose test is gone: all those of a repo, or those that answer what a test sends.

The tests of a repo are collected in a process of their own; a miss asks those of its own run.
"""

from __future__ import annotations

import difflib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from personalize_contract.errors import CassetteError, UsageError
from personalize_contract.plugin import options, paths
from personalize_contract.settings import KEY

if TYPE_CHECKING:
    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.cassette.replay import Replay
    from personalize_contract.model.exchange import Request
    from personalize_contract.settings import Settings

_ORPHANS = pytest.StashKey["dict[Path, Cassette]"]()

_MAX_SHOWN = 5
"""Maximum number of cassettes that a miss lists."""


def find() -> list[Path]:
    """Collect the tests of the repo in the current folder; return the cassettes that none plays.

    Raises:
        UsageError: the tests can't all be collected.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "gone.json")
        command = [sys.executable, "-m", __name__, str(found)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode or not found.exists():
            lines = (done.stdout + done.stderr).strip().splitlines()
            raise UsageError(
                "pytest can't collect all the tests here, so no cassette is known to be "
                f"gone: {lines[-1] if lines else f'exit status {done.returncode}'}"
            )
        return [Path(path) for path in json.loads(found.read_text("utf-8"))]


class Orphans:
    """The cassettes of tests that no longer exist which answer all that one test sends.

    Args:
        item: the test.
        settings: the settings of the run.
    """

    def __init__(self, item: pytest.Item, settings: Settings) -> None:
        self._item, self._settings = item, settings
        self._path = paths.cassette_path(item, settings)
        self._owner = paths.owner(item)
        self._fitting: list[Replay] | None = None
        self._requests = 0

    def __call__(self, replay: Replay, request: Request) -> list[str]:
        """Return the lines of a miss about the cassettes that would have answered it.

        Args:
            replay: the replay of the test, whose cassette is missing.
            request: the request that it doesn't answer.
        """
        if self._path.exists():
            return []
        if self._fitting is None:
            self._fitting = list(self._candidates(replay))
        self._requests += 1
        self._fitting = [other for other in self._fitting if other.take(request)]
        return list(self._lines([other.path for other in self._fitting]))

    def _candidates(self, replay: Replay) -> Iterator[Replay]:
        from personalize_contract.cassette import ownership

        config = self._item.config
        if _ORPHANS not in config.stash:
            tests = config.stash.get(options.COLLECTED, [])
            config.stash[_ORPHANS] = dict(_without_test(self._item.session, tests, self._settings))
        is_shared = ownership.is_shared(self._owner)
        for path, cassette in config.stash[_ORPHANS].items():
            if ownership.is_shared(cassette.provenance.recorded_for) is is_shared:
                yield replay.of_other(path, cassette)

    def _lines(self, fitting: list[Path]) -> Iterator[str]:
        from personalize_contract.privacy import display

        if not fitting:
            return
        requests = f"all {self._requests} requests" if self._requests > 1 else "this request"
        yield (
            f"  renamed?:  the cassette of a test that no longer exists answers {requests}; "
            "to make it this test's:"
            if len(fitting) == 1
            else f"  renamed?:  {len(fitting)} cassettes of tests that no longer exist answer "
            f"{requests}; to make one of them this test's:"
        )
        near = sorted(fitting, key=self._distance)
        yield from (f"    {display.quoted(self._command(path))}" for path in near[:_MAX_SHOWN])
        if len(near) > _MAX_SHOWN:
            yield f"    ... and {len(near) - _MAX_SHOWN} more"

    def _distance(self, path: Path) -> float:
        return -difflib.SequenceMatcher(None, str(path), str(self._path)).ratio()

    def _command(self, path: Path) -> str:
        here = self._item.config.invocation_params.dir
        names = [os.path.relpath(each, here) for each in (path, self._path)]
        return shlex.join(["personalize-contract", "rename", *names, self._owner])


def _without_test(
    session: pytest.Session, collected: Iterable[pytest.Item], settings: Settings
) -> Iterator[tuple[Path, Cassette]]:
    """Yield the cassettes whose test is known not to exist, below the root of a repo.

    Of a module that exists only the tests that were collected are known, and all of them only if
    no single ones were named.

    Args:
        session: the session.
        collected: all tests of the modules that were collected whole.
        settings: the settings of the run.
    """
    from personalize_contract.cassette import loader

    root = session.config.rootpath
    tests = [*collected, *session.items]
    played = {paths.cassette_path(item, settings) for item in tests}
    owners = {paths.owner(item) for item in tests}
    whole = {item.path for item in collected}
    for path in _cassettes(settings.cassettes or root):
        if path in played:
            continue
        try:
            cassette = loader.load(path)
        except CassetteError:
            continue  # its own test, or `lint`, says so
        module, separator, _ = (owner := cassette.provenance.recorded_for).partition("::")
        modules = (root / module, paths.module_of(path, root, settings))
        is_known = all(each in whole or not each.exists() for each in modules)
        if separator and is_known and owner not in owners:
            yield path, cassette


def _cassettes(folder: Path) -> Iterator[Path]:
    from personalize_contract.cassette import folders

    for parent, names, files in os.walk(folder):
        names[:] = sorted(
            name for name in names if not name.startswith(".") and name not in folders.LIBRARIES
        )
        yield from (Path(parent, name) for name in sorted(files) if name.endswith(folders.SUFFIX))


class _Finder:
    def __init__(self, found: Path) -> None:
        self._found = found

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write down the cassettes that no test plays; nothing, if single tests are named."""
        if items := session.config.stash.get(options.COLLECTED, []):
            playing = [item for item in items if options.is_marked(item)]
            gone = paths.orphans(items, playing, session.config.stash[KEY])
            self._found.write_text(json.dumps([str(path) for path in gone]), "utf-8")


if __name__ == "__main__":
    sys.exit(pytest.main(["--collect-only", "-q"], plugins=[_Finder(Path(sys.argv[1]))]))
