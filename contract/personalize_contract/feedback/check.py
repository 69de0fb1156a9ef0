"""Checks requests outside HTTP against the contract: a mock's arguments, a logged body."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from personalize_contract.errors import ContractBroken, UsageError
from personalize_contract.model.checker import Violation
from personalize_contract.model.contract import load
from personalize_contract.model.datasets import REGION
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.parsed_request import parse, violations
from personalize_contract.privacy import display


def check(operation: str, arguments: Mapping[str, Any]) -> None:
    """Check the arguments of a call against the contract of its operation.

    For your own mocks, which see no HTTP: a patched `_make_api_call`, a fake client.

    Args:
        operation: its name in the service model, such as `PutItems`.
        arguments: the arguments of the client's method: `{"datasetArn": ..., "items": [...]}`.

    Raises:
        ContractBroken: the arguments break clauses; the message has a block for each.
        UsageError: there is no contract for the operation, or the arguments are not JSON.
    """
    try:
        body = json.dumps(dict(arguments), default=_seconds).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(f"the arguments of {operation} are not JSON: {error}") from error
    if broken := broken_clauses(operation, body):
        raise ContractBroken("\n\n".join(broken))


def _seconds(value: object) -> float:
    """Return a date and time as an SDK sends it: in seconds since 1970."""
    if isinstance(value, dt.datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} is not JSON serializable")


def broken_clauses(operation: str, body: bytes, response: Response | None = None) -> list[str]:
    """Return a block of text for each clause that a request or its response breaks.

    Args:
        operation: its name in the service model.
        body: the body of the request; its method, path and media type are assumed correct.
        response: the service's response; None to check the request only.

    Raises:
        UsageError: there is no contract for the operation.
    """
    contract = load(operation)
    url = f"https://{contract.service}.{REGION}.amazonaws.com{contract.path}"
    request = parse(
        Request(contract.method, url, {"content-type": "application/json"}, body), contract
    )
    broken = violations(Exchange(request, response)) if response else request.violations
    subjects = {"caller": f"this {operation} request", "service": "this response"}
    return [
        violation_text(violation, body, subject=subjects[violation.by])
        for violation in broken
        if violation.clause.can_fail
    ]


def violation_text(violation: Violation, body: bytes, *, subject: str, sent: str = "") -> str:
    """Return a violation as a block of lines, of which the first makes sense alone.

    Args:
        violation: the clause, and the place where it is broken.
        body: the body of the request. One of its values is shown, but never item properties.
        subject: the name of the message that breaks the clause: `this test's request`.
        sent: the line of code or the client that sent it; `""` if unknown.
    """
    clause = violation.clause
    value = display.value(body, violation.where) if violation.by == "caller" else ""
    return (
        f"{clause.id} is broken by {subject}\n"
        f"  says:   {clause.statement} [{clause.source}]\n"
        f"  found:  {display.quoted(f'{violation.where}: {violation.found}')}"
        f"{f': {value}' if value else ''}" + (f"\n  sent:   {sent}" if sent else "")
    )
