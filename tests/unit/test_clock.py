"""The real clock keeps running while libraries freeze time."""

from __future__ import annotations

import ast
import datetime as dt
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from unittest import mock

import freezegun
import pytest
import time_machine
from botocore.credentials import Credentials

from personalize_contract import clock
from personalize_contract.model.exchange import Request
from personalize_contract.model.provenance import Provenance
from personalize_contract.targets.signing import signed

PACKAGE = Path(clock.__file__).parent
SALE = "2001-11-26"
FROZEN: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "freezegun": lambda: freezegun.freeze_time(SALE),
    "time-machine": lambda: time_machine.travel(SALE, tick=False),
    "mock": lambda: mock.patch.multiple(
        time, time=float, monotonic=float, sleep=float, clock_gettime=float
    ),
}
"""What stops the time of this process. `float` stands for a function that takes what it gets."""


@pytest.fixture(params=FROZEN)
def frozen(request: pytest.FixtureRequest) -> Iterator[None]:
    with FROZEN[request.param]():
        yield


def test_the_date_is_the_real_one(frozen: None) -> None:
    assert clock.now().year > 2001
    assert clock.now().tzinfo is dt.UTC


def test_a_wait_takes_its_time(frozen: None) -> None:
    before = clock.monotonic()
    clock.sleep(0.05)
    assert clock.monotonic() - before >= 0.05


def test_a_recording_has_the_real_date(frozen: None) -> None:
    assert Provenance.now("reference", "us-east-1", "test").recorded_at > "2026"


def test_a_signature_has_the_real_date(frozen: None) -> None:
    request = Request("POST", "https://service.example/items", {}, b"{}")
    headers = signed(request, Credentials("key", "secret", "token"), "us-east-1").headers
    assert headers["x-amz-date"] > "2026"
    assert f"Credential=key/{headers['x-amz-date'][:8]}/us-east-1/" in headers["authorization"]


@pytest.mark.parametrize("name", ["freezegun", "time-machine"])
def test_a_clock_imported_while_time_is_frozen_is_real(name: str) -> None:
    frozen = {
        "freezegun": f"import freezegun; frozen = freezegun.freeze_time('{SALE}')",
        "time-machine": f"import time_machine; frozen = time_machine.travel('{SALE}', tick=False)",
    }
    script = (
        f"{frozen[name]}\n"
        "with frozen:\n"
        "    from personalize_contract import clock\n"
        "    before = clock.monotonic()\n"
        "    clock.sleep(0.05)\n"
        "    assert clock.monotonic() - before >= 0.05\n"
        "    assert clock.now().year > 2001, clock.now()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


MODULES = [path for path in PACKAGE.rglob("*.py") if path != Path(clock.__file__)]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_has_its_own_clock(module: Path) -> None:
    tree = ast.parse(module.read_text("utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}

    assert "time" not in imported
    assert not {name for name in called if name.startswith(("dt.", "datetime.")) and "now" in name}
