"""The expectations that a scenario can have of an answer, written as literals in the tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from personalize_contract.model import failures, rest_json
from personalize_contract.model.exchange import Response

_INVALID = "InvalidInputException"
_OF_DATASETS = ("ResourceNotFoundException", "ResourceInUseException")
_DOCUMENTED = (_INVALID, *_OF_DATASETS)


class Expectation(ABC):
    """A literal expectation of an answer."""

    __slots__ = ()

    def applies(self, response: Response) -> bool:
        """Return whether this expectation applies to such an answer."""
        return True

    @abstractmethod
    def breach(self, response: Response) -> str | None:
        """Return the difference from the expectation, or None."""

    def settles(self, response: Response) -> bool:
        """Return whether a breach makes the others pointless: an accepted request has no error."""
        return False


def describe(response: Response) -> str:
    """Describe an answer: `400 InvalidInputException`, `200 with 2 bytes of body`."""
    if response.status < 300:
        return f"{response.status}" + (
            f" with {len(response.body)} bytes of body" if response.body else " with an empty body"
        )
    return f"{response.status} {rest_json.error_code(response) or 'without an error code'}"


@dataclass(frozen=True, slots=True)
class Accepted(Expectation):
    """The request is accepted: a status from 200 to 299."""

    def breach(self, response: Response) -> str | None:
        if 200 <= response.status < 300:
            return None
        return f"a valid request was rejected: {describe(response)}"

    def settles(self, response: Response) -> bool:
        # An answer that neither accepts nor rejects is also judged as a success.
        return 400 <= response.status < 500


@dataclass(frozen=True, slots=True)
class WellFormed(Expectation):
    """The request is not called malformed: it is accepted, or rejected for its dataset (404, 409).

    Or the sender is denied access, since the ARN may be of another account, region or partition.
    """

    def breach(self, response: Response) -> str | None:
        about_the_dataset = rest_json.error_code(response) in _OF_DATASETS
        if response.status < 300 or response.status in (404, 409) or about_the_dataset:
            return None
        if failures.denial(response):
            return None
        return f"a well-formed request was rejected: {describe(response)}"

    def settles(self, response: Response) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Rejected(Expectation):
    """The request is rejected, with any error status; other clauses expect a certain one."""

    def breach(self, response: Response) -> str | None:
        return None if response.status >= 400 else f"it was not rejected: {describe(response)}"

    def settles(self, response: Response) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class NotLookedUp(Expectation):
    """The ARN is rejected for its form, without looking up a dataset."""

    def breach(self, response: Response) -> str | None:
        code = rest_json.error_code(response)
        if code in _OF_DATASETS or (response.status in (404, 409) and code != _INVALID):
            return f"it was looked up as the ARN of a dataset: {describe(response)}"
        return None


@dataclass(frozen=True, slots=True)
class Status(Expectation):
    """The status is this number."""

    number: int

    def breach(self, response: Response) -> str | None:
        if response.status == self.number:
            return None
        return f"expected {self.number}, the answer is {describe(response)}"


@dataclass(frozen=True, slots=True)
class IfAccepted(Expectation):
    """If the request is accepted, which is undocumented, the status is this number."""

    number: int

    def applies(self, response: Response) -> bool:
        return 200 <= response.status < 300

    def breach(self, response: Response) -> str | None:
        return Status(self.number).breach(response)


@dataclass(frozen=True, slots=True)
class Code(Expectation):
    """The error code is this one, in any framing.

    Args:
        code: the documented code.
        with_status: the status that it is expected with; None for any error.
    """

    code: str
    with_status: int | None = None

    def applies(self, response: Response) -> bool:
        return response.status >= 400 and self.with_status in (None, response.status)

    def breach(self, response: Response) -> str | None:
        code = rest_json.error_code(response)
        if code == self.code:
            return None
        return f"expected the code {self.code}, the answer has {code or 'none'}"


@dataclass(frozen=True, slots=True)
class EmptyBody(Expectation):
    """A success has an empty body."""

    def applies(self, response: Response) -> bool:
        return 200 <= response.status < 300

    def breach(self, response: Response) -> str | None:
        if not response.body:
            return None
        return f"expected an empty body, the answer has {len(response.body)} bytes"


@dataclass(frozen=True, slots=True)
class Message(Expectation):
    """A documented error has a message, and no error repeats the request's sensitive text.

    The message is a string. An error repeats no part of that text either: in any case or
    escaping, in its body, headers or reason.
    """

    never: str

    def applies(self, response: Response) -> bool:
        return response.status >= 400

    def breach(self, response: Response) -> str | None:
        documented = rest_json.error_code(response) in _DOCUMENTED
        if documented and not isinstance(rest_json.error_message(response), str):
            return "expected a message, a string; the answer has none"
        if _repeats(response, self.never):
            return "the answer repeats the properties, which the model calls sensitive"
        return None


_MIN_ECHO_LENGTH = 8
"""Characters of a text that identify an echo of it; shorter matches are likely coincidence."""


def _repeats(response: Response, text: str) -> bool:
    body = response.body.decode("utf-8", "replace")
    message = rest_json.error_message(response)
    answer = f"{body} {message} {response.headers} {response.reason}".casefold()
    length = _MIN_ECHO_LENGTH
    parts = (text[at : at + length] for at in range(len(text) - length + 1))
    return any(part in answer for part in parts)


@dataclass(frozen=True, slots=True)
class Observed(Expectation):
    """Nothing is expected; a part of the answer is reported.

    Args:
        part: `answer` for status and code, `mistake` for the message too; `headers` of a success;
            `content-type`, `framing` (the place of the code) or `message` of an error.
    """

    part: Literal["answer", "mistake", "headers", "content-type", "framing", "message"] = "answer"

    def applies(self, response: Response) -> bool:
        if self.part in ("answer", "mistake"):
            return True
        return response.status < 300 if self.part == "headers" else response.status >= 400

    def breach(self, response: Response) -> str | None:
        return None

    def note(self, response: Response) -> str:
        """Return the reported part of the answer."""
        if self.part == "content-type":
            return response.headers.get("content-type", "none")
        if self.part == "framing":
            return rest_json.framing(response)
        if self.part == "message":
            return rest_json.wording(response)
        if self.part == "headers":
            return ", ".join(rest_json.headers(response)) or "none"
        if self.part == "mistake" and response.status >= 400:
            return f"{describe(response)}: {rest_json.wording(response)}"
        return describe(response)
