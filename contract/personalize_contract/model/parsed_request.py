"""A parsed request: its operation, its JSON body, and the clauses that it breaks.

A request is parsed once, where it is intercepted; all later steps take it in this form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from personalize_contract.model import contract, strict_json
from personalize_contract.model.checker import Violation, checker
from personalize_contract.model.contract import Contract
from personalize_contract.model.exchange import Exchange, Request


@dataclass(frozen=True, slots=True)
class ParsedRequest(Request):
    """A request message together with its meaning.

    Args:
        operation: the contract of its operation; None for an unknown path.
        json: the value of its body; None also if the body is not strict JSON.
        json_error: the reason that the body is not strict JSON; `""` if it is.
        violations: the clauses that the caller breaks with this request.
    """

    operation: Contract | None
    json: Any = field(repr=False)
    json_error: str
    violations: tuple[Violation, ...]

    @property
    def members(self) -> dict[str, Any]:
        """The members of the body; empty if it is not a JSON object."""
        return self.json if isinstance(self.json, dict) else {}


def parse(request: Request, operation: Contract | None = None) -> ParsedRequest:
    """Parse a request; a parsed one is returned unchanged.

    Args:
        request: the message.
        operation: the contract of its operation; None to look it up by path.
    """
    if isinstance(request, ParsedRequest):
        return request
    value, error = None, ""
    try:
        value = strict_json.loads(request.body)
    except strict_json.NotJson as problem:
        error = str(problem)
    operation = operation or contract.at(request.path)
    violations = checker(operation).request(request, value, error) if operation else []
    return ParsedRequest(
        request.method,
        request.url,
        request.headers,
        request.body,
        operation,
        value,
        error,
        tuple(violations),
    )


def violations(exchange: Exchange) -> list[Violation]:
    """Return every violation in an exchange, by its caller and by its service."""
    request = parse(exchange.request)
    by_service = (
        checker(request.operation).response(exchange.response, request.violations)
        if request.operation
        else ()
    )
    return [*request.violations, *by_service]
