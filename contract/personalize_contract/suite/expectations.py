"""What a scenario can expect of an answer, each a literal that people read in the table."""

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
    """Something literal that an answer must be."""

    __slots__ = ()

    def applies(self, response: Response) -> bool:
        """Whether this can be judged on such an answer."""
        return True

    @abstractmethod
    def breach(self, response: Response) -> str | None:
        """What was found instead, or None if it is as expected."""

    def settles(self, response: Response) -> bool:
        """Whether a breach says it all: an accepted request has no error to be judged."""
        return False


def seen(response: Response) -> str:
    """An answer in a few words: `400 InvalidInputException`, `200 with 2 bytes of body`."""
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
        return f"a legal request was refused: {seen(response)}"

    def settles(self, response: Response) -> bool:
        # An answer that neither accepts nor refuses is judged as a success as well.
        return 400 <= response.status < 500


@dataclass(frozen=True, slots=True)
class WellFormed(Expectation):
    """The request is not called malformed: accepted, or refused for its dataset (404, 409).

    Or the sender is denied it: the ARN may be of another account, region or partition.
    """

    def breach(self, response: Response) -> str | None:
        about_the_dataset = rest_json.error_code(response) in _OF_DATASETS
        if response.status < 300 or response.status in (404, 409) or about_the_dataset:
            return None
        if failures.denial(response):
            return None
        return f"a well-formed request was refused: {seen(response)}"

    def settles(self, response: Response) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Refused(Expectation):
    """The request is not accepted: any error status. Which one is for other clauses to say."""

    def breach(self, response: Response) -> str | None:
        return None if response.status >= 400 else f"it was not refused: {seen(response)}"

    def settles(self, response: Response) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class NotLookedUp(Expectation):
    """The ARN is refused for what it is: no dataset was looked for by it."""

    def breach(self, response: Response) -> str | None:
        code = rest_json.error_code(response)
        if code in _OF_DATASETS or (response.status in (404, 409) and code != _INVALID):
            return f"it was taken for the ARN of a dataset: {seen(response)}"
        return None


@dataclass(frozen=True, slots=True)
class Status(Expectation):
    """The status is this number."""

    number: int

    def breach(self, response: Response) -> str | None:
        if response.status == self.number:
            return None
        return f"expected {self.number}, the answer is {seen(response)}"


@dataclass(frozen=True, slots=True)
class IfAccepted(Expectation):
    """Whether it is accepted is not known; if it is, then with this status."""

    number: int

    def applies(self, response: Response) -> bool:
        return 200 <= response.status < 300

    def breach(self, response: Response) -> str | None:
        return Status(self.number).breach(response)


@dataclass(frozen=True, slots=True)
class Code(Expectation):
    """The error code is this one, however the answer carries it.

    Args:
        code: of the page.
        of: the status of which it is expected; None for any error.
    """

    code: str
    of: int | None = None

    def applies(self, response: Response) -> bool:
        return response.status >= 400 and self.of in (None, response.status)

    def breach(self, response: Response) -> str | None:
        found = rest_json.error_code(response)
        if found == self.code:
            return None
        return f"expected the code {self.code}, the answer has {found or 'none'}"


@dataclass(frozen=True, slots=True)
class EmptyBody(Expectation):
    """A success has a body of no bytes at all."""

    def applies(self, response: Response) -> bool:
        return 200 <= response.status < 300

    def breach(self, response: Response) -> str | None:
        if not response.body:
            return None
        return f"expected an empty body, the answer has {len(response.body)} bytes"


@dataclass(frozen=True, slots=True)
class Message(Expectation):
    """A documented error has a message, a string; none repeats the sensitive text that was sent.

    Nor a part of it, in whatever case or escapes, body, header or reason.
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


_TELLING = 8
"""Characters of a text that are there by no chance."""


def _repeats(response: Response, text: str) -> bool:
    body = response.body.decode("utf-8", "replace")
    message = rest_json.error_message(response)
    told = f"{body} {message} {response.headers} {response.reason}".casefold()
    parts = (text[at : at + _TELLING] for at in range(len(text) - _TELLING + 1))
    return any(part in told for part in parts)


@dataclass(frozen=True, slots=True)
class Observed(Expectation):
    """Nothing is expected: what comes back is noted.

    Args:
        what: `answer` for the status and the code, `mistake` for its message too, `headers` of
            a success, and of an error its `content-type`, `framing` (where its code is) or
            `message`.
    """

    what: Literal["answer", "mistake", "headers", "content-type", "framing", "message"] = "answer"

    def applies(self, response: Response) -> bool:
        if self.what in ("answer", "mistake"):
            return True
        return response.status < 300 if self.what == "headers" else response.status >= 400

    def breach(self, response: Response) -> str | None:
        return None

    def note(self, response: Response) -> str:
        """What came back."""
        if self.what == "content-type":
            return response.headers.get("content-type", "none")
        if self.what == "framing":
            return rest_json.framing(response)
        if self.what == "message":
            return rest_json.wording(response)
        if self.what == "headers":
            return ", ".join(rest_json.headers(response)) or "none"
        if self.what == "mistake" and response.status >= 400:
            return f"{seen(response)}: {rest_json.wording(response)}"
        return seen(response)
