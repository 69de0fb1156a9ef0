"""A recording that is killed, terminated or interrupted loses no answer that its caller got.

`python tests/adversary kills` kills two hundred recordings, the test suite a few.
"""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path

import pytest

from helpers import command, recorder
from helpers.exchanges import exchange, put
from personalize_contract.cassette import loader, recording
from personalize_contract.model.provenance import Provenance

CALLS = 40


def ids(cassette: Path) -> set[str]:
    """Return the ids of the items in a cassette."""
    bodies = (json.loads(exchange.request.body) for exchange in loader.load(cassette).exchanges)
    return {item["itemId"] for body in bodies for item in body["items"]}


def ended(folder: Path, at: int, how: signal.Signals) -> list[str]:
    """Record, send a signal after a number of answers, and return all answers received.

    Args:
        folder: the folder of the test that records.
        at: the number of answers before the signal.
        how: the signal.
    """
    with recorder.recording(folder, CALLS) as (process, answers, gate):
        gate.close()
        answers_received = []
        for line in answers:
            answers_received.append(line.strip())
            if len(answers_received) == at:
                process.send_signal(how)
        process.communicate(timeout=60)
    return answers_received


SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = random.Random(metafunc.config.getoption("kills_seed"))  # noqa: S311 - no secret
    moments = [
        (chosen.randint(1, CALLS), SIGNALS[number % len(SIGNALS)])
        for number in range(metafunc.config.getoption("kills"))
    ]
    names = [f"{number}-{how.name}-{at}" for number, (at, how) in enumerate(moments)]
    metafunc.parametrize(("at", "how"), moments, ids=names)


def test_every_answer_is_in_the_cassette_after_recovery(
    tmp_path: Path, at: int, how: signal.Signals
) -> None:
    cassette = recorder.prepare(tmp_path)
    cassette.parent.mkdir(parents=True)
    recording.write(cassette, Provenance("reference"), [exchange(put({"price": 1}))])
    old = cassette.read_bytes()
    answers_received = ended(tmp_path, at, how)
    assert len(answers_received) >= at
    whole = cassette.read_bytes() != old
    if whole:
        assert ids(cassette) == {f"new-{number}" for number in range(CALLS)}
    done = command.run("recover", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(answers_received) <= ids(cassette)
    assert [path.name for path in cassette.parent.iterdir()] == [cassette.name]
