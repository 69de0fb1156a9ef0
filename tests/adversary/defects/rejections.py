"""Errors with the wrong status or code."""

from __future__ import annotations

from dataclasses import replace

from adversary.defects.altered import (
    framed,
    framing,
)
from adversary.defects.mutant import ANY, Mutant, Mutants
from adversary.service import (
    Answer,
    Frame,
    Operation,
    Rule,
    Service,
    in_header,
    right,
)

_STATUSES = (
    200,
    201,
    204,
    302,
    400,
    401,
    403,
    404,
    405,
    409,
    410,
    413,
    415,
    418,
    422,
    423,
    500,
    502,
)
"""Without 429 and 503: those say that the service is busy, which is no breach."""


def _kind(of: Operation, kind: str, status: int, code: str) -> Service:
    usual = right(of)
    return replace(usual, kinds={**usual.kinds, kind: (status, code)})


def mutants(of: Operation) -> Mutants:
    """Yield wrong errors of each kind, and of each rule."""
    yield from _misanswered(of)
    yield from _of_one_rule(of)
    yield from _misframed(of)


_CODES = (
    "ConflictException",
    "InternalFailure",
    "UnknownOperationException",
    "ValidationException",
)


def _misanswered(of: Operation) -> Mutants:
    names = {
        "invalid-input": "invalid-input",
        "malformed": "malformed",
        "missing": "not-found",
        "in-use": "in-use",
    }
    usual = right(of).kinds
    for kind, clause in names.items():
        status, code = usual[kind]
        for other in _STATUSES:
            if other == status:
                continue
            # A success for an invalid request is reported as acceptance.
            named = ANY if other < 400 else f"error.{clause}.status"
            service = _kind(of, kind, other, code)
            yield Mutant(f"{kind}: {other} instead of {status}", named, service)
        if kind == "malformed":
            continue  # its code is not documented
        others = [other for other in of.errors if other != code]
        for wrong in (*others, *_CODES, code.lower(), code.removesuffix("Exception")):
            service = _kind(of, kind, status, wrong)
            yield Mutant(f"{kind}: code {wrong}", f"error.{clause}.code", service)


def _of_one_rule(of: Operation) -> Mutants:
    for rule in of.rules:
        status = f"error.{rule.kind}.status"
        as_missing = _rejected_as(of, rule, "missing", *right(of).kinds["missing"])
        yield Mutant(f"{rule.clause}: rejected as missing", status, as_missing)
        if rule.at == "datasetArn":
            yield Mutant(f"{rule.clause}: looked up", rule.clause, as_missing)
        crashes = _rejected_as(of, rule, "odd", 500, "InternalFailure")
        yield Mutant(f"{rule.clause}: crashes", status, crashes)
        if rule.check.startswith("max-"):
            too_large = _rejected_as(of, rule, "odd", 413, "InvalidInputException")
            yield Mutant(f"{rule.clause}: rejected with 413", status, too_large)


def _rejected_as(of: Operation, rule: Rule, kind: str, status: int, code: str) -> Service:
    usual = right(of)
    rules = tuple(replace(each, kind=kind) if each is rule else each for each in of.rules)
    return replace(usual, rules=rules, kinds={**usual.kinds, kind: (status, code)})


_NO_CODE: dict[str, Frame] = {
    "without a code": framed(None, lambda code, message: {"message": message}),
    "with the code in a header of its own": framed(
        "x-error-code", lambda code, message: {"message": message}
    ),
    "with the code in a member of its own": framed(
        None, lambda code, message: {"errorCode": code, "message": message}
    ),
    "with the code in the message only": framed(
        None, lambda code, message: {"message": f"{code}: {message}"}
    ),
    "with a number for the code": framed(
        None, lambda code, message: {"code": 7, "message": message}
    ),
    "with an object for the code": framed(
        None, lambda code, message: {"error": {"code": code}, "message": message}
    ),
    "in XML": framed(None, lambda code, message: f"<Error><Code>{code}</Code></Error>".encode()),
    "with nothing in it": lambda status, code, message: Answer(status),
    "with two codes": lambda status, code, message: in_header(status, code, message).plus(
        ("x-amzn-ErrorType", "InternalFailure")
    ),
}


def _misframed(of: Operation) -> Mutants:
    invalid, missing, in_use = of.errors
    for code, clause in ((invalid, "invalid-input"), (missing, "not-found"), (in_use, "in-use")):
        for words, frame in _NO_CODE.items():
            service = framing(of, code, frame)
            yield Mutant(f"{code} {words}", f"error.{clause}.code", service)
