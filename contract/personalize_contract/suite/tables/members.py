"""Scenarios generated from an example request and a row for each of its members.

Both are in the `suite` section of a contract file, written down from the page a second time. Each
row yields values at and past its limits, of each wrong JSON type, and requests without the member;
in a batch also the same mistake at each position.
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
    RawRequest,
    Scenario,
    long_properties,
)
from personalize_contract.suite.tables.messages import after, messages
from personalize_contract.suite.tables.not_json import not_json
from personalize_contract.suite.tables.rows import (
    INVALID,
    MALFORMED,
    UNKNOWN,
    accepted,
    arn_rejected,
    malformed,
    rejected,
)
from personalize_contract.suite.tables.unknowns import of_messages

_CUP = "\N{TEACUP WITHOUT HANDLE}"
_ABSENT = object()

_KINDS = ("string", "number", "integer", "timestamp", "boolean", "array", "object")


@dataclass(frozen=True)
class Member:
    """A member of a request, with the constraints of the page.

    Args:
        path: its JSON path in the body, `eventList[].sentAt`.
        kind: its type.
        clause: its name in clause ids; `""` for the name of the member in kebab case.
        required: whether it is required; None for the members of an array.
        length: the minimum and maximum number of characters; None for no limit.
        members: the minimum and maximum number of an array's members; None for no limit.
        range: the minimum and maximum of a number; None for no limit.
        names: `resource` if it names the dataset or tracker.
        document: whether its string holds the JSON text of an object.
        matches: texts that match its pattern, by name.
        near_misses: texts that almost match its pattern, by name.
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
        """Return the member of a row of a contract file; raise ValueError or TypeError."""
        values = {name.replace("-", "_"): value for name, value in row.items()}
        if values.get("kind") not in _KINDS:
            raise ValueError(f"{path}: kind must be one of {', '.join(_KINDS)}")
        for name in ("length", "members", "range"):
            if name in values:
                minimum, maximum = values[name]
                values[name] = (minimum, maximum)
        return cls(path, **values)

    @property
    def label(self) -> str:
        """Its name in ids of clauses and scenarios."""
        name = self.path.rpartition(".")[2]
        return self.clause or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()

    def rule(self, name: str) -> str:
        """Return the id of a clause about it, from the name of the rule."""
        return f"request.{self.label}.{name}"


@dataclass(frozen=True)
class Example:
    """A builder of an operation's requests from a valid one that has every member.

    Args:
        singular: the name of a record of the batch, in ids.
        batch: the member that holds the records; `""` for none.
        url_path: the path of requests.
        example: the body of the valid request.
        rows: the members of the body.
        call: the method of botocore's client; `""` if there is none.
        states: for each state of the resource, the name of the error in ids, its status, and its
            code.
        accepted: accepted requests by clause and scenario, as a member and its value.
        observed: requests with undocumented answers, in the same form.
    """

    singular: str
    batch: str
    url_path: str
    example: Mapping[str, Any]
    rows: tuple[Member, ...]
    call: str
    states: Mapping[State, tuple[str, int, str]]
    accepted: Mapping[str, Mapping[str, Any]]
    observed: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, suite: dict[str, Any]) -> Example:
        """Return the builder of a contract file's `suite`.

        Raises:
            ValueError, KeyError, TypeError: the section is invalid.
        """
        rows = tuple(Member.read(path, row) for path, row in suite.pop("members").items())
        example = suite.pop("example")
        if SENSITIVE not in json.dumps(example):
            raise ValueError(
                f"example: no member holds {SENSITIVE}, the text that no error may repeat; add it"
            )
        states = {state: tuple(row) for state, row in suite.pop("states", {}).items()}
        return cls(
            singular=suite.pop("one"),
            batch=suite.pop("batch", ""),
            url_path=suite.pop("path"),
            example=example,
            rows=rows,
            call=suite.pop("call", ""),
            states=states,
            accepted=suite.pop("accepted", {}),
            observed=suite.pop("observed", {}),
        )

    # --- the protocol Operation

    @property
    def first_member(self) -> str:
        """The first member of a body."""
        return next(iter(self.example))

    @property
    def plural(self) -> str:
        """The member that holds the records."""
        return self.batch or self.first_member

    @property
    def id(self) -> str:
        """A member whose value is a string."""
        return self._text_row.path.rpartition(".")[2]

    @property
    def path(self) -> str:
        """The path of requests."""
        return self.url_path

    def raw(self, body: str | bytes, content_type: str | None = "application/json") -> RawRequest:
        """Return a request with any body."""
        return RawRequest(self.url_path, body, content_type)

    def valid(self, count: int) -> Call | RawRequest:
        """Return a valid request with a number of records."""
        value = self._repeated(count) if self.batch else dict(self.example)
        return Call(self.call, self.url_path, value) if self.call else self.json(value)

    def body(self, *, records: str = "") -> str:
        """Return a valid JSON body, or one with this JSON text in place of the records."""
        if not records:
            return json.dumps(self.example)
        return _replaced(self._with(self.plural, "@"), records)

    def record_text(self) -> str:
        """Return the JSON text of a record."""
        value = self.example[self.plural]
        return json.dumps(value[0] if self.batch else value)

    def body_with_id(self, name: str) -> str:
        """Return a body with this JSON text in place of one string."""
        return _replaced(self._with(self._text_row.path, "@"), name)

    # --- requests that differ from the example in one member

    @property
    def _text_row(self) -> Member:
        return next(
            row for row in self.rows if row.kind == "string" and not (row.names or row.document)
        )

    def value(self, row: Member) -> Any:
        """Return the value of a member in the example."""
        value: Any = self.example
        for step in _steps(row.path):
            value = value[0 if step == "[]" else step]
        return value

    def _with(self, path: str, value: Any, index: int = 0, size: int = 1) -> dict[str, Any]:
        """Return the example with another value of a member.

        Args:
            path: the JSON path of the member.
            value: the value; `_ABSENT` removes the member.
            index: the index of the record that is changed.
            size: the number of records in the batch.
        """
        body = self._repeated(size) if self.batch and size > 1 else copy.deepcopy(self.example)
        *parents, last = _steps(path)
        parent: Any = body
        for number, step in enumerate(parents):
            in_batch = number == 1 and parents[0] == self.batch
            parent = parent[(index if in_batch else 0) if step == "[]" else step]
        if last == "[]":
            parent[index if parents == [self.batch] else 0] = value
        elif value is _ABSENT:
            del parent[last]
        else:
            parent[last] = value
        return dict(body)

    @property
    def max_records(self) -> int:
        """The maximum number of records of a valid batch, at most 10, which is enough."""
        limits = [row.members[1] for row in self.rows if row.path == self.batch]
        return min([10, *(limit for limit in limits if limit is not None)])

    def positions(self) -> Mapping[str, tuple[int, int]]:
        """Return positions in a batch by name, as index and number of records."""
        size = self.max_records
        positions = {
            f"first-of-{size}": (0, size),
            f"second-of-{size}": (1, size),
            f"middle-of-{size}": (size // 2, size),
            f"last-of-{size}": (size - 1, size),
            "last-of-two": (1, 2),
        }
        return {
            name: (index, count)
            for name, (index, count) in positions.items()
            if index < count <= size
        }

    def _repeated(self, count: int) -> dict[str, Any]:
        body = dict(copy.deepcopy(self.example))
        body[self.batch] = [copy.deepcopy(body[self.batch][0]) for _ in range(count)]
        return body

    def json(self, value: Any) -> RawRequest:
        """Return a request with a JSON value as its body."""
        return self.raw(json.dumps(value))

    def changed(self, row: Member, value: Any, index: int = 0, size: int = 1) -> RawRequest:
        """Return a request with another value of a member, as `_with`."""
        return self.json(self._with(row.path, value, index, size))

    def without(self, row: Member, index: int = 0, size: int = 1) -> RawRequest:
        """Return a request without a member, as `_with`."""
        return self.changed(row, _ABSENT, index, size)


def _steps(path: str) -> list[str]:
    return path.replace("[]", ".[]").split(".")


def _replaced(body: dict[str, Any], text: str) -> str:
    return json.dumps(body).replace('"@"', text, 1)


def members(example: Example) -> tuple[Scenario, ...]:
    """Return the scenarios of an operation."""
    return tuple(_all(example))


def _all(example: Example) -> Iterator[Scenario]:
    yield from messages(example)
    for row in example.rows:
        if row.names:
            yield from _resource(example, row)
            continue
        yield from _presence(example, row)
        yield from _types(example, row)
        yield from _lengths(example, row)
        yield from _counts(example, row)
        yield from _ranges(example, row)
        yield from _patterns(example, row)
        yield from _at_positions(example, row)
    yield from _notations(example)
    yield from not_json(example)
    for state, error in example.states.items():
        yield from _state(example, state, *error)
    yield from _accepted(example)
    yield from of_messages(example)
    yield from _observed(example)
    yield from after(
        example, {"another-path": (RawRequest(f"{example.path}/tea", example.body()),)}
    )
    yield accepted("success-at-the-end", "response.success.status", example.valid(1))


def _presence(example: Example, row: Member) -> Iterator[Scenario]:
    if row.required:
        yield rejected(f"{row.label}-absent", row.rule("required"), example.without(row))
    elif row.required is False:
        yield accepted(f"{row.label}-absent", row.rule("optional"), example.without(row))


def _types(example: Example, row: Member) -> Iterator[Scenario]:
    for name, value in _wrong_types(row, example.value(row)).items():
        yield malformed(f"{row.label}-{name}", row.rule("type"), example.changed(row, value))


def _wrong_types(row: Member, value: Any) -> Mapping[str, Any]:
    """Return values of each wrong type by name, as close to the valid value as possible."""
    values_of: Mapping[str, Mapping[str, Any]] = {
        "boolean": {"true": True, "false": False},
        "integer": {"one": 1, "zero": 0, "negative": -1, "large-number": 98765432109876543210},
        "number": {"fraction": 1.5},
        "string": {"string": PREFIX, "empty-string": "", "text-of-json": json.dumps(value)},
        "array": {"array": [value], "empty-array": [], "array-of-null": [None]},
        "object": {"object": {"value": value}, "empty-object": {}},
    }
    valid = {"timestamp": ("integer", "number"), "number": ("integer", "number")}.get(
        row.kind, (row.kind,)
    )
    wrong = {
        name: wrong_value
        for kind, values in values_of.items()
        if kind not in valid
        for name, wrong_value in values.items()
    }
    # For an optional member null may mean that it is absent.
    return {**wrong, **({} if row.required is False else {"null": None})}


def _text(row: Member, length: int, letter: str = "x") -> str:
    """Return a text that is valid but for its length, of a number of characters."""
    if row.document and length >= len(f'{{"category": "{SENSITIVE}"}}'):
        return long_properties(length, letter)
    if row.document:
        return "1" * length
    return (PREFIX + letter * length)[:length]


def _lengths(example: Example, row: Member) -> Iterator[Scenario]:
    low, high = row.length
    label = row.label
    if low:
        clause = row.rule("min-length")
        yield rejected(f"{label}-{low - 1}", clause, example.changed(row, _text(row, low - 1)))
        # No JSON object has one character. A service that parses the text also rejects two.
        control = example.changed(row, _text(row, low + 1)) if row.document else None
        shortest = accepted(f"{label}-{low}", clause, example.changed(row, _text(row, low)))
        yield replace(shortest, control=control)
    if high is None:
        return
    clause = row.rule("max-length")
    yield accepted(f"{label}-{high}", clause, example.changed(row, _text(row, high)))
    for length in (high + 1, high + 2, 2 * high, 4 * high + 76):
        yield rejected(f"{label}-{length}", clause, example.changed(row, _text(row, length)))
    if not row.matches:
        yield accepted(
            f"{label}-{high}-emoji", clause, example.changed(row, _text(row, high, _CUP))
        )
        yield rejected(
            f"{label}-{high + 1}-emoji", clause, example.changed(row, _text(row, high + 1, _CUP))
        )


def _counts(example: Example, row: Member) -> Iterator[Scenario]:
    low, high = row.members
    value = example.value(row)[:1] if row.kind == "array" else []
    if low:
        clause = row.rule("min-members")
        yield rejected(f"{row.label}-{low - 1}", clause, example.changed(row, value * (low - 1)))
        yield accepted(f"{row.label}-{low}", clause, example.changed(row, value * low))
    if high is None:
        return
    clause = row.rule("max-members")
    for count in sorted({2, high // 2, high - 1, high} - {low}):
        yield accepted(f"{row.label}-{count}", clause, example.changed(row, value * count))
    for count in (high + 1, high + 2, 2 * high, 100):
        yield rejected(f"{row.label}-{count}", clause, example.changed(row, value * count))


def _ranges(example: Example, row: Member) -> Iterator[Scenario]:
    for rule, limit, outside in zip(("minimum", "maximum"), row.range, (-1, 1), strict=True):
        if limit is not None:
            yield accepted(f"{row.label}-{rule}", row.rule(rule), example.changed(row, limit))
            yield rejected(
                f"{row.label}-past-{rule}", row.rule(rule), example.changed(row, limit + outside)
            )
            if row.kind == "number":
                near = limit + outside / 1000
                yield rejected(
                    f"{row.label}-just-past-{rule}", row.rule(rule), example.changed(row, near)
                )


def _patterns(example: Example, row: Member) -> Iterator[Scenario]:
    clause = row.rule("pattern")
    for name, text in row.matches.items():
        yield accepted(f"{row.label}-{name}", clause, example.changed(row, text))
    for name, text in row.near_misses.items():
        yield rejected(f"{row.label}-{name}", clause, example.changed(row, text))


def _at_positions(example: Example, row: Member) -> Iterator[Scenario]:
    """Yield one mistake at each position of a batch, for services that check the first only."""
    if not example.batch or not row.path.startswith(f"{example.batch}[]"):
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
        mistakes["too-few"] = ("min-members", example.value(row)[:1] * (row.members[0] - 1))
    if row.members[1] is not None:
        mistakes["too-many"] = ("max-members", example.value(row)[:1] * (row.members[1] + 1))
    for rule, limit, outside in zip(("minimum", "maximum"), row.range, (-1, 1), strict=True):
        if limit is not None:
            mistakes[f"beyond-{rule}"] = (rule, limit + outside)
    if row.near_misses:
        mistakes["near-miss"] = ("pattern", next(iter(row.near_misses.values())))
    for name, (rule, value) in mistakes.items():
        make = malformed if rule == "type" else rejected
        for position, (index, size) in example.positions().items():
            sends = example.changed(row, value, index, size)
            yield make(f"{row.label}-{name}-{position}", row.rule(rule), sends)


def _resource(example: Example, row: Member) -> Iterator[Scenario]:
    """Yield the scenarios of the member that names the resource; other values name nothing."""
    if row.required:
        yield arn_rejected(
            f"{row.label}-absent", row.rule("required"), example.without(row), INVALID
        )
    for name, value in _wrong_types(row, DATASET).items():
        sends = example.changed(row, value)
        yield arn_rejected(f"{row.label}-{name}", row.rule("type"), sends, MALFORMED)
    low, high = row.length
    if low:
        sends = example.changed(row, "x" * (low - 1))
        yield arn_rejected(f"{row.label}-{low - 1}", row.rule("min-length"), sends, INVALID)
        yield _unknown(
            example, f"{row.label}-{low}", row.rule("min-length"), example.changed(row, "x" * low)
        )
    if high is not None:
        clause = row.rule("max-length")
        yield _unknown(
            example, f"{row.label}-{high}", clause, example.changed(row, f"{DATASET[:-1]}:{high}@")
        )
        for length in (high + 1, 2 * high):
            sends = example.changed(row, f"{DATASET[:-1]}:{length}@")
            yield arn_rejected(f"{row.label}-{length}", clause, sends, INVALID)


def _unknown(example: Example, name: str, clause: str, sends: RawRequest) -> Scenario:
    """Return the scenario of a missing resource, rejected only for that if it is documented."""
    if "missing" not in example.states:
        return Scenario(name, sends, ((clause, Observed()), *UNKNOWN), denial=True)
    _, _, code = example.states["missing"]
    expects: tuple[tuple[str, Expectation], ...] = (
        (clause, WellFormed()),
        ("error.not-found.code", Code(code, with_status=404)),
    )
    return Scenario(name, sends, (*expects, *UNKNOWN), state="missing")


def _notations(example: Example) -> Iterator[Scenario]:
    """Yield other notations of the valid body, and other JSON values."""
    clause, good = "request.body.json-object", dict(example.example)
    for name, body in {
        "other-order": json.dumps(dict(reversed(good.items()))),
        "white-space": json.dumps(good, indent=2).replace("\n", "\r\n\t"),
        "no-white-space": json.dumps(good, separators=(",", ":")),
        "escapes": example.body().replace(
            example.plural, f"\\u{ord(example.plural[0]):04x}{example.plural[1:]}", 1
        ),
        "utf-8": example.body_with_id(f'"{PREFIX}{_CUP}"'),
    }.items():
        yield accepted(f"body-{name}", clause, example.raw(body))
    for name, value in {
        "array": [good],
        "null": None,
        "true": True,
        "string": "tea",
        "number": 1,
    }.items():
        yield malformed(f"body-{name}", clause, example.json(value))


def _state(example: Example, state: State, name: str, status: int, code: str) -> Iterator[Scenario]:
    expects: tuple[tuple[str, Expectation], ...] = (
        (f"error.{name}.status", Status(status)),
        (f"error.{name}.code", Code(code)),
        ("error.message", Message(never=SENSITIVE)),
    )
    sends = example.json(dict(example.example))
    yield Scenario(state, sends, expects, state=state)
    yield Scenario(f"{state}-code", sends, (expects[1], expects[0]), state=state)
    yield Scenario(f"{state}-message", sends, (expects[2],), state=state)
    if example.batch:
        yield Scenario(
            f"{state}-{example.max_records}",
            example.valid(example.max_records),
            expects,
            state=state,
        )


def _accepted(example: Example) -> Iterator[Scenario]:
    rows = {row.path: row for row in example.rows}
    for clause, cases in example.accepted.items():
        for name, case in cases.items():
            yield accepted(name, clause, example.changed(rows[case["at"]], case["value"]))
    broken = [row for row in example.rows if row.required and not row.names]
    if broken:
        sends = example.without(broken[0])
        yield Scenario(
            "invalid-input-status", sends, (("error.invalid-input.status", Status(400)),)
        )
        code: Expectation = Code("InvalidInputException")
        yield Scenario("invalid-input-code", sends, (("error.invalid-input.code", code),))
    yield Scenario("malformed-status", example.raw("{"), MALFORMED)
    if broken:
        message: Expectation = Message(never=SENSITIVE)
        yield Scenario(
            "message-keeps-properties", example.without(broken[0]), (("error.message", message),)
        )


def _observed(example: Example) -> Iterator[Scenario]:
    rows = {row.path: row for row in example.rows}
    documents = [row for row in example.rows if row.document]
    for row in documents:
        expects = (("request.properties.null", Observed()), *UNKNOWN)
        yield Scenario(f"{row.label}-null", example.changed(row, None), expects)
        for name, text in {
            "not-json": SENSITIVE,
            "json-array": f'["{SENSITIVE}"]',
            "nested-field": f'{{"category": {{"name": "{SENSITIVE}"}}}}',
            "null-field": '{"category": null}',
        }.items():
            content = (("request.properties.content", Observed()), *UNKNOWN)
            yield Scenario(f"{row.label}-{name}", example.changed(row, text), content)
    for clause, cases in example.observed.items():
        for name, case in cases.items():
            sends = (
                example.changed(rows[case["at"]], case["value"])
                if "at" in case
                else example.valid(1)
            )
            state = case.get("state", "active")
            yield Scenario(name, sends, ((clause, Observed()), *UNKNOWN), state, denial=True)
    if example.batch:
        expects = (("error.precedence", Observed("mistake")), *UNKNOWN)
        too_many = example.valid(example.max_records + 1)
        yield Scenario("missing-and-too-many", too_many, expects, "missing")
