"""All adversarial tests, without limits: `python tests/adversary [PART...]`.

    mutants     services with one defect, each served to the whole suite
    dialects    valid services with unusual answers
    malformed   malformed requests, sent raw to the reference service
    clients     third-party clients (installed into the folder of temporary files)
    kills       200 recordings, each killed at a random moment
    hypothesis  the generated tests, with thousands of examples each
    load        64 connections on a store file for a minute, a kill, a restart

The exit status is 1 if any part fails. `--sample SEED --of N` runs about one Nth of it, chosen by
SEED: `.ci/run` does so, with the git tree as the seed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
sys.path[0:1] = [str(TESTS), str(ROOT)]  # for this package and for `benchmarks`

from adversary.clients.installed import CLIENTS
from adversary.clients.runs import EXPECTED, run_client
from adversary.defects.table import mutants
from adversary.dialects import dialects
from adversary.listening import plainly
from adversary.load import killed_under_load
from adversary.malformed import BODIES, MESSAGES, tried
from adversary.sample import Sample
from adversary.trial import broken, evidence, survives

Result = tuple[str, str | None]
"""The name of a case, and its shortcoming or None."""

MUTANTS, DIALECTS, MALFORMED = mutants(), dialects(), BODIES | MESSAGES
KILLS = 200
KILL_TESTS = str(next(TESTS.rglob("test_kills.py")))
GENERATED_TESTS = [
    str(file)
    for file in sorted(TESTS.rglob("test_*.py"))
    if "from hypothesis import" in file.read_text("utf-8")
]


def _kill(name: str) -> Result:
    try:
        return name, survives(MUTANTS[name], whole=True)
    except Exception as error:
        return name, f"the suite crashed: {error!r}"


def _mutants(names: list[str]) -> Iterator[Result]:
    # Half of the time is waiting, for answers that are late or never come.
    with multiprocessing.Pool(2 * multiprocessing.cpu_count()) as pool:
        yield from pool.imap_unordered(_kill, names)


def _dialects(names: list[str]) -> Iterator[Result]:
    for name in names:
        dialect = DIALECTS[name]
        shown = evidence(dialect.service, dialect.wire or plainly)
        yield name, "; ".join(sorted(broken(shown))) or None


def _malformed(names: list[str]) -> Iterator[Result]:
    yield from tried({name: MALFORMED[name] for name in names})


def _clients(names: list[str]) -> Iterator[Result]:
    for name in names:
        try:
            outcomes = run_client(name).outcomes
        except (OSError, subprocess.SubprocessError) as error:
            yield name, f"it could not be tried: {error}"
            continue
        yield name, None if outcomes == EXPECTED else f"it understood {outcomes}"


TABLES: dict[str, tuple[Callable[[list[str]], Iterator[Result]], Iterable[str], str]] = {
    "mutants": (_mutants, MUTANTS, "mutants killed"),
    "dialects": (_dialects, DIALECTS, "dialects passed"),
    "malformed": (_malformed, MALFORMED, "malformed cases answered"),
    "clients": (_clients, CLIENTS, "clients"),
}


def _table(part: str, sample: Sample) -> bool:
    check, every, words = TABLES[part]
    names = [name for name in every if sample.chooses(part, name)]
    right = 0
    for done, (name, short) in enumerate(check(names), 1):
        right += short is None
        if short is not None:
            print(f"  {name}: {short}", flush=True)
        if done % 50 == 0:
            print(f"  {words} {right}/{done} of {len(names)}...", file=sys.stderr, flush=True)
    print(f"{words} {right}/{len(names)}", flush=True)
    return right == len(names)


def _pytest(*arguments: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", *arguments]
    return subprocess.run(command, check=False, cwd=ROOT).returncode == 0


def _kills(sample: Sample) -> bool:
    count = f"--kills={max(KILLS // sample.of, 1)}"
    return _pytest(KILL_TESTS, count, f"--kills-seed={sample.number}")


def _hypothesis(sample: Sample) -> bool:
    chosen = ["--hypothesis-profile=long"]
    if sample.of > 1:
        chosen = ["--hypothesis-profile=rotating", f"--hypothesis-seed={sample.number}"]
    return _pytest(*GENERATED_TESTS, "-m", "hypothesis", *chosen)


def _load(sample: Sample) -> bool:
    seconds = 60 / sample.of
    with tempfile.TemporaryDirectory() as folder:
        run = killed_under_load(Path(folder) / "store", seconds)
    print(
        f"load: {run.a_second:,.0f} requests/s on 64 connections for {seconds:g} s; after "
        f"kill -9, {len(run.acknowledged) - len(run.lost):,} of {len(run.acknowledged):,} "
        f"acknowledged items are there; memory {run.memory[0] >> 10} MiB, then "
        f"{run.memory[-1] >> 10} MiB",
        flush=True,
    )
    if sample.of == 1:
        subprocess.run([sys.executable, "-m", "benchmarks", "http"], check=True, cwd=ROOT)
    return not run.lost and set(run.statuses) | {run.after_restart} == {200} and run.flat


def main() -> int:
    """Run the selected parts, and return the exit status."""
    parts: dict[str, Callable[[Sample], bool]] = {
        **{part: lambda sample, part=part: _table(part, sample) for part in TABLES},  # type: ignore[misc]
        "kills": _kills,
        "hypothesis": _hypothesis,
        "load": _load,
    }
    parser = argparse.ArgumentParser(
        prog="python tests/adversary", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "parts", nargs="*", choices=[*parts, []], metavar="PART", help="default: all"
    )
    parser.add_argument("--sample", default="", metavar="SEED", help="seed of the sample")
    parser.add_argument("--of", type=int, default=1, metavar="N", help="run about one in N")
    arguments = parser.parse_args()
    if arguments.of < 1:
        parser.error(f"--of {arguments.of}: use 1 or more")
    sample = Sample(arguments.sample, arguments.of)
    chosen = arguments.parts or list(parts)
    if sample.of > 1:
        again = f"--sample {shlex.quote(sample.seed)} --of {sample.of}"
        print(f"to repeat: python tests/adversary {' '.join(chosen)} {again}", flush=True)
    results = {}
    for part in chosen:
        print(f"{part}...", file=sys.stderr, flush=True)
        results[part] = parts[part](sample)
    short = [part for part, right in results.items() if not right]
    if short:
        print(f"fell short: {', '.join(short)}", flush=True)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
