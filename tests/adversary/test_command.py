"""`python tests/adversary`: samples, their exit status, and the command to repeat one."""

import subprocess
import sys
from itertools import count
from pathlib import Path

from adversary.clients.installed import CLIENTS
from adversary.defects.table import mutants
from adversary.malformed import BODIES, MESSAGES
from adversary.sample import Sample
from helpers.command import environment

NAMES = list(mutants())


def adversary(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, Path(__file__).parent, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(**more),
        check=False,
    )


def chosen(seed: str, of: int) -> set[str]:
    return {name for name in NAMES if Sample(seed, of).chooses("mutants", name)}


def test_a_sample_depends_on_its_seed_only() -> None:
    assert chosen("tree", 20) == chosen("tree", 20)
    assert chosen("tree", 20) != chosen("other", 20)
    assert chosen("tree", 1) == set(NAMES)


def test_every_mutant_is_in_some_sample() -> None:
    turns = set().union(*(chosen(str(seed), 20) for seed in range(300)))

    assert turns == set(NAMES)


def test_a_sample_prints_the_command_to_repeat_it() -> None:
    sample = Sample("a tree", 10)
    expected = sum(sample.chooses("malformed", name) for name in BODIES | MESSAGES)

    done = adversary("malformed", "--sample", "a tree", "--of", "10")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "to repeat: python tests/adversary malformed --sample 'a tree' --of 10",
        f"malformed cases answered {expected}/{expected}",
    ]


def test_a_failing_part_is_named_and_fails() -> None:
    only = {"curl --aws-sigv4"}
    seed = next(
        str(seed)
        for seed in count()
        if {name for name in CLIENTS if Sample(str(seed), 50).chooses("clients", name)} == only
    )

    done = adversary("clients", "--sample", seed, "--of", "50", PATH="")  # without curl

    assert done.returncode == 1, done.stderr
    assert "  curl --aws-sigv4: it could not be tried: " in done.stdout
    assert done.stdout.splitlines()[-2:] == ["clients 0/1", "fell short: clients"]
