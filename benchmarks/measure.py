"""Measuring: medians of rounds that alternate between the subjects, and tables of results."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Round = Callable[[], float]
"""Does some work and returns the seconds for one unit of it."""

BOUND = 20.0
"""Seconds after which a subject gets no further rounds."""


def medians(
    subjects: Mapping[str, Round], rounds: int, *, bound: float = BOUND
) -> dict[str, float]:
    """Return the median over the rounds of each subject's seconds.

    Each round measures all subjects, in rotating order, so that a machine which is slow for a while
    is slow for all of them.
    """
    durations: dict[str, list[float]] = {name: [] for name in subjects}
    spent = dict.fromkeys(subjects, 0.0)
    order = list(subjects)
    for _ in range(rounds):
        for name in order:
            if spent[name] < bound:
                began = time.perf_counter()
                durations[name].append(subjects[name]())
                spent[name] += time.perf_counter() - began
        order = [*order[1:], order[0]]
    return {name: statistics.median(values) for name, values in durations.items()}


@dataclass
class Table:
    """A table of results, which prints itself as Markdown.

    Args:
        title: the subject, in a few words.
        note: the method, in one or two sentences.
        columns: the column headings.
    """

    title: str
    note: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the table as Markdown with aligned columns."""
        lines = [self.columns, ["---:"] * len(self.columns), *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = ["| " + " | ".join(map(str.rjust, line, widths)) + " |" for line in lines]
        return "\n".join([f"## {self.title}", "", self.note, "", *shown])


def seconds(value: float) -> str:
    """Format a time in a suitable unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def times(value: float, floor: float) -> str:
    """Format a cost as a multiple of the floor."""
    if not floor:
        return "n/a"
    ratio = value / floor
    return f"{ratio:.2f} x" if ratio < 10 else f"{ratio:,.0f} x"
