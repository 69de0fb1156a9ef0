"""Rules of the page that aren't enforced, or not everywhere."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adversary.defects.altered import (
    limits,
    skipping,
    unless,
    where,
    with_rule,
)
from adversary.defects.mutant import Mutant, Mutants
from adversary.service import (
    Operation,
    Place,
    Rule,
    Service,
    measured,
    right,
)


def mutants(of: Operation) -> Mutants:
    """Yield mutants with a rule dropped, moved, miscounted, or enforced in some places only."""
    yield from _dropped(of)
    yield from _limits_moved(of)
    yield from _lengths_miscounted(of)
    yield from _in_places(of)
    yield from _under_conditions(of)
    yield from _types_accepted(of)


def _dropped(of: Operation) -> Mutants:
    for rule in of.rules:
        service = replace(right(of), waived=frozenset([rule.clause]))
        yield Mutant(f"{rule.clause}: not checked", rule.clause, service)


_FORMER = {"items[].properties": (1024, 4096, 24262)}
"""Limits of older service models."""


def _limits_moved(of: Operation) -> Mutants:
    for rule in limits(of):
        for by in (-1, 1):
            new = measured(rule.check, rule.want + by)
            name = f"{rule.clause}: {rule.want + by} instead of {rule.want}"
            if by < 0 and rule.want == 1 and rule.check == "min-length":
                name = f"{rule.clause}: an empty one is taken"
            yield Mutant(name, rule.clause, with_rule(of, rule, new))
        if rule.check == "max-length":
            far = unless(rule, _shorter_than(4 * rule.want))
            service = skipping(of, rule, far)
            yield Mutant(f"{rule.clause}: far too much is taken", rule.clause, service)
            for former in _FORMER.get(rule.at, ()):
                service = with_rule(of, rule, measured(rule.check, former))
                yield Mutant(f"{rule.clause}: the former {former}", rule.clause, service)
        if rule.check.startswith("max-"):
            more = measured(rule.check, rule.want + 1)
            yield Mutant(
                f"{rule.clause}: only one too many is rejected",
                rule.clause,
                with_rule(of, rule, unless(rule, more).breaks),
            )


def _shorter_than(length: int) -> Callable[[Place], bool]:
    return lambda place: not isinstance(place.value, str) or len(place.value) < length


def _clusters(text: str) -> int:
    return sum(1 for letter in text if not unicodedata.combining(letter))


_COUNTS: dict[str, Callable[[str], int]] = {
    "bytes": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "UTF-16 units": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "bytes of its JSON": lambda text: len(json.dumps(text)) - 2,
    "grapheme clusters": _clusters,
    "characters after NFC": lambda text: len(unicodedata.normalize("NFC", text)),
    "characters without the white space around": lambda text: len(text.strip()),
    "characters modulo 2**16": lambda text: len(text) % 65536,
}


def _lengths_miscounted(of: Operation) -> Mutants:
    for rule in of.rules:
        # An ARN is always ASCII, so its characters can't be miscounted.
        if rule.check != "max-length" or rule.at == "datasetArn":
            continue
        for unit, length in _COUNTS.items():
            if unit == "characters modulo 2**16" and rule.want < 1024:
                continue  # no caller sends an id of 65537 characters
            yield Mutant(
                f"{rule.clause}: counted in {unit}",
                rule.clause,
                with_rule(of, rule, measured(rule.check, rule.want, length)),
            )
        together = _sum_of(of, rule)
        yield Mutant(f"{rule.clause}: of all of them together", rule.clause, together)


def _sum_of(of: Operation, rule: Rule) -> Service:
    """Return a limit on the sum over the batch."""
    name = rule.at.rpartition(".")[2]

    def too_long(place: Place) -> bool:
        items = place.value if isinstance(place.value, list) else []
        values = [item.get(name) for item in items if isinstance(item, dict)]
        together = sum(len(value) for value in values if isinstance(value, str))
        return together > int(rule.want)

    added = replace(rule, at=of.batch, breaks=too_long)
    return replace(right(of), rules=(*of.rules, added))


_PLACES: dict[str, Callable[[Place], bool]] = {
    "only in the first": lambda place: place.index == 0,
    "only in the last": lambda place: place.index == place.count - 1,
    "in all but the first": lambda place: place.index > 0,
    "in all but the last": lambda place: place.index < place.count - 1,
    "in all but the second": lambda place: place.index != 1,
    "in all but the second of two": lambda place: (place.index, place.count) != (1, 2),
    "in all but the eighth": lambda place: place.index != 7,
    "in the first and the last": lambda place: place.index in (0, place.count - 1),
    "only in a batch of one": lambda place: place.count == 1,
    "only in a batch of several": lambda place: place.count > 1,
}


def _in_places(of: Operation) -> Mutants:
    for rule in of.rules:
        if "[]" not in rule.at:
            continue
        for words, looked_at in _PLACES.items():
            # An unchecked value is accepted, even if later code could not handle it.
            service = skipping(of, rule, unless(rule, looked_at))
            yield Mutant(f"{rule.clause}: checked {words}", rule.clause, service)


def _conditions(of: Operation) -> dict[str, Callable[[Place], bool]]:
    document, identity = of.document, of.identity

    def of_item(test: Callable[[dict[str, Any]], bool]) -> Callable[[Place], bool]:
        return lambda place: isinstance(place.item, dict) and test(place.item)

    return {
        f"not where {document} is absent": of_item(lambda item: document in item),
        f"not where {document} is there": of_item(lambda item: document not in item),
        f"not where {identity} is not ASCII": of_item(
            lambda item: str(item.get(identity, "")).isascii()
        ),
    }


def _under_conditions(of: Operation) -> Mutants:
    conditions = _conditions(of)
    for rule in of.rules:
        if rule.at != f"{of.batch}[].{of.identity}":
            continue
        for words, holds in conditions.items():
            if "ASCII" in words and rule.check != "max-length":
                continue  # non-ASCII text can break no other rule of an id
            service = skipping(of, rule, unless(rule, holds))
            yield Mutant(f"{rule.clause}: checked {words}", rule.clause, service)
    for rule in of.rules:
        if rule.at != of.batch or rule.check != "max-members":
            continue
        for count in (12, 21, 99, 266):
            service = with_rule(of, rule, where(rule, _of_other_size(count)))
            yield Mutant(f"{rule.clause}: {count} are taken", rule.clause, service)
        for words, of_batch in _of_batches(of).items():
            service = with_rule(of, rule, where(rule, of_batch))
            yield Mutant(f"{rule.clause}: checked {words}", rule.clause, service)


def _of_batches(of: Operation) -> dict[str, Callable[[list[Any]], bool]]:
    return {
        "not where no document is there": lambda items: any(of.document in item for item in items),
        "not where all are the same": lambda items: len({str(item) for item in items}) > 1,
        "not where all differ": lambda items: len({str(item) for item in items}) < len(items),
    }


def _of_other_size(count: int) -> Callable[[list[Any]], bool]:
    return lambda items: len(items) != count


_JSON = {
    "null": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "a number": lambda value: type(value) in (int, float) and value,
    "zero": lambda value: type(value) in (int, float) and not value,
    "a fraction": lambda value: type(value) is float,
    "a large number": lambda value: type(value) is int and value > 2**63,
    "a negative number": lambda value: type(value) is int and value < 0,
    "a string": lambda value: isinstance(value, str),
    "an array": lambda value: isinstance(value, list) and value,
    "an empty array": lambda value: value == [] and isinstance(value, list),
    "an object": lambda value: isinstance(value, dict) and value,
    "an empty object": lambda value: value == {} and isinstance(value, dict),
}
_OWN = {
    "string": ("a string",),
    "array": ("an array", "an empty array"),
    "object": ("an object", "an empty object"),
}


def _where_it_is(rule: Rule, is_so: Callable[[Any], object]) -> Rule:
    return replace(rule, breaks=lambda place: rule.breaks(place) and bool(is_so(place.value)))


def _types_accepted(of: Operation) -> Mutants:
    required = {rule.at for rule in of.rules if rule.check == "required"}
    for rule in of.rules:
        if rule.check != "type":
            continue
        for words, is_so in _JSON.items():
            if words in _OWN[rule.want]:
                continue
            if words == "null" and "." in rule.at and rule.at not in required:
                continue  # in rest-json, null means that an optional member is not set
            service = skipping(of, rule, _where_it_is(rule, is_so))
            yield Mutant(f"{rule.clause}: takes {words}", rule.clause, service)
