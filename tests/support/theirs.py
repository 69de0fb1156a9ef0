"""A PutItems service written for the tests from the page alone.

It shares no code with the package, so what the suite says about it is worth something. `Rules` is
the page; `support.dialects` are legal ways to answer, `support.defects` change one rule each.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.command import IN_USE, MISSING


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def items(self) -> list[Any]:
        try:
            found = json.loads(self.body)["items"]
        except (ValueError, KeyError, TypeError):
            return []
        return found if isinstance(found, list) else []


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    reason: str | None = None
    chunked: bool = False
    cut: bool = False
    reset: bool = False
    until_close: bool = False


class Refused(Exception):
    def __init__(self, kind: str) -> None:
        self.kind = kind


KINDS = {
    "malformed": (400, "SerializationException"),
    "invalid": (400, "InvalidInputException"),
    "missing": (404, "ResourceNotFoundException"),
    "in-use": (409, "ResourceInUseException"),
}


def framed_in_header(status: int, code: str, message: str) -> Answer:
    body = json.dumps({"message": message}).encode()
    return Answer(status, body, {"Content-Type": "application/json", "x-amzn-ErrorType": code})


def decoded(body: bytes) -> Any:
    return json.loads(body.decode("utf-8"))


@dataclass(frozen=True)
class Rules:
    """The page. Each field is a rule that a defect can change."""

    max_items: int = 10
    min_items: int = 1
    max_id: int = 256
    min_id: int = 1
    max_properties: int = 32000
    min_properties: int = 1
    max_arn: int = 256
    arn: Callable[[str], object] = re.compile(r"arn:[a-z\d-]+:personalize:.*:.*:.+").fullmatch
    length: Callable[[str], int] = len
    count: Callable[[list[Any]], int] = len
    required: frozenset[str] = frozenset({"datasetArn", "items", "itemId"})
    types: frozenset[str] = frozenset(
        {"body", "datasetArn", "items", "item", "itemId", "properties"}
    )
    checked: slice = field(default_factory=lambda: slice(None))
    duplicates: bool = True
    kinds: dict[str, tuple[int, str]] = field(default_factory=lambda: dict(KINDS))
    states: dict[str, str] = field(default_factory=lambda: {MISSING: "missing", IN_USE: "in-use"})
    known: frozenset[str] | None = None
    """The datasets that there are; None for all that aren't missing."""
    loads: Callable[[bytes], Any] = decoded
    media_types: Callable[[str], bool] = lambda value: True
    success: Answer = Answer(200)
    error: Callable[[int, str, str], Answer] = framed_in_header
    message: Callable[[str, bytes], str] = lambda kind, body: f"this is {kind}"
    around: Callable[[int, Sent, Answer], Answer] = lambda number, sent, answer: answer
    """Sees the number of each request, from 1, and may change its answer."""
    protocol: str = "HTTP/1.1"


def refuse_if(condition: object, kind: str) -> None:
    if condition:
        raise Refused(kind)


def check(rules: Rules, body: bytes) -> str:
    """The ARN of the dataset, if the page has nothing against this body."""
    try:
        value = rules.loads(body)
    except (ValueError, RecursionError):
        raise Refused("malformed") from None
    if not isinstance(value, dict):
        refuse_if("body" in rules.types, "malformed")
        value = {}
    refuse_if("datasetArn" in rules.required and "datasetArn" not in value, "invalid")
    refuse_if("items" in rules.required and "items" not in value, "invalid")
    arn = value.get("datasetArn", "")
    if not isinstance(arn, str):
        refuse_if("datasetArn" in rules.types, "malformed")
        arn = "arn:aws:personalize:us-east-1:000000000000:dataset/any/ITEMS"
    elif "datasetArn" in value:
        refuse_if(rules.length(arn) > rules.max_arn or not rules.arn(arn), "invalid")
    items = value.get("items", [{"itemId": "1"}])
    if not isinstance(items, list):
        refuse_if("items" in rules.types, "malformed")
        items = [{"itemId": "1"}]
    refuse_if(not rules.min_items <= rules.count(items) <= rules.max_items, "invalid")
    for item in items[rules.checked]:
        check_item(rules, item)
    ids = [item.get("itemId") for item in items if isinstance(item, dict)]
    refuse_if(not rules.duplicates and len({str(one) for one in ids}) < len(ids), "invalid")
    return arn


def check_item(rules: Rules, item: Any) -> None:
    if not isinstance(item, dict):
        refuse_if("item" in rules.types, "malformed")
        return
    refuse_if("itemId" in rules.required and "itemId" not in item, "invalid")
    refuse_if("properties" in rules.required and "properties" not in item, "invalid")
    limits = {
        "itemId": (rules.min_id, rules.max_id),
        "properties": (rules.min_properties, rules.max_properties),
    }
    for name, (least, most) in limits.items():
        if name in item and not isinstance(item[name], str):
            refuse_if(name in rules.types, "malformed")
        elif name in item:
            refuse_if(not least <= rules.length(item[name]) <= most, "invalid")


def answer(rules: Rules, sent: Sent) -> Answer:
    if sent.method != "POST" or sent.path != "/items":
        return Answer(404, b"<UnknownOperationException/>")
    try:
        refuse_if(not rules.media_types(sent.headers.get("content-type", "")), "malformed")
        arn = check(rules, sent.body)
        refuse_if(arn in rules.states, rules.states.get(arn, ""))
        refuse_if(rules.known is not None and arn not in rules.known, "missing")
        refuse_if(len(arn) > 200 and "missing" in rules.states.values(), "missing")
    except Refused as refused:
        status, code = rules.kinds[refused.kind]
        return rules.error(status, code, rules.message(refused.kind, sent.body))
    return rules.success


@contextlib.contextmanager
def served(rules: Rules) -> Iterator[str]:
    """The service over HTTP on loopback; gives its URL."""
    count = iter(range(1, 10**9))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = rules.protocol

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = Sent(self.command, self.path, headers, body)
            self.send(rules.around(next(count), sent, answer(rules, sent)))

        do_POST = do_GET = do_PUT = do_DELETE = handle_any  # noqa: N815

        def send(self, given: Answer) -> None:
            if given.reset:
                self.close_connection = True
                return
            self.send_response(given.status, given.reason)
            for name, value in given.headers.items():
                self.send_header(name, value)
            if given.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            elif given.until_close:
                self.send_header("Connection", "close")
            elif given.status != 204:
                length = len(given.body) + (5 if given.cut else 0)
                self.send_header("Content-Length", str(length))
            self.end_headers()
            if given.chunked and given.body:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(given.body), given.body))
            self.wfile.write(b"0\r\n\r\n" if given.chunked else given.body)
            if given.cut:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - their name for it
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
