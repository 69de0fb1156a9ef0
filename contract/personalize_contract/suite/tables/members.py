"""The scenarios of an operation that is told by an example and a row for each of its members.

Both stand in the `suite` of its contract file, where they were written down from the page a second
time. Each row gives the values at its limits and past them, of each wrong JSON type, and what is
left out; in a batch also the same mistake in each place.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from personalize_contract.model.datasets import PREFIX, State
from personalize_contract.suite.expectations import (
    Code,
    Expectation,
    Message,
    Observed,
    Status,
    WellFormed,
)
from personalize_contract.suite.scenario import (
    DATASET,
    SENSITIVE,
    Call,
    Scenario,
    Wire,
    long_properties,
)
from personalize_contract.suite.tables.messages import after, messages
from personalize_contract.suite.tables.not_json import not_json
from personalize_contract.suite.tables.rows import (
    INVALID,
    MALFORMED,
    UNKNOWN,
    accepted,
    arn_refused,
    malformed,
    refused,
)
from personalize_contract.suite.tables.unknowns import of_messages

_CUP = "\N{TEACUP WITHOUT HANDLE}"
_ABSENT = object()

_KINDS = ("string", "number", "integer", "timestamp", "boolean", "array", "object")
_NUMBERS = ("number", "integer", "timestamp")


@dataclass(frozen=True)
class Member:
    """A member of a request, as the page says it.

    Args:
        path: from the body, `eventList[].sentAt`.
        kind: its type.
        clause: the part of its clauses' ids that names it; `""` for its name in other letters.
        required: whether it must be there; None for the members of an array.
        length: the least and the greatest number of characters; None for no limit.
        members: the same of an array's members.
        range: the least and the greatest number.
        names: `resource` where it says what is written to.
        document: whether its string holds the JSON text of an object.
        matches: legal texts by name, where there is a pattern.
        near_misses: texts by name that almost match it.
    """

    path: str
    kind: str
    clause: str = ""
    required: bool | None = None
    length: tuple[int | None, int | None] = (None, None)
    members: tuple[int | None, int | None] = (None, None)
    range: tuple[float | None, float | None] = (None, None)
    names: str = ""
    document: bool = False
    matches: Mapping[str, str] = field(default_factory=dict)
    near_misses: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str, row: Mapping[str, Any]) -> Member:
        """A row of a contract file."""
        values = {name.replace("-", "_"): value for name, value in row.items()}
        if values.get("kind") not in _KINDS:
            raise ValueError(f"{path}: kind is one of {', '.join(_KINDS)}")
        for name in ("length", "members", "range"):
            if name in values:
                low, high = values[name]
                values[name] = (low, high)
        return cls(path, **values)

    @property
    def label(self) -> str:
        """Its name in ids."""
        name = self.path.rpartition(".")[2]
        return self.clause or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()

    def rule(self, name: str) -> str:
        """The id of a clause about it."""
        return f"request.{self.label}.{name}"


@dataclass(frozen=True)
class Example:
    """An operation, told by a legal request with everything in it.

    Args:
        one: a thing of the batch, in ids.
        batch: the member that holds the things; `""` for none.
        url_path: of its requests.
        example: the body.
        rows: its members.
        call: the method of botocore's client; `""` if there is none.
        states: by state of what it writes to: the name of the error in ids, its status, its code.
        extra: accepted requests by clause and scenario: a member, and the value it has in them.
        noted: the same for those of which it is not known what is answered.
    """

    one: str
    batch: str
    url_path: str
    example: Mapping[str, Any]
    rows: tuple[Member, ...]
    call: str
    states: Mapping[State, tuple[str, int, str]]
    extra: Mapping[str, Mapping[str, Any]]
    noted: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, suite: dict[str, Any]) -> Example:
        """The `suite` of a contract file; raises ValueError, KeyError or TypeError."""
        rows = tuple(Member.read(path, row) for path, row in suite.pop("members").items())
        example = suite.pop("example")
        if SENSITIVE not in json.dumps(example):
            raise ValueError(f"example: no member holds {SENSITIVE}, which no error may repeat")
        states = {state: tuple(row) for state, row in suite.pop("states", {}).items()}
        return cls(
            one=suite.pop("one"),
            batch=suite.pop("batch", ""),
            url_path=suite.pop("path"),
            example=example,
            rows=rows,
            call=suite.pop("call", ""),
            states=states,
            extra=suite.pop("accepted", {}),
            noted=suite.pop("observed", {}),
        )

    # --- as every table asks

    @property
    def first(self) -> str:
        """The member that a body begins with."""
        return next(iter(self.example))

    @property
    def many(self) -> str:
        """The member that holds the batch."""
        return self.batch or self.first

    @property
    def id(self) -> str:
        """A member whose value is a string."""
        return self._text_row.path.rpartition(".")[2]

    @property
    def path(self) -> str:
        """The path of its requests."""
        return self.url_path

    def wire(self, body: str | bytes, content_type: str | None = "application/json") -> Wire:
        """A request of the operation with any body at all."""
        return Wire(self.url_path, body, content_type)

    def calls(self, count: int) -> Call | Wire:
        """A legal request with so many things in its batch."""
        value = self._with_many(count) if self.batch else dict(self.example)
        return Call(self.call, self.url_path, value) if self.call else self.sends(value)

    def body(self, *, things: str = "") -> str:
        """A legal JSON body, or one with this JSON text for its batch."""
        return _replaced(self._with(self.many, "@"), things) if things else json.dumps(self.example)

    def text(self) -> str:
        """The JSON text of a thing."""
        value = self.example[self.many]
        return json.dumps(value[0] if self.batch else value)

    def with_id(self, name: str) -> str:
        """A body in which this JSON text stands for one string."""
        return _replaced(self._with(self._text_row.path, "@"), name)

    # --- as this one does

    @property
    def _text_row(self) -> Member:
        return next(
            row for row in self.rows if row.kind == "string" and not (row.names or row.document)
        )

    def value(self, row: Member) -> Any:
        """The value of a member in the example."""
        found: Any = self.example
        for step in _steps(row.path):
            found = found[0 if step == "[]" else step]
        return found

    def _with(self, path: str, value: Any, index: int = 0, size: int = 1) -> dict[str, Any]:
        """The example with another value of a member, of one thing in a batch of this size."""
        body = self._with_many(size) if self.batch and size > 1 else copy.deepcopy(self.example)
        *way, last = _steps(path)
        parent: Any = body
        for number, step in enumerate(way):
            in_batch = number == 1 and way[0] == self.batch
            parent = parent[(index if in_batch else 0) if step == "[]" else step]
        if last == "[]":
            parent[index if way == [self.batch] else 0] = value
        elif value is _ABSENT:
            del parent[last]
        else:
            parent[last] = value
        return dict(body)

    @property
    def most(self) -> int:
        """How many things a legal batch may have, as far as ten of them show all."""
        limits = [row.members[1] for row in self.rows if row.path == self.batch]
        return min([10, *(limit for limit in limits if limit is not None)])

    def places(self) -> Mapping[str, tuple[int, int]]:
        """Places in a batch: index and size."""
        most = self.most
        places = {
            f"first-of-{most}": (0, most),
            f"second-of-{most}": (1, most),
            f"middle-of-{most}": (most // 2, most),
            f"last-of-{most}": (most - 1, most),
            "last-of-two": (1, 2),
        }
        return {name: place for name, place in places.items() if place[0] < place[1] <= most}

    def _with_many(self, count: int) -> dict[str, Any]:
        body = dict(copy.deepcopy(self.example))
        body[self.batch] = [copy.deepcopy(body[self.batch][0]) for _ in range(count)]
        return body

    def sends(self, value: Any) -> Wire:
        """A request with this JSON body."""
        return self.wire(json.dumps(value))

    def member(self, row: Member, value: Any, index: int = 0, size: int = 1) -> Wire:
        """A request with another value of a member."""
        return self.sends(self._with(row.path, value, index, size))

    def without(self, row: Member, index: int = 0, size: int = 1) -> Wire:
        """A request without a member."""
        return self.member(row, _ABSENT, index, size)


def _steps(path: str) -> list[str]:
    return path.replace("[]", ".[]").split(".")


def _replaced(body: dict[str, Any], text: str) -> str:
    return json.dumps(body).replace('"@"', text, 1)


def members(of: Example) -> tuple[Scenario, ...]:
    """The table, for one operation."""
    return tuple(_all(of))


def _all(of: Example) -> Iterator[Scenario]:
    yield from messages(of)
    for row in of.rows:
        if row.names:
            yield from _resource(of, row)
            continue
        yield from _presence(of, row)
        yield from _types(of, row)
        yield from _lengths(of, row)
        yield from _counts(of, row)
        yield from _ranges(of, row)
        yield from _patterns(of, row)
        yield from _in_places(of, row)
    yield from _in_other_words(of)
    yield from not_json(of)
    for state, error in of.states.items():
        yield from _state(of, state, *error)
    yield from _accepted(of)
    yield from of_messages(of)
    yield from _noted(of)
    yield from after(of, {"another-path": (Wire(f"{of.path}/tea", of.body()),)})
    yield accepted("success-at-the-end", "response.success.status", of.calls(1))


def _presence(of: Example, row: Member) -> Iterator[Scenario]:
    if row.required:
        yield refused(f"{row.label}-absent", row.rule("required"), of.without(row))
    elif row.required is False:
        yield accepted(f"{row.label}-absent", row.rule("optional"), of.without(row))


def _types(of: Example, row: Member) -> Iterator[Scenario]:
    for name, value in _wrong(row, of.value(row)).items():
        yield malformed(f"{row.label}-{name}", row.rule("type"), of.member(row, value))


def _wrong(row: Member, value: Any) -> Mapping[str, Any]:
    """A value of each type that a member must not have, as near to what is right as may be."""
    of_kind: Mapping[str, Mapping[str, Any]] = {
        "boolean": {"true": True, "false": False},
        "integer": {"one": 1, "zero": 0, "negative": -1, "large-number": 98765432109876543210},
        "number": {"fraction": 1.5},
        "string": {"string": PREFIX, "empty-string": "", "text-of-json": json.dumps(value)},
        "array": {"array": [value], "empty-array": [], "array-of-null": [None]},
        "object": {"object": {"value": value}, "empty-object": {}},
    }
    right = {"timestamp": ("integer", "number"), "number": ("integer", "number")}.get(
        row.kind, (row.kind,)
    )
    wrong = {
        name: one
        for kind, values in of_kind.items()
        if kind not in right
        for name, one in values.items()
    }
    # Of an optional member null may mean that it is left out.
    return {**wrong, **({} if row.required is False else {"null": None})}


def _text(row: Member, length: int, letter: str = "x") -> str:
    """A legal text of so many characters, apart from its length."""
    if row.document and length >= len(f'{{"category": "{SENSITIVE}"}}'):
        return long_properties(length, letter)
    if row.document:
        return "1" * length
    return (PREFIX + letter * length)[:length]


def _lengths(of: Example, row: Member) -> Iterator[Scenario]:
    low, high = row.length
    label = row.label
    if low:
        clause = row.rule("min-length")
        yield refused(f"{label}-{low - 1}", clause, of.member(row, _text(row, low - 1)))
        # No object has a text of one character. A service that reads what it holds refuses two.
        control = of.member(row, _text(row, low + 1)) if row.document else None
        shortest = accepted(f"{label}-{low}", clause, of.member(row, _text(row, low)))
        yield replace(shortest, control=control)
    if high is None:
        return
    clause = row.rule("max-length")
    yield accepted(f"{label}-{high}", clause, of.member(row, _text(row, high)))
    for length in (high + 1, high + 2, 2 * high, 4 * high + 76):
        yield refused(f"{label}-{length}", clause, of.member(row, _text(row, length)))
    if not row.matches:
        yield accepted(f"{label}-{high}-emoji", clause, of.member(row, _text(row, high, _CUP)))
        yield refused(
            f"{label}-{high + 1}-emoji", clause, of.member(row, _text(row, high + 1, _CUP))
        )


def _counts(of: Example, row: Member) -> Iterator[Scenario]:
    low, high = row.members
    value = of.value(row)[:1] if row.kind == "array" else []
    if low:
        clause = row.rule("min-members")
        yield refused(f"{row.label}-{low - 1}", clause, of.member(row, value * (low - 1)))
        yield accepted(f"{row.label}-{low}", clause, of.member(row, value * low))
    if high is None:
        return
    clause = row.rule("max-members")
    for count in sorted({2, high // 2, high - 1, high} - {low}):
        yield accepted(f"{row.label}-{count}", clause, of.member(row, value * count))
    for count in (high + 1, high + 2, 2 * high, 100):
        yield refused(f"{row.label}-{count}", clause, of.member(row, value * count))


def _ranges(of: Example, row: Member) -> Iterator[Scenario]:
    for rule, limit, outside in zip(("minimum", "maximum"), row.range, (-1, 1), strict=True):
        if limit is not None:
            yield accepted(f"{row.label}-{rule}", row.rule(rule), of.member(row, limit))
            yield refused(
                f"{row.label}-past-{rule}", row.rule(rule), of.member(row, limit + outside)
            )
            if row.kind == "number":
                near = limit + outside / 1000
                yield refused(f"{row.label}-just-past-{rule}", row.rule(rule), of.member(row, near))


def _patterns(of: Example, row: Member) -> Iterator[Scenario]:
    clause = row.rule("pattern")
    for name, text in row.matches.items():
        yield accepted(f"{row.label}-{name}", clause, of.member(row, text))
    for name, text in row.near_misses.items():
        yield refused(f"{row.label}-{name}", clause, of.member(row, text))


def _in_places(of: Example, row: Member) -> Iterator[Scenario]:
    """One mistake in a batch: a service that looks at the first only is seen here."""
    if not of.batch or not row.path.startswith(f"{of.batch}[]"):
        return
    low, high = row.length
    mistakes: dict[str, tuple[str, Any]] = {"true": ("type", True)}
    if row.kind == "boolean":
        mistakes = {"one": ("type", 1)}
    if row.required:
        mistakes["absent"] = ("required", _ABSENT)
    if low:
        mistakes["too-short"] = ("min-length", _text(row, low - 1))
    if high is not None:
        mistakes["too-long"] = ("max-length", _text(row, high + 1))
    if row.members[0]:
        mistakes["too-few"] = ("min-members", of.value(row)[:1] * (row.members[0] - 1))
    if row.members[1] is not None:
        mistakes["too-many"] = ("max-members", of.value(row)[:1] * (row.members[1] + 1))
    for rule, limit, outside in zip(("minimum", "maximum"), row.range, (-1, 1), strict=True):
        if limit is not None:
            mistakes[f"beyond-{rule}"] = (rule, limit + outside)
    if row.near_misses:
        mistakes["near-miss"] = ("pattern", next(iter(row.near_misses.values())))
    for name, (rule, value) in mistakes.items():
        make = malformed if rule == "type" else refused
        for place, (index, size) in of.places().items():
            sends = of.member(row, value, index, size)
            yield make(f"{row.label}-{name}-{place}", row.rule(rule), sends)


def _resource(of: Example, row: Member) -> Iterator[Scenario]:
    """The member that says what is written to: no other value of it is known to be there."""
    if row.required:
        yield arn_refused(f"{row.label}-absent", row.rule("required"), of.without(row), INVALID)
    for name, value in _wrong(row, DATASET).items():
        sends = of.member(row, value)
        yield arn_refused(f"{row.label}-{name}", row.rule("type"), sends, MALFORMED)
    low, high = row.length
    if low:
        sends = of.member(row, "x" * (low - 1))
        yield arn_refused(f"{row.label}-{low - 1}", row.rule("min-length"), sends, INVALID)
        yield _unknown(of, f"{row.label}-{low}", row.rule("min-length"), of.member(row, "x" * low))
    if high is not None:
        clause = row.rule("max-length")
        yield _unknown(of, f"{row.label}-{high}", clause, of.member(row, f"{DATASET[:-1]}:{high}@"))
        for length in (high + 1, 2 * high):
            sends = of.member(row, f"{DATASET[:-1]}:{length}@")
            yield arn_refused(f"{row.label}-{length}", clause, sends, INVALID)


def _unknown(of: Example, name: str, clause: str, sends: Wire) -> Scenario:
    """A request to what is not there: refused for that alone, where the page documents it."""
    if "missing" not in of.states:
        return Scenario(name, sends, ((clause, Observed()), *UNKNOWN), denial=True)
    _, _, code = of.states["missing"]
    expects: tuple[tuple[str, Expectation], ...] = (
        (clause, WellFormed()),
        ("error.not-found.code", Code(code, of=404)),
    )
    return Scenario(name, sends, (*expects, *UNKNOWN), state="missing")


def _in_other_words(of: Example) -> Iterator[Scenario]:
    clause, good = "request.body.json-object", dict(of.example)
    for name, body in {
        "other-order": json.dumps(dict(reversed(good.items()))),
        "white-space": json.dumps(good, indent=2).replace("\n", "\r\n\t"),
        "no-white-space": json.dumps(good, separators=(",", ":")),
        "escapes": of.body().replace(of.many, f"\\u{ord(of.many[0]):04x}{of.many[1:]}", 1),
        "utf-8": of.with_id(f'"{PREFIX}{_CUP}"'),
    }.items():
        yield accepted(f"body-{name}", clause, of.wire(body))
    for name, value in {
        "array": [good],
        "null": None,
        "true": True,
        "string": "tea",
        "number": 1,
    }.items():
        yield malformed(f"body-{name}", clause, of.sends(value))


def _state(of: Example, state: State, name: str, status: int, code: str) -> Iterator[Scenario]:
    expects: tuple[tuple[str, Expectation], ...] = (
        (f"error.{name}.status", Status(status)),
        (f"error.{name}.code", Code(code)),
        ("error.message", Message(never=SENSITIVE)),
    )
    sends = of.sends(dict(of.example))
    yield Scenario(state, sends, expects, state=state)
    yield Scenario(f"{state}-code", sends, (expects[1], expects[0]), state=state)
    yield Scenario(f"{state}-message", sends, (expects[2],), state=state)
    if of.batch:
        yield Scenario(f"{state}-{of.most}", of.calls(of.most), expects, state=state)


def _accepted(of: Example) -> Iterator[Scenario]:
    rows = {row.path: row for row in of.rows}
    for clause, cases in of.extra.items():
        for name, case in cases.items():
            yield accepted(name, clause, of.member(rows[case["at"]], case["value"]))
    broken = [row for row in of.rows if row.required and not row.names]
    if broken:
        sends = of.without(broken[0])
        yield Scenario(
            "invalid-input-status", sends, (("error.invalid-input.status", Status(400)),)
        )
        code: Expectation = Code("InvalidInputException")
        yield Scenario("invalid-input-code", sends, (("error.invalid-input.code", code),))
    yield Scenario("malformed-status", of.wire("{"), MALFORMED)
    if broken:
        message: Expectation = Message(never=SENSITIVE)
        yield Scenario(
            "message-keeps-properties", of.without(broken[0]), (("error.message", message),)
        )


def _noted(of: Example) -> Iterator[Scenario]:
    rows = {row.path: row for row in of.rows}
    documents = [row for row in of.rows if row.document]
    for row in documents:
        expects = (("request.properties.null", Observed()), *UNKNOWN)
        yield Scenario(f"{row.label}-null", of.member(row, None), expects)
        for name, text in {
            "not-json": SENSITIVE,
            "json-array": f'["{SENSITIVE}"]',
            "nested-field": f'{{"category": {{"name": "{SENSITIVE}"}}}}',
            "null-field": '{"category": null}',
        }.items():
            content = (("request.properties.content", Observed()), *UNKNOWN)
            yield Scenario(f"{row.label}-{name}", of.member(row, text), content)
    for clause, cases in of.noted.items():
        for name, case in cases.items():
            sends = of.member(rows[case["at"]], case["value"]) if "at" in case else of.calls(1)
            state = case.get("state", "active")
            yield Scenario(name, sends, ((clause, Observed()), *UNKNOWN), state, denial=True)
    noted = (("error.precedence", Observed("mistake")), *UNKNOWN)
    if of.batch:
        yield Scenario("missing-and-too-many", of.calls(of.most + 1), noted, "missing")
