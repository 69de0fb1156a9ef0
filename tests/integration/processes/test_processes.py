"""Several processes record at once: different cassettes in parallel, the same one only once."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpers.recorder import prepare, recording, start
from personalize_contract.cassette import loader

CALLS = 12


def parts(cassette: Path) -> Counter[int]:
    """Count the exchanges in a cassette by the part of the catalogue that they put."""
    bodies = [json.loads(exchange.request.body) for exchange in loader.load(cassette).exchanges]
    return Counter(json.loads(body["items"][0]["properties"])["part"] for body in bodies)


def test_eight_workers_record_eight_tests(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    with start(tmp_path, "-p", "xdist.plugin", "-n", "8", CALLS=CALLS, PARTS=8) as process:
        out, _ = process.communicate(timeout=120)
    assert "8 passed" in out
    cassettes = [first.with_name(f"test_catalogue[{part}].personalize.yaml") for part in range(8)]
    assert [parts(path) for path in cassettes] == [{part: CALLS} for part in range(8)]
    assert sorted(first.parent.iterdir()) == cassettes


def test_one_of_eight_processes_records_a_test_and_seven_are_refused(tmp_path: Path) -> None:
    cassette = prepare(tmp_path)

    def refused(_: int) -> str:
        with recording(tmp_path, CALLS) as (process, answers, gate):
            gate.close()
            assert list(answers) == []
            return process.communicate(timeout=120)[0]

    with recording(tmp_path, CALLS) as (process, answers, gate):
        for _ in range(CALLS):
            answers.readline()
        # The process has locked the cassette, and waits for the gate.
        with ThreadPoolExecutor(7) as pool:
            outputs = list(pool.map(refused, range(7)))
        assert not cassette.exists()
        gate.close()
        out, _ = process.communicate(timeout=120)
    assert "1 passed" in out
    assert all(
        "another process or test is recording it; record it in only one" in output
        for output in outputs
    )
    assert parts(cassette) == {0: CALLS}
    assert list(cassette.parent.iterdir()) == [cassette]
