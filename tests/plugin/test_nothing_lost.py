"""A failure while saving loses neither the old cassette nor the new recording."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from helpers.command import run
from helpers.recorder import prepare, recording
from helpers.shop import Shop, text
from personalize_contract.cassette import loader as cassettes

# A file replaces the cassettes' folder while the test runs.
SPOILS = """
import os, socket

import botocore.endpoint, botocore.signers


def patchable():
    endpoint, signer = botocore.endpoint.Endpoint, botocore.signers.RequestSigner
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    return [endpoint._do_get_response, signer.sign, socket.getaddrinfo, environment]


BEFORE = patchable()


@pytest.mark.personalize_contract
def test_it():
    assert patchable() != BEFORE
    put(3)
    os.rename("cassettes", "away")
    open("cassettes", "w").close()


def test_after():
    assert patchable() == BEFORE
"""


def test_failed_save_is_an_error_and_keeps_the_old_cassette(shop: Shop) -> None:
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    put(2)\n")
    shop.record()
    old = shop.cassette("test_it").read_bytes()
    shop.tests(SPOILS)
    # In a separate process: threads that other tests left running keep botocore patched.
    result = shop.pytester.runpytest_subprocess("--personalize-record", "reference")
    result.assert_outcomes(passed=2, errors=1)
    output = text(result)
    assert ". The recording is in " in output
    assert "`personalize-contract recover` turns it into a cassette" in output
    assert "Traceback" not in output
    away = shop.path / "away" / "test_shop" / "test_it.personalize.yaml"
    assert away.read_bytes() == old
    away.unlink()
    assert run("recover", away.parent).returncode == 0
    assert len(cassettes.load(away).exchanges) == 1
    assert b"tea-2" in away.read_bytes()


def test_interrupted_run_keeps_its_recorded_exchanges(tmp_path: Path) -> None:
    cassette = prepare(tmp_path)
    with recording(tmp_path, 5) as (process, answers, gate):
        for _ in range(5):
            answers.readline()
        process.send_signal(signal.SIGINT)  # while it waits at the gate
        out, _ = process.communicate(timeout=60)
        gate.close()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, out
    assert not cassette.exists()
    assert "interrupted: 1 cassette" in out
    assert run("recover", tmp_path).returncode == 0
    assert len(cassettes.load(cassette).exchanges) == 5
