"""Measuring: medians of rounds in which every subject has its turn, and tables of the results."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Round = Callable[[], float]
"""Does some work and gives how many seconds one unit of it took."""

BOUND = 20.0
"""Seconds after which a subject gets no further round: what is measured so far has to do."""


def medians(
    subjects: Mapping[str, Round], rounds: int, *, bound: float = BOUND
) -> dict[str, float]:
    """The median over the rounds of each subject's seconds.

    In each round all have a turn, in an order that moves on, so that a machine which is slow for
    a while is slow for all of them.
    """
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    spent = dict.fromkeys(subjects, 0.0)
    order = list(subjects)
    for _ in range(rounds):
        for name in order:
            if spent[name] < bound:
                began = time.perf_counter()
                taken[name].append(subjects[name]())
                spent[name] += time.perf_counter() - began
        order = [*order[1:], order[0]]
    return {name: statistics.median(found) for name, found in taken.items()}


@dataclass
class Table:
    """A table of results, which prints itself as Markdown.

    Args:
        title: what was measured, in a few words.
        note: how; one or two sentences.
        columns: their heads.
    """

    title: str
    note: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def __str__(self) -> str:
        """The table as Markdown, its columns aligned."""
        lines = [self.columns, ["---:"] * len(self.columns), *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = ["| " + " | ".join(map(str.rjust, line, widths)) + " |" for line in lines]
        return "\n".join([f"## {self.title}", "", self.note, "", *shown])


def seconds(value: float) -> str:
    """A time in a unit that fits it."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def times(value: float, floor: float) -> str:
    """How many times the floor something costs."""
    if not floor:
        return "n/a"
    ratio = value / floor
    return f"{ratio:.2f} x" if ratio < 10 else f"{ratio:,.0f} x"
