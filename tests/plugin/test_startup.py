"""Start-up: an installed but unused plugin imports next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.command import environment
from personalize_contract import settings
from personalize_contract.model import contract

MODULES = "import json, sys; print(json.dumps(sorted(sys.modules)))"


def modules(script: str, cwd: Path) -> set[str]:
    """Return the modules that a fresh interpreter has imported at the end of a script."""
    completed = subprocess.run(
        [sys.executable, "-c", f"{script}\n{MODULES}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
        env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        timeout=60,
    )
    loaded_modules: list[str] = json.loads(completed.stdout.splitlines()[-1])
    return set(loaded_modules)


def test_plugin_imports_few_modules_and_no_library(tmp_path: Path) -> None:
    alone = modules("import pytest", tmp_path)
    added = modules("import pytest, personalize_contract.plugin", tmp_path) - alone
    assert {name for name in added if name.startswith("personalize_contract")} == {
        "personalize_contract",
        "personalize_contract.errors",
        "personalize_contract.plugin.fixtures",
        "personalize_contract.plugin.hooks",
        "personalize_contract.plugin.options",
        "personalize_contract.plugin.run_settings",
        "personalize_contract.plugin.run_state",
        "personalize_contract.settings",
        "personalize_contract.plugin",
    }
    assert {name.partition(".")[0] for name in added} <= {"personalize_contract", "urllib"}


@pytest.mark.parametrize("ini", ["", "personalize_target = reference\npersonalize_strict = true\n"])
def test_run_without_marked_tests_imports_nothing_more(tmp_path: Path, ini: str) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n" + ini)
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n")
    run = "import pytest; assert pytest.main(['-q', '-p', 'no:cacheprovider'{}]) == 0"
    alone = modules(run.format(""), tmp_path)
    added = modules(run.format(", '-p', 'personalize_contract.plugin'"), tmp_path) - alone
    assert {name for name in added if name.startswith("personalize_contract")} == {
        "personalize_contract",
        "personalize_contract.errors",
        "personalize_contract.plugin.fixtures",
        "personalize_contract.plugin.hooks",
        "personalize_contract.plugin.options",
        "personalize_contract.plugin.run_settings",
        "personalize_contract.plugin.run_state",
        "personalize_contract.settings",
        "personalize_contract.plugin",
    }
    assert {name.partition(".")[0] for name in added} <= {"personalize_contract", "urllib"}


REPLAYED = """
import boto3
import pytest

@pytest.mark.personalize_contract
def test_it():
    arn = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"
    boto3.client("personalize-events").put_items(datasetArn=arn, items=[{"itemId": "tea-1"}])
"""

UNUSED_BY_REPLAY = {
    *("cassette.journal", "cassette.lint", "cassette.recording", "cassette.recovery"),
    *("fake_account", "feedback.differences", "feedback.miss_report", "live", "model.avro"),
    *("privacy.secrets", "proxy", "report", "service", "suite"),
    *("targets.endpoint", "targets.faults", "plugin.failure_report"),
}
"""Modules and packages of what a test that replays, and passes, doesn't do."""


def test_replaying_test_imports_no_recording_modules(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(REPLAYED)
    run = (
        "import pytest; assert pytest.main(['-q', '-p', 'no:cacheprovider', "
        "'-p', 'personalize_contract.plugin', *{}]) == 0"
    )
    modules(run.format(["--personalize-record=reference"]), tmp_path)
    loaded = modules(run.format([]), tmp_path)
    own_modules = {
        name.removeprefix("personalize_contract.")
        for name in loaded
        if name.startswith("personalize_contract.")
    }
    assert "cassette.replay" in own_modules
    assert {
        name for name in own_modules if not UNUSED_BY_REPLAY.isdisjoint({name, name.split(".")[0]})
    } == set()
    assert loaded.isdisjoint({"asyncio", "http.server", "requests", "responses", "vcr"})


def test_default_operation_is_the_same_in_settings_and_contract() -> None:
    # options may not import the contract at start-up.
    assert settings.Settings().operation == contract.DEFAULT
