"""Runs the command in this process or in its own, and `serve`."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from unittest import mock

COMMAND = [sys.executable, "-m", "personalize_contract"]

ACTIVE = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"
IN_USE = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-in-use/ITEMS"
MISSING = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-missing/ITEMS"
DATASETS = [
    f"--dataset={ACTIVE}=active",
    f"--dataset={IN_USE}=in-use",
    f"--dataset={MISSING}=missing",
]


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without variables of AWS, pytest and proxies."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PYTEST")) and not name.lower().endswith("_proxy")
    }
    # Never the developer's own profile, and never a wait for a metadata service.
    variables |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "COLUMNS": "200",
        # A rate limit of its own: other tests write to the same account at the same time.
        "XDG_CACHE_HOME": str(Path(tempfile.gettempdir()) / f"personalize-contract-{os.getpid()}"),
    }
    return variables | more


def run(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, at a fraction of the cost of a new interpreter."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd or Path.cwd()),
        mock.patch.dict(os.environ, env or environment(), clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        # Not imported above, since the independent services of the tests import this module.
        status = import_module("personalize_contract.cli").main([*map(str, arguments)])
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


def run_process(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a separate interpreter, for tests of the process itself."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
        env=env or environment(),
        check=False,
    )


@contextlib.contextmanager
def serving(*arguments: str | Path) -> Iterator[str]:
    """Run `serve` within the context; yields its URL."""
    process = subprocess.Popen(
        [*COMMAND, "serve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()
