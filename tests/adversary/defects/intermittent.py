"""Intermittently wrong answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adversary.defects.mutant import ANY, Mutant, Mutants
from adversary.service import (
    Answer,
    Operation,
    Sent,
    Service,
    right,
)

_WRONG: dict[str, Callable[[Answer], Answer]] = {
    "500": lambda answer: Answer(500),
    "200": lambda answer: Answer(200),
    "a body of {}": lambda answer: replace(answer, body=b"{}"),
}


def _each(n: int) -> Callable[[int], bool]:
    return lambda number: number % n == 0


def mutants(of: Operation) -> Mutants:
    def when(test: Callable[[int], bool], change: Callable[[Answer], Answer]) -> Service:
        return replace(
            right(of),
            around=lambda sent, answer: change(answer) if test(sent.number) else answer,
        )

    chance = random.Random(6)  # noqa: S311 - a repeatable choice, not a secret
    unlucky = {number for number in range(1, 10_000) if chance.random() < 0.2}
    times: dict[str, Callable[[int], bool]] = {
        "the first": lambda number: number == 1,
        "the second": lambda number: number == 2,
        "all from the fiftieth on": lambda number: number >= 50,
        "all from the ninetieth on": lambda number: number >= 90,
        **{f"each {n}th": _each(n) for n in (2, 3, 4, 5, 7, 10, 13, 17, 20, 25, 40)},
        "one in five": unlucky.__contains__,
    }
    for words, test in times.items():
        yield Mutant(f"500 for {words}", ANY, when(test, _WRONG["500"]))
    for words in ("each 3th", "each 10th", "one in five"):
        for wrong in ("200", "a body of {}"):
            yield Mutant(f"{wrong} for {words}", ANY, when(times[words], _WRONG[wrong]))

    def sticky(trigger: int) -> Service:
        memory: dict[str, Any] = {}

        def around(sent: Sent, answer: Answer) -> Answer:
            spoilt = memory.pop("spoilt", False)
            memory["spoilt"] = answer.status == trigger
            return Answer(500) if spoilt else answer

        return replace(right(of), around=around)

    for trigger in (400, 404, 409):
        yield Mutant(f"500 after each {trigger}", ANY, sticky(trigger))

    def repeated() -> Service:
        earlier_bodies: set[bytes] = set()

        def around(sent: Sent, answer: Answer) -> Answer:
            again = sent.body in earlier_bodies
            earlier_bodies.add(sent.body)
            return Answer(500) if again else answer

        return replace(right(of), around=around)

    yield Mutant("500 for a repeated request", ANY, repeated())
