"""Near misses of the pattern of an ARN."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from adversary.defects.altered import (
    with_rule,
)
from adversary.defects.mutant import Mutant, Mutants
from adversary.service import (
    Breaks,
    Operation,
)


def mutants(of: Operation) -> Mutants:
    for rule in of.rules:
        if rule.check != "pattern":
            continue
        for words, new in _patterns(rule.want):
            yield Mutant(f"{rule.clause}: {words}", rule.clause, with_rule(of, rule, new))


def _patterns(pattern: str) -> Iterator[tuple[str, Breaks]]:
    def unless(matches: Callable[[str], object]) -> Breaks:
        return lambda place: isinstance(place.value, str) and not matches(place.value[:4096])

    compiled = re.compile(pattern, re.ASCII)
    yield "searched for, not matched", unless(compiled.search)
    yield "matched at the front only", unless(re.compile(pattern.rstrip(".+"), re.ASCII).match)
    yield "in any case", unless(re.compile(pattern, re.ASCII | re.I).fullmatch)
    part = r"[a-z\d-]+"
    for words, loose in (
        ("arn in any case", pattern.replace("arn", "(?i:arn)", 1)),
        ("the partition in any case", pattern.replace(part, f"(?i:{part})", 1)),
        ("the service in any case", pattern.replace("personalize", "(?i:personalize)", 1)),
        ("a dot in the partition", pattern.replace(part, r"[a-z\d.-]+", 1)),
        ("a blank before", f" ?{pattern}"),
    ):
        assert loose != pattern
        yield words, unless(re.compile(loose, re.ASCII).fullmatch)
    yield "a line break may follow", unless(re.compile(f"{pattern}\n?", re.ASCII).fullmatch)
    yield "taken for text", unless(lambda text: text == pattern)
    yield "only of six fields", unless(lambda t: compiled.fullmatch(t) and t.count(":") == 5)
    yield "only in aws", unless(lambda t: compiled.fullmatch(t) and ":aws:" in t)
    yield "only in one region", unless(lambda t: compiled.fullmatch(t) and ":us-east-1:" in t)
    account = re.compile(r"arn:[^:]*:personalize:[^:]*:\d{12}:.+", re.ASCII)
    yield "only in an account of digits", unless(account.fullmatch)
    swaps = [("*", "+"), ("+", "*"), ("a-z", "a-z_"), ("a-z", "aws"), (r"\d", ""), ("-]", "]")]
    swaps += [("personalize", "[a-z0-9]+"), ("personalize", "personalize[a-z-]*")]
    for old, new in swaps:
        for match in re.finditer(re.escape(old), pattern):
            changed = pattern[: match.start()] + new + pattern[match.end() :]
            yield f"{changed}", unless(re.compile(changed, re.ASCII).fullmatch)
