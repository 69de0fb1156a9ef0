"""What a scenario can expect of an answer, each a literal that people read in the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from personalize_contract import wire
from personalize_contract.exchange import Response

_DOCUMENTED = ("InvalidInputException", "ResourceNotFoundException", "ResourceInUseException")


class Expectation(Protocol):
    """Something literal that an answer must be.

    `gate` says that the rest of a scenario presupposes it: an accepted request has no error
    whose code could be judged.
    """

    @property
    def gate(self) -> bool:
        """Whether what follows is judged only where this holds."""

    def applies(self, response: Response) -> bool:
        """Whether this can be judged on such an answer."""

    def breach(self, response: Response) -> str | None:
        """What was found instead, or None if it is as expected."""


def seen(response: Response) -> str:
    """An answer in a few words: `400 InvalidInputException`, `200 with 2 bytes of body`."""
    if response.status < 300:
        return f"{response.status}" + (
            f" with {len(response.body)} bytes of body" if response.body else " with an empty body"
        )
    return f"{response.status} {wire.error_code(response) or 'without an error code'}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request is accepted: a status from 200 to 299."""

    gate = True

    def applies(self, response: Response) -> bool:
        return True

    def breach(self, response: Response) -> str | None:
        if 200 <= response.status < 300:
            return None
        return f"a legal request was refused: {seen(response)}"


@dataclass(frozen=True, slots=True)
class WellFormed:
    """The request is not called malformed: accepted, or refused for its dataset (404, 409)."""

    gate = True

    def applies(self, response: Response) -> bool:
        return True

    def breach(self, response: Response) -> str | None:
        if response.status in (200, 404, 409):
            return None
        return f"a well-formed request was refused: {seen(response)}"


@dataclass(frozen=True, slots=True)
class Refused:
    """The request is not accepted: any error status. Which one is for other clauses to say."""

    gate = True

    def applies(self, response: Response) -> bool:
        return True

    def breach(self, response: Response) -> str | None:
        return None if response.status >= 400 else f"it was not refused: {seen(response)}"


@dataclass(frozen=True, slots=True)
class Status:
    """The status is this number."""

    number: int
    gate = False

    def applies(self, response: Response) -> bool:
        return True

    def breach(self, response: Response) -> str | None:
        if response.status == self.number:
            return None
        return f"expected {self.number}, the answer is {seen(response)}"


@dataclass(frozen=True, slots=True)
class Code:
    """The error code is this one, however the answer carries it."""

    code: str
    gate = False

    def applies(self, response: Response) -> bool:
        return response.status >= 400

    def breach(self, response: Response) -> str | None:
        found = wire.error_code(response)
        if found == self.code:
            return None
        return f"expected the code {self.code}, the answer has {found or 'none'}"


@dataclass(frozen=True, slots=True)
class EmptyBody:
    """A success has a body of no bytes at all."""

    gate = False

    def applies(self, response: Response) -> bool:
        return 200 <= response.status < 300

    def breach(self, response: Response) -> str | None:
        if not response.body:
            return None
        return f"expected an empty body, the answer has {len(response.body)} bytes"


@dataclass(frozen=True, slots=True)
class Message:
    """A documented error has a message, a string without the sensitive text that was sent."""

    never: str = ""
    gate = False

    def applies(self, response: Response) -> bool:
        return response.status >= 400 and wire.error_code(response) in _DOCUMENTED

    def breach(self, response: Response) -> str | None:
        message = wire.error_message(response)
        if not isinstance(message, str):
            return "expected a message, a string; the answer has none"
        if self.never and self.never.encode() in response.body:
            return "the answer repeats the properties, which the model calls sensitive"
        return None


@dataclass(frozen=True, slots=True)
class Observed:
    """Nothing is expected: what comes back is noted. `what` is `answer` or `content-type`."""

    what: str = "answer"
    gate = False

    def applies(self, response: Response) -> bool:
        return response.status >= 400 if self.what == "content-type" else True

    def breach(self, response: Response) -> str | None:
        return None

    def note(self, response: Response) -> str:
        """What came back."""
        if self.what == "content-type":
            return response.headers.get("content-type", "none")
        return seen(response)
