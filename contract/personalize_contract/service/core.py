"""The service without a wire: a request in, a response out.

The order of its checks (path, signature, body, constraints, dataset) is a decision: the page
documents each answer and not which comes first.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from http.client import responses as reasons

from personalize_contract.model.checker import Violation
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import parse
from personalize_contract.service.store import Store

_STATES = {
    "missing": ("ResourceNotFoundException", "Could not find the specified resource"),
    "in-use": ("ResourceInUseException", "The specified resource is in use"),
}


def response(status: int, body: bytes, *more: tuple[str, str]) -> Response:
    """A response as the service frames each: with a request id and a length.

    Args:
        status: of HTTP.
        body: of the message.
        more: further headers, as (lower-case name, value).
    """
    headers = {
        "x-amzn-requestid": str(uuid.uuid4()),
        "content-length": str(len(body)),
        **dict(more),
    }
    return Response(status, reasons.get(status, ""), headers, body)


def error(status: int, code: str, message: str) -> Response:
    """A rest-json error: the code in `x-amzn-errortype`, the message in the body."""
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
    code = "SerializationException" if clause.refused == "malformed" else "InvalidInputException"
    return error(400, code, f"{broken.where}: {broken.found}. {clause.statement}")


def respond(
    message: Request,
    store: Store,
    authenticate: Callable[[Request], tuple[str, str] | None] | None = None,
) -> Response:
    """Return the response to one request, and store what it puts.

    Args:
        message: any request at all; a malformed one gets a 4xx that names the broken clause and
            never repeats `properties`.
        store: the datasets.
        authenticate: says why a request is refused, as (code, message), or None.
    """
    request = parse(message)
    operation = request.operation
    if not operation or request.method != operation.method:
        return _unknown_operation()
    if authenticate and (refused := authenticate(request)):
        return error(403, *refused)
    # URI parameters mean nothing to the operation, so they are nothing to refuse.
    broken = [
        violation
        for violation in request.violations
        if violation.clause.id != "request.no-uri-parameters"
    ]
    if broken:
        return _refuse(broken[0])
    body = request.members
    if refusal := _STATES.get(state := store.state(body["datasetArn"])):
        code, words = refusal
        if body["datasetArn"] not in store.states():
            words += ": this reference service was never told of it"
        return error(404 if state == "missing" else 409, code, words)
    batch = [
        (one[operation.identity], one.get(operation.document)) for one in body[operation.batch]
    ]
    store.put(body["datasetArn"], batch)
    return response(200, b"")
