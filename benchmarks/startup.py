"""Start-up: what the plugin costs a pytest run that has no use for it."""

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
"""Runs of each subject. There are fewer where few tests show less anyway, and where time is up."""

PLUGINS = {
    "personalize-contract": "personalize_contract.plugin",
    "pytest-recording": "pytest_recording.plugin",
}


NOTHING = "nothing"
"""A plugin that is empty, for the run that the others are compared with: looking up the one that
`-p` names takes as long in it, and as in a run that loads whatever is installed."""


def _run(folder: Path, plugin: str) -> Round:
    """A pytest run with one more plugin than pytest's own, in seconds of CPU time.

    Byte code is kept in the folder: a checkout's modules are compiled no more often than
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
    """The table of start-up, by the number of tests in the run."""
    table = Table(
        "Start-up",
        "A whole pytest run of tests that don't have the mark, in CPU time: pytest alone, and "
        "with one plugin more. Medians of runs that take turns.",
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
                run()  # so that all of it is compiled
            cost = medians(subjects, min(ROUNDS, 2 * count))
        shown = [
            times(cost[title], cost[NOTHING]) if title in cost else "not installed"
            for title in PLUGINS
        ]
        table.rows.append([f"{count:,}", seconds(cost[NOTHING]), *shown])
    yield table
