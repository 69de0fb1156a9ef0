"""Start-up: the cost of the plugin in a pytest run that doesn't use it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import Round, Table, medians, seconds, times

ROUNDS = 80
"""Maximum number of runs of each subject; few tests or lack of time reduce it."""

PLUGINS = {
    "personalize-contract": "personalize_contract.plugin",
    "pytest-recording": "pytest_recording.plugin",
}


NOTHING = "nothing"
"""An empty plugin for the run that the others are compared with, since looking up a plugin by `-p`
takes time too."""


def _run(folder: Path, plugin: str) -> Round:
    """Return a round that runs pytest with one additional plugin, in seconds of CPU time.

    Byte code is stored in the folder, so that a checkout's modules are compiled only once, like
    installed ones.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin]
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    return run


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """Yield the table of start-up, by the number of tests in the run."""
    table = Table(
        "Start-up",
        "A whole pytest run of tests that don't have the mark, in CPU time: pytest alone, and "
        "with one additional plugin. Medians of alternating runs.",
        ("tests", "pytest alone", *PLUGINS),
    )
    for count in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            tests = "\n\n".join(f"def test_{number}():\n    pass" for number in range(count))
            (folder / "test_them.py").write_text(tests, "utf-8")
            (folder / f"{NOTHING}.py").touch()
            subjects = {NOTHING: _run(folder, NOTHING)} | {
                title: _run(folder, plugin)
                for title, plugin in PLUGINS.items()
                if find_spec(plugin.partition(".")[0])
            }
            for run in subjects.values():
                run()  # compiles the modules
            cost = medians(subjects, min(ROUNDS, 2 * count))
        shown = [
            times(cost[title], cost[NOTHING]) if title in cost else "not installed"
            for title in PLUGINS
        ]
        table.rows.append([f"{count:,}", seconds(cost[NOTHING]), *shown])
    yield table
