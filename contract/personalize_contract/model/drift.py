"""Drift: whether an answer means what the recorded one meant.

`PARTS` is all that is compared. Ids, dates and the reason phrase say nothing; headers that come
and go with the way an answer took (`connection`, `server`, `retry-after`) neither. The wording of
a message is shown and never counted: nobody promised it, and a service that finds two mistakes
names them in any order.

A difference means that the service changed only if the recording proves at least as much as the
answer now: what AWS says against what AWS said, or what an endpoint says against AWS. Against a
recording of lower provenance, such as the reference service's, a difference says that the
recording was a guess; it is shown, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from personalize_contract.model import rest_json, strict_json
from personalize_contract.model.exchange import Response, media_type
from personalize_contract.model.member_rules import kind_of
from personalize_contract.model.provenance import Provenance

_LONGEST = 300
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of an answer that differs; `counts` is false for what nobody promised."""

    part: str
    recorded: str
    now: str
    counts: bool


def shape(response: Response) -> str:
    """The kinds of what a body holds: `{message: a string}`, `empty`, `not JSON`."""
    if not response.body:
        return "empty"
    try:
        value = strict_json.loads(response.body)
    except strict_json.NotJson:
        return "not JSON"
    return _cut(_shape(value, 0))


def _shape(value: Any, depth: int) -> str:
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, dict):
        members = (f"{name}: {_shape(value[name], depth + 1)}" for name in sorted(value))
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{' or '.join(sorted({_shape(one, depth + 1) for one in value}))}]"
    return kind_of(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


PARTS: Mapping[str, tuple[bool, Callable[[Response], str]]] = {
    "status": (True, lambda answer: str(answer.status)),
    "code": (True, lambda answer: rest_json.error_code(answer) or "none"),
    "code is in": (
        True,
        lambda answer: rest_json.framing(answer) if answer.status >= 400 else "nowhere",
    ),
    "content type": (True, lambda answer: media_type(answer.headers) or "none"),
    "headers": (True, lambda answer: ", ".join(rest_json.headers(answer)) or "none"),
    "body": (True, shape),
    "message": (False, rest_json.wording),
}
"""What is compared of two answers: whether a difference counts, and how the part is read."""


def differences(recorded: Response, now: Response) -> list[Difference]:
    """What differs between two answers to one request, in the order of `PARTS`."""
    return [
        Difference(part, then, today, counts)
        for part, (counts, read) in PARTS.items()
        if (then := read(recorded)) != (today := read(now))
    ]


def same(recorded: Response, now: Response) -> bool:
    """Whether two answers mean the same, their wording aside."""
    return not any(one.counts for one in differences(recorded, now))


@dataclass(frozen=True, slots=True)
class Comparison:
    """An answer beside the recorded one.

    Args:
        recorded_by, recorded_at: the provenance of the recording.
        counts: whether the recording proves at least as much as the answer.
        differences: between the two.
    """

    recorded_by: str
    recorded_at: str
    counts: bool
    differences: tuple[Difference, ...]

    @classmethod
    def of(cls, recorded: Response, by: Provenance, now: Response, answered_by: str) -> Comparison:
        """Compare an answer with the recorded one."""
        counts = not by.below(Provenance(answered_by))
        found = tuple(differences(recorded, now))
        return cls(by.answered_by, by.recorded_at, counts, found)

    @property
    def changed(self) -> bool:
        """Whether the service answers otherwise than it did."""
        return self.counts and any(one.counts for one in self.differences)

    def as_property(self) -> dict[str, Any]:
        """As builtins, which is what a report can carry."""
        return {**asdict(self), "changed": self.changed}
