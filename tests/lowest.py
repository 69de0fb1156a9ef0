"""Runs the quick tests at the lowest versions that pyproject.toml allows: `python tests/lowest.py`.

Creates a separate environment in the folder of temporary files, with uv.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = Path(tempfile.gettempdir()) / "contract-at-lowest-versions"
PYTHON = str(FOLDER / "bin" / "python")
QUICK = [
    *("unit/model", "unit/cassette", "unit/report", "plugin"),
    *(
        "unit/service/test_core.py",
        "unit/service/test_store.py",
        "integration/http/test_http_server.py",
    ),
    *("adversary/test_suite_table.py", "adversary/test_malformed.py", "adversary/test_fuzzing.py"),
]
"""Tests that need only the package, boto3 and testing tools."""

WITH = ["boto3", "hypothesis", "moto", "packaging", "pytest-recording", "pytest-xdist", "trustme"]

WITHOUT = [
    # Before version 9, pytest with --tb=line shows less of a failure's message.
    "plugin/test_redact.py::test_miss_does_not_show_redacted_members",
    "plugin/test_violation.py::test_the_value_is_cut_and_its_account_masked",
]


def main() -> int:
    """Run the tests and return their exit status."""
    botocore = next(
        text.partition(">=")[2]
        for text in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        if text.startswith("botocore")
    )
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", "uv"], check=True)
    uv = [str(FOLDER / "bin" / "uv"), "pip", "install", "-q", "--python", PYTHON]
    subprocess.run([*uv, "--resolution", "lowest-direct", "-e", "."], check=True, cwd=ROOT)
    subprocess.run([*uv, f"botocore=={botocore}.*", *WITH], check=True, cwd=ROOT)
    subprocess.run([*uv[:2], "list", "--python", PYTHON], check=True)
    files = [f"tests/{name}" for name in QUICK]
    files += [f"--deselect=tests/{name}" for name in WITHOUT]
    return subprocess.run(
        [PYTHON, "-m", "pytest", "-q", "-n", "2", *files, *sys.argv[1:]], check=False, cwd=ROOT
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
