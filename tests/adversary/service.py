"""A service that implements a contract file, in parts that can be changed one at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CONTRACTS = Path(__file__).parents[2] / "contract" / "personalize_contract" / "contracts"
KINDS = {"object": dict, "array": list, "string": str}

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sent:
    """A request as received; `number` counts from 1."""

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An answer to send: `chunked` selects the framing of the body, `version` that of HTTP."""

    status: int
    body: bytes = b""
    headers: Pairs = ()
    chunked: bool = False
    version: str = "1.1"

    def plus(self, *pairs: tuple[str, str]) -> Answer:
        return replace(self, headers=(*self.headers, *pairs))


@dataclass(frozen=True)
class Place:
    """A place in a body that a rule applies to, and its value."""

    value: Any
    present: bool = True
    index: int = 0
    count: int = 1
    item: Any = None
    """The member of the batch that it is in; None outside the batch."""


Breaks = Callable[[Place], bool]


@dataclass(frozen=True)
class Rule:
    """A clause that binds callers: `breaks` tests the values at `at`."""

    clause: str
    at: str
    check: str
    want: Any
    kind: str
    breaks: Breaks


def measured(check: str, want: Any, length: Callable[[str], int] = len) -> Breaks:
    """Return a test whether a value is shorter or longer than `want`."""

    def size(value: Any) -> int | None:
        if check.endswith("members"):
            return len(value) if isinstance(value, list) else None
        return length(value) if isinstance(value, str) else None

    if check.startswith("min-"):
        return lambda place: (actual := size(place.value)) is not None and actual < want
    return lambda place: (actual := size(place.value)) is not None and actual > want


def breaks(check: str, want: Any) -> Breaks:
    """Return the test for a contract file's `check`."""
    if check == "required":
        return lambda place: not place.present
    if check == "type":
        return lambda place: place.present and type(place.value) is not KINDS[want]
    if check == "pattern":
        matches = re.compile(want, re.ASCII).fullmatch
        return lambda place: isinstance(place.value, str) and not matches(place.value[:4096])
    return measured(check, want)


@dataclass(frozen=True)
class Operation:
    """An operation, as in its contract file."""

    name: str
    path: str
    batch: str
    identity: str
    document: str
    dataset_type: str
    errors: Mapping[str, int]
    rules: tuple[Rule, ...]
    clauses: Mapping[str, Mapping[str, Any]]

    def dataset(self, state: str) -> str:
        """Return the dummy ARN of a state, as in the README's commands."""
        return (
            f"arn:aws:personalize:us-east-1:000000000000:dataset/contract-{state}"
            f"/{self.dataset_type}"
        )


def contract_file(path: Path, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a contract file, merged with its shared texts."""
    text = path.read_text("utf-8")
    words = {**yaml.safe_load(worded(text, words)).get("words", {}), **words}
    document = yaml.safe_load(worded(text, words))
    whole: dict[str, Any] = {"clauses": [], "members": [], "errors": {}}
    shared = [
        contract_file(CONTRACTS / "shared" / f"{name}.yaml", words)
        for name in document.pop("like", ())
    ]
    for part in (*shared, document):
        for key, value in part.items():
            whole[key] = (
                [*whole[key], *value]
                if isinstance(value, list) and key in whole
                else {**whole[key], **value}
                if key == "errors"
                else value
            )
    return whole


def worded(text: str, words: Mapping[str, Any]) -> str:
    for word, value in words.items():
        text = text.replace(f"<{word}>", str(value))
    return text


def clauses_of(member: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the clauses of a member's rules."""
    words = re.findall("[A-Z]?[a-z]+", member["at"].rpartition(".")[2])
    name = member.get("id") or "-".join(words).lower()
    for rule, want in member.items():
        if rule in ("at", "id", "source", "sources", "statements"):
            continue
        source = member.get("sources", {}).get(rule, member.get("source", ""))
        row = {"level": "modelled" if "model" in source else "documented"}
        if want is False:
            yield {**row, "id": f"request.{name}.optional", "binds": "service"}
            continue
        yield {
            **row,
            "id": f"request.{name}.{rule}",
            "binds": "caller",
            "check": {"at": member["at"], rule: want},
            "refused": "malformed" if rule == "type" else "invalid-input",
        }


@cache
def operation(name: str = "PutItems") -> Operation:
    """Read a contract file."""
    document = contract_file(CONTRACTS / f"{name}.yaml", {})
    rules = []
    rows = [
        *document["clauses"],
        *(row for member in document["members"] for row in clauses_of(member)),
    ]
    for row in rows:
        check = dict(row.get("check", {}))
        at = check.pop("at", None)
        if at is not None:
            ((kind, want),) = check.items()
            rejected = row["refused"]
            rules.append(Rule(row["id"], at, kind, want, rejected, breaks(kind, want)))
    return Operation(
        name=name,
        path=document["path"],
        batch=document["batch"],
        identity=document["identity"],
        document=document["document"],
        dataset_type=document["resource_type"],
        errors=document["errors"],
        rules=tuple(rules),
        clauses={row["id"]: row for row in rows},
    )


Frame = Callable[[int, str, str], Answer]


def in_header(status: int, code: str, message: str) -> Answer:
    """Return an error framed as in the sibling APIs."""
    body = json.dumps({"message": message}).encode()
    return Answer(status, body, (("Content-Type", "application/json"), ("x-amzn-ErrorType", code)))


def read_json(body: bytes) -> Any:
    """Parse a JSON text in UTF-8. Raises ValueError."""
    return json.loads(body.decode("utf-8"))


@dataclass(frozen=True)
class Service:
    """The page, in parts.

    Args:
        kinds: status and code of each kind of error.
        states: the state of each known ARN; others are missing.
        waived: clauses whose breach is accepted at once.
        message: the function from kind and request to the message of an error.
        around: the final change of an answer.
    """

    of: Operation
    rules: tuple[Rule, ...]
    kinds: Mapping[str, tuple[int, str]]
    states: Mapping[str, str]
    waived: frozenset[str] = frozenset()
    reads: Callable[[bytes], Any] = read_json
    state_first: bool = False
    media_types: Callable[[str], bool] = lambda value: True
    success: Answer = Answer(200)
    frame: Frame = in_header
    message: Callable[[str, Sent], str] = lambda kind, sent: f"This request is {kind}."
    state_of: Callable[[Service, Any, Sent], str] | None = None
    around: Callable[[Sent, Answer], Answer] = lambda sent, answer: answer
    memory: dict[str, Any] = field(default_factory=dict)

    def answer(self, sent: Sent) -> Answer:
        return self.around(sent, self._answer(sent))

    def _answer(self, sent: Sent) -> Answer:
        if sent.method != "POST" or sent.path.partition("?")[0] != self.of.path:
            return Answer(404, b"<UnknownOperationException/>\n")
        if not self.media_types(sent.headers.get("content-type", "")):
            return self.rejected("media-type", sent)
        try:
            body = self.reads(sent.body)
        except (ValueError, RecursionError):
            if self.of.rules[0].clause in self.waived:
                return self.success
            return self.rejected("malformed", sent)
        broken = next(
            (rule for rule in self.rules if any(map(rule.breaks, self.places(body, rule.at)))),
            None,
        )
        if broken and broken.clause in self.waived:
            return self.success
        arn = body.get("datasetArn") if isinstance(body, dict) else None
        state = (self.state_of or Service.state)(self, body, sent) if isinstance(arn, str) else ""
        first = self.state_first and broken and broken.at != "datasetArn"
        if state in ("missing", "in-use") and (first or not broken):
            return self.rejected(state, sent)
        return self.rejected(broken.kind, sent) if broken else self.success

    def state(self, body: Any, sent: Sent) -> str:
        return self.states.get(body["datasetArn"], self.states[""])

    def rejected(self, kind: str, sent: Sent) -> Answer:
        status, code = self.kinds[kind]
        return self.frame(status, code, self.message(kind, sent))

    def places(self, body: Any, at: str) -> Iterator[Place]:
        """Yield the places at a contract file's `at`."""
        if not at:
            yield Place(body)
        if not at or not isinstance(body, dict):
            return
        head, _, member = at.partition("[]")
        if not member and head == at:
            yield Place(body.get(head), head in body)
            return
        batch = body.get(head)
        batch = batch if isinstance(batch, list) else []
        for index, item in enumerate(batch):
            if not member:
                yield Place(item, True, index, len(batch), item)
            elif isinstance(item, dict):
                name = member.removeprefix(".")
                yield Place(item.get(name), name in item, index, len(batch), item)


def right(of: Operation | None = None) -> Service:
    """Return the correct service of an operation, by default PutItems."""
    of = of or operation()
    invalid, missing, in_use = of.errors
    return Service(
        of=of,
        rules=of.rules,
        kinds={
            "invalid-input": (of.errors[invalid], invalid),
            "malformed": (400, "SerializationException"),
            "missing": (of.errors[missing], missing),
            "in-use": (of.errors[in_use], in_use),
            "media-type": (415, "UnsupportedMediaTypeException"),
        },
        states={of.dataset(state): state for state in ("active", "in-use")} | {"": "missing"},
    )
