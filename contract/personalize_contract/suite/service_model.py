"""Compares the contract with the service model of an SDK.

Both are read into facts about the operation, its errors, and each place in the request body
(`items[].itemId`). Differing facts are described in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from personalize_contract.model.contract import Contract
from personalize_contract.model.provenance import service_model

Facts = dict[str, dict[str, Any]]
"""The facts, by name, about each place in the request and each error code."""

_TYPES = {"structure": "object", "list": "array", "float": "number"}
_RULES = {"min-length": "min", "max-length": "max", "min-members": "min", "max-members": "max"}


WORDS: Mapping[str, Callable[[Any], str]] = {
    "method": str,
    "path": str,
    "answer": lambda value: "an empty answer" if value is None else f"the answer {value}",
    "status": lambda value: f"status {value}",
    "message": lambda value: "with a message" if value else "without a message",
    "required": lambda value: "required" if value else "optional",
    "type": lambda value: f"{'an' if value[0] in 'aeiou' else 'a'} {value}",
    "min": lambda value: "without a minimum" if value is None else f"at least {value}",
    "max": lambda value: "without a maximum" if value is None else f"at most {value}",
    "pattern": lambda value: "without a pattern" if value is None else f"the pattern {value}",
    "sensitive": lambda value: "sensitive" if value else "not sensitive",
    "part": lambda value: f"in the {value}",
}
"""The compared facts, each with the function that describes a value."""


def differences(contract: Contract, model: Mapping[str, Any], sdk: str) -> list[str]:
    """Return a line for each difference between the two.

    Args:
        contract: the contract of an operation.
        model: the service model in the form of the SDK's file.
        sdk: name and version of the SDK, for the lines.
    """
    operation = model["operations"].get(contract.operation)
    if operation is None:
        return [f"{contract.operation}: unknown to {sdk}"]
    contract_facts, model_facts = _of_contract(contract), _of_model(operation, model["shapes"])
    return [
        line
        for name in {**contract_facts, **model_facts}
        for line in _described(name, contract_facts.get(name), model_facts.get(name), sdk)
    ]


def installed(contract: Contract) -> list[str]:
    """Return the differences between the contract and the installed botocore's service model."""
    import botocore

    return differences(contract, service_model(), f"botocore {botocore.__version__}")


def _described(
    name: str, contract_facts: dict[str, Any] | None, model_facts: dict[str, Any] | None, sdk: str
) -> Iterator[str]:
    """Yield a line for each difference of one place in the request, or of one error.

    Args:
        name: the place or error code.
        contract_facts: its facts in the contract; None if the contract doesn't have it.
        model_facts: its facts in the service model; None if the model doesn't have it.
        sdk: name and version of the SDK.
    """
    label = name.rpartition(".")[2]
    if contract_facts is None or model_facts is None:
        facts = contract_facts or model_facts or {}
        known = ", ".join(words(facts[fact]) for fact, words in WORDS.items() if facts.get(fact))
        yield (
            f"{label}: unknown here, {known} in {sdk}"
            if contract_facts is None
            else f"{label}: {known} here, unknown to {sdk}"
        )
        return
    for fact, words in WORDS.items():
        in_contract, in_model = contract_facts.get(fact), model_facts.get(fact)
        if in_contract != in_model:
            are_numbers = type(in_contract) is int and type(in_model) is int
            model_value = in_model if are_numbers else words(in_model)
            yield f"{label}: {words(in_contract)} here, {model_value} in {sdk}"


def _of_contract(contract: Contract) -> Facts:
    says_why = any("message" in clause.check for clause in contract.clauses.values())
    facts: Facts = {
        contract.operation: {"method": contract.method, "path": contract.path, "answer": None}
    }
    for clause in contract.clauses.values():
        at = clause.check.get("at")
        if at is None:
            continue
        place = facts.setdefault(at or "body", {"required": False, "sensitive": False})
        place |= {
            _RULES.get(rule, rule): value for rule, value in clause.check.items() if rule != "at"
        }
    for at in contract.sensitive:
        facts.setdefault(at, {"required": False})["sensitive"] = True
    return facts | {
        code: {"status": status, "message": says_why} for code, status in contract.errors.items()
    }


def _of_model(operation: Mapping[str, Any], shapes: Mapping[str, Any]) -> Facts:
    http = operation["http"]
    answer = operation.get("output", {}).get("shape")
    facts: Facts = {
        operation["name"]: {"method": http["method"], "path": http["requestUri"], "answer": answer}
    }
    facts |= _places("body", "", operation["input"]["shape"], shapes)
    for error in operation["errors"]:
        shape = shapes[error["shape"]]
        facts[error["shape"]] = {
            "status": shape["error"]["httpStatusCode"],
            "message": "message" in shape["members"],
        }
    return facts


def _places(at: str, prefix: str, name: str, shapes: Mapping[str, Any], **more: Any) -> Facts:
    """Return the facts about a shape and all its members."""
    shape = shapes[name]
    own: dict[str, Any] = {"required": False, "sensitive": shape.get("sensitive", False), **more}
    own["type"] = _TYPES.get(shape["type"], shape["type"])
    own |= {fact: shape[fact] for fact in ("min", "max", "pattern") if fact in shape}
    facts: Facts = {at: own}
    for member, target in shape.get("members", {}).items():
        below = f"{prefix}{member}"
        required = member in shape.get("required", ())
        place = {"part": target["location"]} if "location" in target else {}
        facts |= _places(below, f"{below}.", target["shape"], shapes, required=required, **place)
    if shape["type"] == "list":
        facts |= _places(f"{at}[]", f"{at}[].", shape["member"]["shape"], shapes)
    return facts
