"""The service as a function from request to response.

The order of its checks (path, signature, body, constraints, dataset or tracker) is a decision: the
page documents each answer, but not their precedence.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from http.client import responses as reasons
from typing import Any

from personalize_contract.model.checker import Violation
from personalize_contract.model.contract import Contract
from personalize_contract.model.datasets import TRACKER
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import parse
from personalize_contract.privacy.redaction import mask_accounts
from personalize_contract.service.store import Store

_STATES = {
    "missing": ("ResourceNotFoundException", "Could not find the specified resource"),
    "in-use": ("ResourceInUseException", "The specified resource is in use"),
}
_INVALID = "InvalidInputException"


def response(status: int, body: bytes, *more: tuple[str, str]) -> Response:
    """Return a response with the headers of every answer: a request id and a length.

    Args:
        status: the HTTP status.
        body: the message body.
        more: further headers, as (lower-case name, value).
    """
    headers = {
        "x-amzn-requestid": str(uuid.uuid4()),
        "content-length": str(len(body)),
        **dict(more),
    }
    return Response(status, reasons.get(status, ""), headers, body)


def error(status: int, code: str, message: str) -> Response:
    """Return a rest-json error: the code in `x-amzn-errortype`, the message in the body."""
    return response(
        status,
        json.dumps({"message": message}).encode(),
        ("content-type", "application/json"),
        ("x-amzn-errortype", code),
    )


def _unknown_operation() -> Response:
    return response(404, b"<UnknownOperationException/>\n")


def _refuse(broken: Violation) -> Response:
    clause = broken.clause
    if clause.id == "request.media-type":
        return error(415, "UnsupportedMediaTypeException", f"{clause.statement}")
    code = "SerializationException" if clause.refused == "malformed" else _INVALID
    return error(400, code, f"{broken.where}: {broken.found}. {clause.statement}")


def respond(
    message: Request,
    store: Store,
    authenticate: Callable[[Request], tuple[str, str] | None] | None = None,
) -> Response:
    """Return the response to a request, and store the records that it puts.

    Args:
        message: any request at all; a malformed one gets a 4xx that names the broken clause and
            never repeats `properties`.
        store: the datasets and trackers.
        authenticate: returns the error for a rejected request, as (code, message), or None.
    """
    request = parse(message)
    operation = request.operation
    if not operation or request.method != operation.method:
        return _unknown_operation()
    if authenticate and (rejected := authenticate(request)):
        return error(403, *rejected)
    # The operation ignores URI parameters, so they are no reason to reject a request; and no
    # service knows a repo's own rules.
    broken = [
        violation
        for violation in request.violations
        if violation.clause.id != "request.no-uri-parameters" and not violation.clause.own
    ]
    if broken:
        return _refuse(broken[0])
    if unusable := _unusable(operation, request.members, store):
        return unusable
    _put(operation, request.members, store)
    return response(200, b"")


def _unusable(operation: Contract, body: Mapping[str, Any], store: Store) -> Response | None:
    """Return the error for a resource that is missing or in use; None if it is active."""
    name = body.get(operation.resource, "")
    state = store.state(name) if operation.resource else "active"
    if state == "active":
        return None
    code, words = _STATES[state]
    if name not in store.states():
        kind = "tracker" if operation.resource_type == TRACKER else "dataset"
        words += (
            f": this reference service has no {kind} {mask_accounts(name.encode()).decode()}. "
            f"Declare it by personalize_dataset in pytest's ini file, "
            f"personalize_service.add_{kind}, or serve --dataset"
        )
    if code not in operation.errors:
        # The answer for such a resource is not documented, and this is the only documented error.
        code, words = _INVALID, f"{operation.resource}: {words}"
    return error(operation.errors[code], code, words)


def _put(operation: Contract, body: Mapping[str, Any], store: Store) -> None:
    if not operation.batch:
        return
    name, batch = body.get(operation.resource, operation.operation), body[operation.batch]
    if operation.identity:
        identity, document = operation.identity, operation.document
        store.put(name, [(record[identity], record.get(document)) for record in batch])
        return
    shared = {
        member: value
        for member, value in body.items()
        if member not in (operation.resource, operation.batch)
    }
    store.record(name, [{**shared, **event} for event in batch])
