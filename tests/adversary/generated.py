"""Requests made by Hypothesis from the limits of a contract: valid ones, and just invalid ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from adversary.service import operation
from helpers.command import ACTIVE

OF = operation()
_LIMITS = {(rule.at, rule.check): rule.want for rule in OF.rules}

_LETTER = st.characters(codec="utf-8")


def _limit(check: str, member: str = "") -> int:
    return int(_LIMITS[f"{OF.batch}[].{member}" if member else OF.batch, check])


def _text(member: str) -> st.SearchStrategy[str]:
    """Any text within the limits of a member, with a taste for the limits themselves."""
    least, most = _limit("min-length", member), _limit("max-length", member)
    return st.one_of(
        st.text(_LETTER, min_size=least, max_size=12),
        st.builds(lambda letter, size: letter * size, _LETTER, st.sampled_from([least, most])),
    )


def items() -> st.SearchStrategy[dict[str, str]]:
    """One item."""
    return st.fixed_dictionaries(
        {OF.identity: _text(OF.identity)}, optional={OF.document: _text(OF.document)}
    )


def batches() -> st.SearchStrategy[list[dict[str, str]]]:
    """What a valid request puts."""
    return st.lists(items(), min_size=_limit("min-members"), max_size=_limit("max-members"))


@dataclass(frozen=True)
class Mistake:
    """A way to make a valid body just invalid.

    Args:
        clause: that is broken then.
        botocore: whether botocore's own validator says so too.
        makes: changes a body, in place; given a number to choose a place with.
    """

    clause: str
    botocore: bool
    makes: Callable[[dict[str, Any], int], None]


def _on_item(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any], int], None]:
    def make(body: dict[str, Any], number: int) -> None:
        change(body[OF.batch][number % len(body[OF.batch])])

    return make


def _set(member: str, value: Any) -> Callable[[dict[str, Any], int], None]:
    return _on_item(lambda item: item.update({member: value}))


def _member(name: str, value: Any) -> Callable[[dict[str, Any], int], None]:
    return lambda body, number: body.update({name: value})


def _replaced(value: Any) -> Callable[[dict[str, Any], int], None]:
    def make(body: dict[str, Any], number: int) -> None:
        body[OF.batch][number % len(body[OF.batch])] = value

    return make


def _many(body: dict[str, Any], number: int) -> None:
    more = _limit("max-members") + 1 - len(body[OF.batch])
    body[OF.batch] += [{OF.identity: str(one)} for one in range(more)]


def _long(member: str) -> str:
    return "x" * (_limit("max-length", member) + 1)


MISTAKES: dict[str, Mistake] = {
    "no ARN": Mistake(
        "request.dataset-arn.required", True, lambda body, number: body.pop("datasetArn")
    ),
    "a number for the ARN": Mistake("request.dataset-arn.type", True, _member("datasetArn", 1)),
    "null for the ARN": Mistake("request.dataset-arn.type", True, _member("datasetArn", None)),
    "a long ARN": Mistake(
        "request.dataset-arn.max-length", False, _member("datasetArn", ACTIVE.ljust(257, "x"))
    ),
    "no ARN at all": Mistake("request.dataset-arn.pattern", False, _member("datasetArn", "tea")),
    "no batch": Mistake("request.items.required", True, lambda body, number: body.pop(OF.batch)),
    "an object for the batch": Mistake("request.items.type", True, _member(OF.batch, {})),
    "an empty batch": Mistake("request.items.min-members", True, _member(OF.batch, [])),
    "one too many": Mistake("request.items.max-members", False, _many),
    "null for an item": Mistake("request.item.type", True, _replaced(None)),
    "a string for an item": Mistake("request.item.type", True, _replaced("tea")),
    "no id": Mistake("request.item-id.required", True, _on_item(lambda item: item.pop("itemId"))),
    "a number for an id": Mistake("request.item-id.type", True, _set(OF.identity, 1)),
    "an empty id": Mistake("request.item-id.min-length", True, _set(OF.identity, "")),
    "a long id": Mistake(
        "request.item-id.max-length", False, _set(OF.identity, _long(OF.identity))
    ),
    "an object for a document": Mistake("request.properties.type", True, _set(OF.document, {})),
    "an empty document": Mistake("request.properties.min-length", True, _set(OF.document, "")),
    "a long document": Mistake(
        "request.properties.max-length", False, _set(OF.document, _long(OF.document))
    ),
}
"""A mistake for each clause about members."""
