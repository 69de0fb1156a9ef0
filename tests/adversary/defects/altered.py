"""The right service with one rule altered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from adversary.service import (
    Answer,
    Breaks,
    Frame,
    Operation,
    Place,
    Rule,
    Sent,
    Service,
    in_header,
    right,
)


def with_rule(of: Operation, old: Rule, new: Breaks) -> Service:
    """A service with another idea of what breaks a rule."""
    rules = tuple(replace(rule, breaks=new) if rule is old else rule for rule in of.rules)
    return replace(right(of), rules=rules)


def limits(of: Operation) -> Iterator[Rule]:
    """The rules with a number in them."""
    return (rule for rule in of.rules if rule.check.startswith(("min-", "max-")))


def unless(rule: Rule, where: Callable[[Place], object]) -> Rule:
    """What breaks a rule at places where nobody looks."""
    return replace(rule, breaks=lambda place: not where(place) and rule.breaks(place))


def where(rule: Rule, holds: Callable[[list[Any]], bool]) -> Breaks:
    """A rule that is kept for some values only."""
    return lambda place: rule.breaks(place) and holds(place.value)


def skipping(of: Operation, rule: Rule, waived: Rule) -> Service:
    """A service that takes what breaks `waived`, which is a part of what breaks `rule`."""
    marker = f"{rule.clause} skipped"
    taken = replace(waived, clause=marker)
    narrowed = replace(rule, breaks=lambda place: rule.breaks(place) and not waived.breaks(place))
    rules: list[Rule] = []
    for each in of.rules:
        rules += [narrowed, taken] if each is rule else [each]
    return replace(right(of), rules=tuple(rules), waived=frozenset([marker]))


def refuse_more(of: Operation, at: str, when: Breaks) -> Service:
    """A service with one rule more than the page."""
    more = Rule("more", at, "more", None, "invalid-input", when)
    return replace(right(of), rules=(*of.rules, more))


def around(
    of: Operation,
    when: Callable[[Sent, Answer], object],
    change: Callable[[Answer], Answer],
) -> Service:
    """A service that changes some of its answers."""
    return replace(
        right(of), around=lambda sent, answer: change(answer) if when(sent, answer) else answer
    )


def framing(of: Operation, code: str, frame: Frame) -> Service:
    """A service that frames the errors of one code in another way."""

    def frames(status: int, wanted: str, message: str) -> Answer:
        return (frame if wanted == code else in_header)(status, wanted, message)

    return replace(right(of), frame=frames)


def framed(header: str | None, body: Callable[[str, str], object]) -> Frame:
    """Errors with the code in a header, and a body made of the code and the message."""

    def frame(status: int, code: str, message: str) -> Answer:
        content = body(code, message)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        pairs = (("Content-Type", "application/json"),)
        return Answer(status, data, pairs if header is None else (*pairs, (header, code)))

    return frame
