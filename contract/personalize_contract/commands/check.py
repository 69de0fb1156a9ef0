"""`check`: check one request against the contract."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personalize_contract.model.contract import DEFAULT, operations

if TYPE_CHECKING:
    from personalize_contract.model.exchange import Response

HELP = "check one request against the contract"
DESCRIPTION = (
    "Check a request body, such as one from a log, against the contract. The file holds the body, "
    'or {"request": BODY, "response": {"status": 200, "headers": {}, "body": ""}} to check the '
    "response too. Exit status: 0 no clause is broken, 1 the printed clauses are broken, 2 it "
    "could not be done."
)

MAX_BYTES = 8 * 1024 * 1024
"""Maximum size of a file in bytes."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=Path("-"),
        metavar="FILE",
        help="the file with the request; - for standard input (default)",
    )
    parser.add_argument(
        "--operation",
        default=DEFAULT,
        metavar="NAME",
        help=f"one of {', '.join(operations())} (default: {DEFAULT})",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from personalize_contract.feedback.check import broken_clauses

    body, response = _split(_read(options.file))
    broken = broken_clauses(options.operation, body, response)
    for text in broken:
        print(f"{text}\n")
    clauses = f"{len(broken)} clause{'s' * (len(broken) != 1)}"
    print(f"{options.operation}: {f'{clauses} broken' if broken else 'no clause is broken'}")
    return 1 if broken else 0


def _read(path: Path) -> bytes:
    from personalize_contract.errors import UsageError

    if str(path) == "-":
        text = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a file; name one that holds a request body")
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise UsageError(
            f"{path} is larger than {MAX_BYTES >> 20} MiB, the maximum for a request body"
        )
    return text


def _split(text: bytes) -> tuple[bytes, Response | None]:
    """Return the request body in a text, and the response if there is one."""
    try:
        document = json.loads(text)
    except ValueError:
        return text, None
    if not isinstance(document, dict) or "request" not in document:
        return text, None
    response = document.get("response")
    return _body(document["request"]), _response(response) if response is not None else None


def _body(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def _response(value: Any) -> Response:
    from personalize_contract.errors import UsageError
    from personalize_contract.model.exchange import Response, headers

    members = {"headers": {}, "body": "", **value} if isinstance(value, dict) else {}
    status = members.get("status")
    if type(status) is not int or not isinstance(members["headers"], dict):
        raise UsageError(
            "the response can't be read; write it as "
            '{"status": 400, "headers": {"x-amzn-errortype": "InvalidInputException"}, "body": ""}'
        )
    return Response(status, "", headers(members["headers"].items()), _body(members["body"]))
