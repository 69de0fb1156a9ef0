"""Cassettes whose test is gone: all of a repo's, or those that answer another test's requests.

The tests of a repo are collected in a separate process; a miss uses the tests of its own run.
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
    from personalize_contract.cassette.matching import Key
    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.cassette.replay import Replay
    from personalize_contract.model.exchange import Request
    from personalize_contract.settings import Settings

_ByKey = dict["Key", dict[Path, "Cassette"]]

_GONE = pytest.StashKey["dict[Path, Cassette]"]()
_BY_RULES = pytest.StashKey["dict[object, _ByKey]"]()

_MAX_SHOWN = 5
"""Maximum number of cassettes that a miss lists."""


def find() -> list[Path]:
    """Collect the tests of the repo in the current folder; return the cassettes whose test is gone.

    Raises:
        UsageError: the tests can't all be collected.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "gone.json")
        command = [sys.executable, "-m", __name__, str(result)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode or not result.exists():
            lines = (done.stdout + done.stderr).strip().splitlines()
            raise UsageError(
                "pytest can't collect all tests, so cassettes without a test can't be "
                f"determined: {lines[-1] if lines else f'exit status {done.returncode}'}"
            )
        return [Path(path) for path in json.loads(result.read_text("utf-8"))]


class GoneCassettes:
    """Finds the cassettes of gone tests that answer all requests of one test.

    Args:
        item: the test.
        rules: a value that tests share whose requests are matched by the same rules.
        settings: the settings of the run.
    """

    def __init__(self, item: pytest.Item, rules: object, settings: Settings) -> None:
        self._item, self._rules, self._settings = item, rules, settings
        self._path = paths.cassette_path(item, settings)
        self._owner = paths.owner(item)
        self._fitting: list[Replay] | None = None
        self._requests = 0

    def __call__(self, replay: Replay, request: Request) -> list[str]:
        """Return the lines about these cassettes for the message of a miss.

        Args:
            replay: the replay of the test, whose cassette is missing.
            request: the request that missed.
        """
        if self._path.exists():
            return []
        if self._fitting is None:
            self._fitting = list(self._candidates(replay, request))
        self._requests += 1
        self._fitting = [other for other in self._fitting if other.take(request)]
        return list(self._lines([other.path for other in self._fitting]))

    def _candidates(self, replay: Replay, request: Request) -> Iterator[Replay]:
        """Yield a replay of each cassette of a gone test that has a request like this one."""
        from personalize_contract.cassette import ownership

        is_shared = ownership.is_shared(self._owner)
        for path, cassette in self._gone_by_key(replay).get(replay.key(request), {}).items():
            if ownership.is_shared(cassette.provenance.recorded_for) is is_shared:
                yield replay.of_other(path, cassette)

    def _gone_by_key(self, replay: Replay) -> _ByKey:
        """Return the cassettes of gone tests by the keys of their requests, computed once."""
        config = self._item.config
        if _GONE not in config.stash:
            tests = config.stash.get(options.COLLECTED, [])
            config.stash[_GONE] = dict(_known_gone(self._item.session, tests, self._settings))
        by_rules = config.stash.setdefault(_BY_RULES, {})
        if self._rules not in by_rules:
            by_key: _ByKey = {}
            for path, cassette in config.stash[_GONE].items():
                for exchange in cassette.exchanges:
                    by_key.setdefault(replay.key(exchange.request), {})[path] = cassette
            by_rules[self._rules] = by_key
        return by_rules[self._rules]

    def _lines(self, fitting: list[Path]) -> Iterator[str]:
        from personalize_contract.privacy import display

        if not fitting:
            return
        requests = f"all {self._requests} requests" if self._requests > 1 else "this request"
        yield (
            f"  renamed?:  the cassette of a test that no longer exists answers {requests}; "
            "to give it to this test, run:"
            if len(fitting) == 1
            else f"  renamed?:  {len(fitting)} cassettes of tests that no longer exist answer "
            f"{requests}; to give one of them to this test, run:"
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


def _known_gone(
    session: pytest.Session, collected: Iterable[pytest.Item], settings: Settings
) -> Iterator[tuple[Path, Cassette]]:
    """Yield the cassettes below the rootdir whose test is known to be gone.

    The tests of an existing module are only known if the whole module was collected.

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
            continue  # its own test, or `lint`, reports it
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
    """Plugin of the separate process that collects the tests.

    Args:
        result: the file for the paths of the cassettes whose test is gone.
    """

    def __init__(self, result: Path) -> None:
        self._result = result

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write the file, if whole modules were collected."""
        if items := session.config.stash.get(options.COLLECTED, []):
            marked = [item for item in items if options.is_marked(item)]
            gone = paths.gone(items, marked, session.config.stash[KEY])
            self._result.write_text(json.dumps([str(path) for path in gone]), "utf-8")


if __name__ == "__main__":
    sys.exit(pytest.main(["--collect-only", "-q"], plugins=[_Finder(Path(sys.argv[1]))]))
