"""Load: time and memory from a file to a cassette that is ready to answer.

Each measurement runs in a separate process, `python -m benchmarks.load WHO FILE`, so that memory is
counted for each subject alone.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import traffic
from benchmarks.measure import Table, medians, seconds, times

ROUNDS = 3
STATUS = Path("/proc/self/status")


def _own(path: Path) -> Callable[[], object]:
    from personalize_contract.cassette import loader
    from personalize_contract.cassette.matching import Matching
    from personalize_contract.cassette.replay import Replay
    from personalize_contract.privacy.redaction import Redactor

    return lambda: Replay(path, loader.load(path), Redactor(), Matching())


def _vcr(path: Path) -> Callable[[], object]:
    from vcr.cassette import Cassette

    return lambda: Cassette.load(path=str(path), record_mode="none")


def _cassetter(path: Path) -> Callable[[], object]:
    from cassetter import Cassette, RecordMode

    cassette = Cassette(path, record_mode=RecordMode.NONE)
    return lambda: cassette.load()


def _json(path: Path) -> Callable[[], object]:
    return lambda: json.loads(path.read_bytes())


def _write_json(path: Path, count: int) -> Path:
    """Write the same data as JSON, for the floor."""
    rows = [
        {
            "request": ["POST", traffic.URL, {}, traffic.body(number).decode()],
            "response": [200, "OK", traffic.RECEIVED, ""],
        }
        for number in range(count)
    ]
    path.write_text(json.dumps(rows), "utf-8")
    return path


READ = {"floor": _json, "own": _own, "VCR.py": _vcr, "cassetter": _cassetter}
WRITE = {
    "floor": _write_json,
    "own": traffic.own_cassette,
    "VCR.py": traffic.vcr_cassette,
    "cassetter": traffic.cassetter_cassette,
}


def main(subject: str, path: Path) -> None:
    """Load once; print the time in seconds and the memory in bytes."""
    load = READ[subject](path)
    before, began = _memory("VmRSS"), time.process_time()
    cassette = load()
    print(time.process_time() - began, _memory("VmHWM") - before)
    del cassette


def _memory(of: str) -> int:
    """Return this process's memory in bytes: now (`VmRSS`) or at peak (`VmHWM`)."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith(of))
    return int(line.split()[1]) * 1024


class _Loads:
    """Loads in processes, and collects the memory of each."""

    def __init__(self, subject: str, path: Path) -> None:
        self._command = [sys.executable, "-m", "benchmarks.load", subject, str(path)]
        self.memory: list[float] = []

    def __call__(self) -> float:
        completed = subprocess.run(self._command, check=False, capture_output=True, text=True)
        if completed.returncode:
            print(completed.stderr.splitlines()[-1], file=sys.stderr)
            return math.inf
        duration, memory = completed.stdout.split()
        self.memory.append(float(memory))
        return float(duration)


def tables(sizes: Sequence[int]) -> Iterator[Table]:
    """Yield the tables of time and of memory."""
    columns = (
        "exchanges",
        "floor",
        "personalize-contract",
        "VCR.py",
        "cassetter",
        "ours to VCR.py",
    )
    durations = Table(
        "Load: time",
        "Processor time from a file to a cassette that is ready to answer, each in a separate "
        "process. The floor is `json.loads` of the same data.",
        columns,
    )
    memory = Table("Load: memory", "Growth of the process's peak memory meanwhile.", columns)
    for count in sizes:
        with tempfile.TemporaryDirectory() as folder:
            loads = {
                subject: _Loads(subject, write(Path(folder) / f"{subject}.yaml", count))
                for subject, write in WRITE.items()
                if subject != "cassetter" or traffic.HAS_CASSETTER
            }
            cost = medians(loads, ROUNDS)
        peaks = {subject: max(load.memory, default=math.inf) for subject, load in loads.items()}
        for table, values, shown in ((durations, cost, seconds), (memory, peaks, _megabytes)):
            each = (_shown(values.get(subject), shown) for subject in WRITE)
            table.rows.append((f"{count:,}", *each, times(values["own"], values["VCR.py"])))
    yield durations
    yield memory


def _shown(value: float | None, shown: Callable[[float], str]) -> str:
    if value is None:
        return "not installed"
    return "refused" if math.isinf(value) else shown(value)


def _megabytes(value: float) -> str:
    return f"{value / 1e6:.1f} MB"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
