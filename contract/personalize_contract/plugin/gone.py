"""Cassettes whose test is gone, found by collecting the tests of a repo in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from personalize_contract.errors import UsageError
from personalize_contract.plugin import options, paths
from personalize_contract.settings import KEY


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


class _Finder:
    def __init__(self, found: Path) -> None:
        self._found = found

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write down the cassettes that no test plays; nothing, if single tests are named."""
        from personalize_contract.plugin.hooks import is_marked

        if items := session.config.stash.get(options.COLLECTED, []):
            playing = [item for item in items if is_marked(item)]
            gone = paths.orphans(items, playing, session.config.stash[KEY])
            self._found.write_text(json.dumps([str(path) for path in gone]), "utf-8")


if __name__ == "__main__":
    sys.exit(pytest.main(["--collect-only", "-q"], plugins=[_Finder(Path(sys.argv[1]))]))
