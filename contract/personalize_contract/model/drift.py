"""Drift: the differences in meaning between an answer and the recorded one.

Only `PARTS` are compared. Ids, dates and the reason phrase carry no meaning, nor do headers that
depend on the route of an answer (`connection`, `server`, `retry-after`). The wording of a message
is shown and never counted: it isn't documented, and a service that finds two mistakes names them
in any order.

A difference means that the service changed only if the provenance of the recording is not weaker
than that of the answer: AWS compared with AWS, or an endpoint with AWS. Against a recording of
weaker provenance, such as the reference service's, a difference means that the recording was a
guess; it is shown and doesn't count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from personalize_contract.model import rest_json, strict_json
from personalize_contract.model.exchange import Response, media_type
from personalize_contract.model.member_rules import kind_of
from personalize_contract.model.provenance import Provenance

_MAX_LENGTH = 300
"""Maximum number of characters shown of a body's shape."""

_MAX_DEPTH = 20
"""Maximum depth of a body's shape."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between an answer and the recorded one.

    Args:
        part: the name of the part, from `PARTS`.
        recorded: the recorded value.
        now: the value now.
        counts: whether it changes the meaning; false for the wording of a message.
    """

    part: str
    recorded: str
    now: str
    counts: bool


def shape(response: Response) -> str:
    """Return the types in a body: `{message: a string}`, `empty`, `not JSON`."""
    if not response.body:
        return "empty"
    try:
        value = strict_json.loads(response.body)
    except strict_json.NotJson:
        return "not JSON"
    return _cut(_shape(value, 0))


def _shape(value: Any, depth: int) -> str:
    if depth > _MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        members = (f"{name}: {_shape(value[name], depth + 1)}" for name in sorted(value))
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{' or '.join(sorted({_shape(member, depth + 1) for member in value}))}]"
    return kind_of(value)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}..."


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
"""The compared parts of an answer: whether a difference counts, and the function that reads it."""


def differences(recorded: Response, now: Response) -> list[Difference]:
    """Return the differences between two answers to one request, in the order of `PARTS`."""
    return [
        Difference(part, then, today, counts)
        for part, (counts, read) in PARTS.items()
        if (then := read(recorded)) != (today := read(now))
    ]


def same(recorded: Response, now: Response) -> bool:
    """Return whether two answers mean the same, their wording aside."""
    return not any(difference.counts for difference in differences(recorded, now))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of an answer with the recorded one.

    Args:
        recorded_by: the source of the recorded answer, as `answered_by` of its provenance.
        recorded_at: the time of the recording.
        counts: whether the recording's provenance is not weaker than the answer's.
        differences: the differences between the two.
    """

    recorded_by: str
    recorded_at: str
    counts: bool
    differences: tuple[Difference, ...]

    @classmethod
    def of(cls, recorded: Response, by: Provenance, now: Response, answered_by: str) -> Comparison:
        """Compare an answer with the recorded one."""
        counts = not by.below(Provenance(answered_by))
        return cls(by.answered_by, by.recorded_at, counts, tuple(differences(recorded, now)))

    @property
    def changed(self) -> bool:
        """True if the service answers differently now."""
        return self.counts and any(difference.counts for difference in self.differences)

    def as_property(self) -> dict[str, Any]:
        """Return the comparison as builtins, for a property of a test report."""
        return {**asdict(self), "changed": self.changed}
