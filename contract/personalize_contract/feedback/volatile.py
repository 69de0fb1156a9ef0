"""Values that are new on each run (timestamps, UUIDs, counters), and the members to ignore."""

from __future__ import annotations

import re
from collections.abc import Sequence

from personalize_contract.cassette.matching import Matching
from personalize_contract.errors import UsageError
from personalize_contract.model.exchange import Request

_KINDS = (
    re.compile(r'"?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"?|"[0-9a-fA-F]{32}"'),
    re.compile(r'"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"'),
    re.compile(r'"?1\d{9}(?:\.\d+|\d{3}|\d{6}|\d{9})?"?'),
)
"""JSON values that are UUIDs, dates, or seconds since 1970 or fractions of them."""

_COUNTER = re.compile(r'("?[^"\d]*)\d+("?)')
_COUNTED = re.compile(
    r"(?:attempt|batch|build|counter|number|revision|run|seq|sequence|version)\w*", re.IGNORECASE
)
_PLAIN = re.compile(r"[A-Za-z_]\w*(?:\[\d+\])?(?:\.[A-Za-z_]\w*(?:\[\d+\])?)*")


def is_volatile(place: str, sent: str, recorded: str) -> bool:
    """Return whether two values of a member differ only because they are from two runs.

    Counters are recognised by the name of their member; any other number is a value.
    """
    if any(kind.fullmatch(sent) and kind.fullmatch(recorded) for kind in _KINDS):
        return True
    name = place.rpartition(".")[2]
    now, then = _COUNTER.fullmatch(sent), _COUNTER.fullmatch(recorded)
    if not (now and then and _COUNTED.fullmatch(name)):
        return False
    return now.groups() == then.groups()


def ignoring(places: Sequence[tuple[str, str, str]], sent: Request, recorded: Request) -> list[str]:
    """Return the members to ignore so that a recorded exchange answers; none if that can't help.

    Args:
        places: each place where the requests differ, with both values as JSON; `""` for none.
        sent: the request.
        recorded: the request of the exchange.
    """
    if not all(_PLAIN.fullmatch(place) and is_volatile(place, *both) for place, *both in places):
        return []
    members = list(dict.fromkeys(re.sub(r"\[\d+\]", "[]", place) for place, *_ in places))
    try:
        matching = Matching(members)
    except UsageError:  # the members of an array can't be ignored
        return []
    return members if matching.key(sent) == matching.key(recorded) else []
