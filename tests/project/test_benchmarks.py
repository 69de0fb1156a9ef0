"""Each benchmark works; no test judges its results."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from benchmarks import TABLES

from helpers.command import environment

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = Path(__file__).parents[2]


ONE_ROUND = """
import sys
from importlib import import_module
from benchmarks import TABLES
from benchmarks.__main__ import main

for name in {*TABLES} & {*sys.argv}:
    vars(import_module(f"benchmarks.{name}")).update(ROUNDS=1)
main()
"""
"""`python -m benchmarks`, each subject measured once."""


@cache
def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ONE_ROUND, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        check=False,
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_benchmark_prints_a_row_for_each_size(name: str) -> None:
    done = run(name, "--sizes", "1")
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len(rows) >= 3
    assert rows[2].count("|") == rows[0].count("|")


def test_the_service_is_measured_beside_moto_s() -> None:
    done = run("http", "--sizes", "1")
    (moto_row,) = [line for line in done.stdout.splitlines() if "moto_server, ListSchemas" in line]
    assert moto_row.split("|")[-2].strip() == "1.0 x"


def test_an_unknown_table_is_refused() -> None:
    done = run("speed")
    assert done.returncode == 2
    assert "there is no table speed" in done.stderr
