"""Scenarios: the state of the dataset, the request, and the expectations of the response.

In requests, `@dataset@` stands for the ARN of the dataset, or the id of the tracker;
`@dataset:256@` for it padded to 256 characters, and `@dataset:longer@` for it with one more
character, which both name nothing; `@dataset:escaped@` for it as a JSON text may escape it.
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
"""A text in the properties of each record, which no error may repeat."""

_PROPERTIES = f'{{"category": "{SENSITIVE}"}}'

LARGE = 20_000
"""Bytes or characters of a request above which its recording is in the group `large`."""

Record = dict[str, str]
Expects = tuple[tuple[str, Expectation], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a botocore client, for requests that pass botocore's validation.

    Args:
        method: the method of the client, `put_items`.
        path: the path that the client sends it to.
        members: the arguments.
    """

    method: str
    path: str
    members: Mapping[str, Any]


Signature = Literal["good", "none", "wrong", "of-nobody", "of-another-region"]


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A literal HTTP request, for those that no SDK would send.

    Args:
        path: the path, with the query if there is one.
        body: the message body.
        content_type: the media type; None for no such header.
        method: the HTTP method.
        signature: the kind of signature, `good` unless the scenario is about signatures.
        headers: further headers.
    """

    path: str
    body: str | bytes
    content_type: str | None = "application/json"
    method: str = "POST"
    signature: Signature = "good"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One situation.

    Args:
        id: the name of the scenario.
        sends: the request.
        expects: the clauses, each with an expectation of the response. The scenario is about the
            first clause, which isn't verified until every scenario about it was reached.
        state: the state of the dataset.
        denial: whether rejecting the sender is a valid response too, and not a problem of the
            credentials.
        before: requests that are sent first on the same connection; their responses are ignored.
        control: a request that lacks only the scenario's subject. A service that rejects it too
            has another reason to, so its response to the scenario shows nothing.
    """

    id: str
    sends: Call | RawRequest
    expects: Expects
    state: State = "active"
    denial: bool = False
    before: tuple[RawRequest, ...] = ()
    control: RawRequest | None = None

    @property
    def group(self) -> str:
        """The name of the file with its recording and others of its kind.

        It is the prefix of the clause that the scenario is about, `request.items`, or `large`.
        """
        requests = (*self.before, *([self.control] if self.control else []), self.sends)
        is_large = sum(_size(request) for request in requests) > LARGE
        return "large" if is_large else ".".join(self.expects[0][0].split(".")[:2])

    @property
    def is_valid(self) -> bool:
        """True if the page says that the request is accepted."""
        return self.state == "active" and isinstance(self.expects[0][1], Accepted)

    @property
    def may_meet_front_end(self) -> bool:
        """True if a server before the service may reject it for its sender, address or size."""
        return self.denial or self.group == "large"


def _size(request: Call | RawRequest) -> int:
    if isinstance(request, Call):
        return len(json.dumps(dict(request.members)))
    return len(request.body)


class Operation(Protocol):
    """A builder of an operation's requests, with all that tables of any operation need."""

    @property
    def first_member(self) -> str:
        """The first member of a body."""

    @property
    def plural(self) -> str:
        """The member that holds the records."""

    @property
    def id(self) -> str:
        """A member whose value is a string."""

    @property
    def path(self) -> str:
        """The path of requests."""

    def raw(self, body: str | bytes, content_type: str | None = ...) -> RawRequest:
        """Return a request with any body."""

    def valid(self, count: int) -> Call | RawRequest:
        """Return a valid request with a number of records."""

    def body(self, *, records: str = "") -> str:
        """Return a valid JSON body, or one with this JSON text in place of the records."""

    def record_text(self) -> str:
        """Return the JSON text of a record."""

    def body_with_id(self, name: str) -> str:
        """Return a body with this JSON text in place of one string."""


@dataclass(frozen=True)
class Batch:
    """A builder of the requests of an operation that puts a batch of records into a dataset.

    Args:
        singular: the name of a record, `item`; its id is the member `itemId`.
        max_properties: the maximum number of characters of the string `properties`.
    """

    singular: str
    max_properties: int

    first_member = "datasetArn"
    """The first member of a body."""

    @property
    def path(self) -> str:
        """The path of requests."""
        return f"/{self.plural}"

    @property
    def plural(self) -> str:
        """The member that holds the records, `items`."""
        return f"{self.singular}s"

    @property
    def id(self) -> str:
        """The member that identifies a record, `itemId`."""
        return f"{self.singular}Id"

    def record_with_id(self, name: str, properties: str | None = _PROPERTIES) -> Record:
        """Return a record with an id; without properties if they are None."""
        return {self.id: name} | ({} if properties is None else {"properties": properties})

    def record(self, number: int = 1, properties: str | None = _PROPERTIES) -> Record:
        """Return a record with a numbered id that the owner of the dataset can recognise."""
        return self.record_with_id(f"{PREFIX}{number}", properties)

    def records(self, count: int) -> list[Record]:
        """Return a number of different records."""
        return [self.record(number) for number in range(1, count + 1)]

    def call(self, records: list[Record], arn: str = DATASET) -> Call:
        """Return an SDK call that puts records."""
        return Call(f"put_{self.plural}", self.path, {"datasetArn": arn, self.plural: records})

    def raw(self, body: str | bytes, content_type: str | None = "application/json") -> RawRequest:
        """Return a request with any body."""
        return RawRequest(self.path, body, content_type)

    def valid(self, count: int) -> Call:
        """Return a valid call with a number of records."""
        return self.call(self.records(count))

    def body(self, arn: str = '"@dataset@"', records: str = "") -> str:
        """Return a JSON body with these JSON texts."""
        records = records or f"[{self.record_text()}]"
        return f'{{"datasetArn": {arn}, "{self.plural}": {records}}}'

    def record_text(
        self,
        name: str = f'"{PREFIX}1"',
        properties: str = json.dumps(_PROPERTIES),
    ) -> str:
        """Return the JSON text of a record with these JSON texts."""
        return f'{{"{self.id}": {name}, "properties": {properties}}}'

    def record_text_without_id(self) -> str:
        """Return the JSON text of a record without an id."""
        return f'{{"properties": {json.dumps(_PROPERTIES)}}}'

    def record_text_reversed(self) -> str:
        """Return the JSON text of a record with its id after the properties."""
        return f'{self.record_text_without_id()[:-1]}, "{self.id}": "{PREFIX}1"}}'

    def body_with_id(self, name: str) -> str:
        """Return a body with one record with this JSON text as its id."""
        return self.body(records=f"[{self.record_text(name)}]")

    def body_with_properties(self, properties: str) -> str:
        """Return a body with one record with this JSON text as its properties."""
        return self.body(records=f"[{self.record_text(properties=properties)}]")


def long_id(length: int) -> str:
    """Return an id of a number of characters."""
    return (PREFIX + "x" * length)[:length]


def long_properties(length: int, letter: str = "x") -> str:
    """Return the JSON text of an object, of exactly a number of characters."""
    return _PROPERTIES[:-2] + letter * (length - len(_PROPERTIES)) + _PROPERTIES[-2:]


def text(request: Call | RawRequest, arn: str) -> Any:
    """Return the content of a request to the dataset of an ARN.

    Returns:
        The arguments of a Call, or the body of a RawRequest.
    """
    if isinstance(request, Call):
        return {
            name: _filled(value, arn) if isinstance(value, str) else value
            for name, value in request.members.items()
        }
    body = request.body if isinstance(request.body, bytes) else request.body.encode()
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
"""The forms of a dataset's ARN, by placeholder. Longer ones name nothing."""


def forms(arn: str) -> list[str]:
    """Return each form in which a scenario may write an ARN."""
    return [form(arn) for form in _FORMS.values()]


def _filled(template: str, arn: str) -> str:
    return _FORMS[template](arn) if template in _FORMS else template
