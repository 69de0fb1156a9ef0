"""Several processes record at once: each its own cassette, and one of them any given one."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpers.recorder import prepare, recording, start
from personalize_contract.cassette import loader

CALLS = 12


def parts(cassette: Path) -> Counter[int]:
    """Which part of the catalogue the exchanges in a cassette are of."""
    bodies = [json.loads(one.request.body) for one in loader.load(cassette).exchanges]
    return Counter(json.loads(body["items"][0]["properties"])["part"] for body in bodies)


def test_eight_workers_record_eight_tests(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    with start(tmp_path, "-p", "xdist.plugin", "-n", "8", CALLS=CALLS, PARTS=8) as process:
        out, _ = process.communicate(timeout=120)
    assert "8 passed" in out
    found = [first.with_name(f"test_catalogue[{part}].personalize.yaml") for part in range(8)]
    assert [parts(path) for path in found] == [{part: CALLS} for part in range(8)]
    assert sorted(first.parent.iterdir()) == found


def test_of_eight_processes_one_records_a_test_and_seven_are_told_so(tmp_path: Path) -> None:
    cassette = prepare(tmp_path)

    def refused(_: int) -> str:
        with recording(tmp_path, CALLS) as (process, answers, gate):
            gate.close()
            assert list(answers) == []
            return process.communicate(timeout=120)[0]

    with recording(tmp_path, CALLS) as (process, answers, gate):
        for _ in range(CALLS):
            answers.readline()
        # It holds the cassette now, and waits.
        with ThreadPoolExecutor(7) as pool:
            told = list(pool.map(refused, range(7)))
        assert not cassette.exists()
        gate.close()
        out, _ = process.communicate(timeout=120)
    assert "1 passed" in out
    assert all(
        "another process or test is recording it; record it in only one" in one for one in told
    )
    assert parts(cassette) == {0: CALLS}
    assert list(cassette.parent.iterdir()) == [cassette]
