"""A scenario: one situation, what is sent in it, and what must come back.

`@dataset@` stands for the dataset's ARN, or the tracker's id, `@dataset:256@` for it made 256
characters long, `@dataset:longer@` for it with one character more, which names nothing, and
`@dataset:escaped@` for it as a JSON text may write it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from personalize_contract.model.datasets import PREFIX, State
from personalize_contract.suite.expectations import Accepted, Expectation

DATASET, LONGER, ESCAPED = "@dataset@", "@dataset:longer@", "@dataset:escaped@"

SENSITIVE = "tea-and-a-secret"
"""In the properties of everything that is put; no error may repeat it."""

_PROPERTIES = f'{{"category": "{SENSITIVE}"}}'

LARGE = 20_000
"""What a scenario sends, in bytes or characters, from which on its recording is large."""

Thing = dict[str, str]
Expects = tuple[tuple[str, Expectation], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a botocore client, as `put_items(datasetArn=..., items=...)`.

    For what botocore lets pass.

    Args:
        method: of the client.
        path: that the client sends it to.
        members: its arguments.
    """

    method: str
    path: str
    members: Mapping[str, Any]


Signature = Literal["good", "none", "wrong", "of-nobody", "of-another-region"]


@dataclass(frozen=True, slots=True)
class Wire:
    """An HTTP request as written here, for what no SDK would send.

    Args:
        path: with the query, if there is one.
        body: of the message.
        content_type: None for no such header.
        method: of the message.
        signature: how it is signed, `good` unless that is what a scenario is about.
        more: further headers.
    """

    path: str
    body: str | bytes
    content_type: str | None = "application/json"
    method: str = "POST"
    signature: Signature = "good"
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation: the state of the dataset, what is sent, and what must come back.

    The first expectation is the scenario's own: a clause isn't verified before each scenario
    that begins with it was reached. Where `denial` is true, an answer that refuses the sender is
    an answer too, not trouble with the credentials.

    `before` is sent first, on the same connection, and what comes back is not judged. `control`
    is another request than what is sent in nothing but what the scenario is about: a service that
    refuses it too has another reason for that, and its answer to the scenario says nothing.
    """

    id: str
    sends: Call | Wire
    expects: Expects
    state: State = "active"
    denial: bool = False
    before: tuple[Wire, ...] = ()
    control: Wire | None = None

    @property
    def group(self) -> str:
        """The name of the file that its recording is in, with those of its kind.

        That is the beginning of the clause that it is about, as `request.items`, or `large`.
        """
        sends = (*self.before, *([self.control] if self.control else []), self.sends)
        is_large = sum(_size(each) for each in sends) > LARGE
        return "large" if is_large else ".".join(self.expects[0][0].split(".")[:2])

    @property
    def is_valid(self) -> bool:
        """Whether the page says that what is sent is accepted."""
        return self.state == "active" and isinstance(self.expects[0][1], Accepted)

    @property
    def may_meet_front_end(self) -> bool:
        """Whether what is before the service may refuse it: for its sender, address or size."""
        return self.denial or self.group == "large"


def _size(sends: Call | Wire) -> int:
    return len(json.dumps(dict(sends.members)) if isinstance(sends, Call) else sends.body)


class Operation(Protocol):
    """How requests of an operation are written, as far as every table asks."""

    @property
    def first(self) -> str:
        """The member that a body begins with."""

    @property
    def many(self) -> str:
        """The member that holds a batch."""

    @property
    def id(self) -> str:
        """A member whose value is a string."""

    @property
    def path(self) -> str:
        """The path of its requests."""

    def wire(self, body: str | bytes, content_type: str | None = ...) -> Wire:
        """A request of the operation with any body at all."""

    def calls(self, count: int) -> Call | Wire:
        """A legal request with so many things in its batch."""

    def body(self, *, things: str = "") -> str:
        """A legal JSON body, or one with this JSON text for its batch."""

    def text(self) -> str:
        """The JSON text of a thing."""

    def with_id(self, name: str) -> str:
        """A body in which this JSON text stands for one string."""


@dataclass(frozen=True)
class Batch:
    """What differs between the operations that put a batch of things into a dataset.

    Args:
        one: a thing, as `item`; its id is the member `itemId`.
        max_properties: characters that the string `properties` may have.
    """

    one: str
    max_properties: int

    first = "datasetArn"
    """The member that a body begins with."""

    @property
    def path(self) -> str:
        """The path of its requests."""
        return f"/{self.many}"

    @property
    def many(self) -> str:
        """The member that holds the things, as `items`."""
        return f"{self.one}s"

    @property
    def id(self) -> str:
        """The member that names a thing, as `itemId`."""
        return f"{self.one}Id"

    def named(self, name: str, properties: str | None = _PROPERTIES) -> Thing:
        """A thing with this id, without properties where they are None."""
        return {self.id: name} | ({} if properties is None else {"properties": properties})

    def thing(self, number: int = 1, properties: str | None = _PROPERTIES) -> Thing:
        """A thing with an id that its dataset's owner knows it by."""
        return self.named(f"{PREFIX}{number}", properties)

    def things(self, count: int) -> list[Thing]:
        """That many different things."""
        return [self.thing(number) for number in range(1, count + 1)]

    def call(self, things: list[Thing], arn: str = DATASET) -> Call:
        """A call of the SDK that puts these things."""
        return Call(f"put_{self.many}", self.path, {"datasetArn": arn, self.many: things})

    def wire(self, body: str | bytes, content_type: str | None = "application/json") -> Wire:
        """A request of the operation with any body at all."""
        return Wire(self.path, body, content_type)

    def calls(self, count: int) -> Call:
        """A legal call with this many things."""
        return self.call(self.things(count))

    def body(self, arn: str = '"@dataset@"', things: str = "") -> str:
        """A JSON body made of these JSON texts."""
        return f'{{"datasetArn": {arn}, "{self.many}": {things or f"[{self.text()}]"}}}'

    def text(
        self,
        name: str = f'"{PREFIX}1"',
        properties: str = json.dumps(_PROPERTIES),
    ) -> str:
        """The JSON text of a thing, made of these JSON texts."""
        return f'{{"{self.id}": {name}, "properties": {properties}}}'

    def nameless(self) -> str:
        """The JSON text of a thing that has no id."""
        return f'{{"properties": {json.dumps(_PROPERTIES)}}}'

    def backwards(self) -> str:
        """The JSON text of a thing whose id stands behind its properties."""
        return f'{self.nameless()[:-1]}, "{self.id}": "{PREFIX}1"}}'

    def with_id(self, name: str) -> str:
        """A body with one thing of this id, a JSON text."""
        return self.body(things=f"[{self.text(name)}]")

    def with_properties(self, properties: str) -> str:
        """A body with one thing of these properties, a JSON text."""
        return self.body(things=f"[{self.text(properties=properties)}]")


def long_id(length: int) -> str:
    """An id of this many characters."""
    return (PREFIX + "x" * length)[:length]


def long_properties(length: int, letter: str = "x") -> str:
    """The JSON text of an object, of exactly this many characters."""
    return _PROPERTIES[:-2] + letter * (length - len(_PROPERTIES)) + _PROPERTIES[-2:]


def text(sends: Call | Wire, arn: str) -> Any:
    """What is sent to a dataset with this ARN: arguments of a Call, the body of a Wire."""
    if isinstance(sends, Call):
        return {
            name: _filled(value, arn) if isinstance(value, str) else value
            for name, value in sends.members.items()
        }
    body = sends.body if isinstance(sends.body, bytes) else sends.body.encode()
    for name, form in _FORMS.items():
        body = body.replace(name.encode(), form(arn).encode())
    return body


_FORMS: Mapping[str, Callable[[str], str]] = {
    DATASET: lambda arn: arn,
    LONGER: lambda arn: f"{arn}x",
    ESCAPED: lambda arn: arn.replace("/", "\\/"),
    **{
        f"@dataset:{length}@": lambda arn, length=length: arn.ljust(length, "x")  # type: ignore[misc]
        for length in (256, 257, 512, 1100)
    },
}
"""How the ARN of a dataset is written; those that are longer name nothing."""


def forms(arn: str) -> list[str]:
    """The ARN in each way that a scenario writes it."""
    return [form(arn) for form in _FORMS.values()]


def _filled(template: str, arn: str) -> str:
    return _FORMS[template](arn) if template in _FORMS else template
