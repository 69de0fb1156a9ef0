"""The correct service with one rule altered."""

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
    """Return a service with another test for one rule."""
    rules = tuple(replace(rule, breaks=new) if rule is old else rule for rule in of.rules)
    return replace(right(of), rules=rules)


def limits(of: Operation) -> Iterator[Rule]:
    """Return the rules with a number in them."""
    return (rule for rule in of.rules if rule.check.startswith(("min-", "max-")))


def unless(rule: Rule, where: Callable[[Place], object]) -> Rule:
    """Return a rule that is not checked at some places."""
    return replace(rule, breaks=lambda place: not where(place) and rule.breaks(place))


def where(rule: Rule, holds: Callable[[list[Any]], bool]) -> Breaks:
    """Return a rule that is checked for some values only."""
    return lambda place: rule.breaks(place) and holds(place.value)


def skipping(of: Operation, rule: Rule, waived: Rule) -> Service:
    """Return a service that accepts breaches of `waived`, a subset of those of `rule`."""
    marker = f"{rule.clause} skipped"
    accepted = replace(waived, clause=marker)
    narrowed = replace(rule, breaks=lambda place: rule.breaks(place) and not waived.breaks(place))
    rules: list[Rule] = []
    for each in of.rules:
        rules += [narrowed, accepted] if each is rule else [each]
    return replace(right(of), rules=tuple(rules), waived=frozenset([marker]))


def reject_more(of: Operation, at: str, when: Breaks) -> Service:
    """Return a service with an additional rule."""
    more = Rule("more", at, "more", None, "invalid-input", when)
    return replace(right(of), rules=(*of.rules, more))


def around(
    of: Operation,
    when: Callable[[Sent, Answer], object],
    change: Callable[[Answer], Answer],
) -> Service:
    """Return a service that changes some of its answers."""
    return replace(
        right(of), around=lambda sent, answer: change(answer) if when(sent, answer) else answer
    )


def framing(of: Operation, code: str, frame: Frame) -> Service:
    """Return a service that frames the errors of one code differently."""

    def frames(status: int, error_code: str, message: str) -> Answer:
        return (frame if error_code == code else in_header)(status, error_code, message)

    return replace(right(of), frame=frames)


def framed(header: str | None, body: Callable[[str, str], object]) -> Frame:
    """Return a framing with the code in a header, and a body built from code and message."""

    def frame(status: int, code: str, message: str) -> Answer:
        content = body(code, message)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        pairs = (("Content-Type", "application/json"),)
        return Answer(status, data, pairs if header is None else (*pairs, (header, code)))

    return frame
