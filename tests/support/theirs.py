"""A PutItems service written for the tests from the page alone, and ways to get it wrong.

It shares no code with the package, so what the suite says about it is worth something. A
`Dialect` is a legal way to answer; a `Defect` changes one rule.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.command import IN_USE, MISSING


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False
    cut: bool = False
    reset: bool = False


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
    required: frozenset[str] = frozenset({"datasetArn", "items", "itemId"})
    types: frozenset[str] = frozenset(
        {"body", "datasetArn", "items", "item", "itemId", "properties"}
    )
    checked: slice = field(default_factory=lambda: slice(None))
    duplicates: bool = True
    kinds: dict[str, tuple[int, str]] = field(default_factory=lambda: dict(KINDS))
    states: dict[str, str] = field(default_factory=lambda: {MISSING: "missing", IN_USE: "in-use"})
    loads: Callable[[bytes], Any] = json.loads
    media_types: Callable[[str], bool] = lambda value: True
    paths: Callable[[str], bool] = lambda path: path == "/items"
    success: Answer = Answer(200)
    error: Callable[[int, str, str], Answer] = framed_in_header
    message: Callable[[str, bytes], str] = lambda kind, body: f"this is {kind}"
    around: Callable[[int, Answer], Answer] = lambda number, answer: answer


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
    refuse_if(not rules.min_items <= len(items) <= rules.max_items, "invalid")
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


def answer(rules: Rules, method: str, path: str, media_type: str, body: bytes) -> Answer:
    if method != "POST" or not rules.paths(path):
        return Answer(404, b"<UnknownOperationException/>")
    try:
        refuse_if(not rules.media_types(media_type), "malformed")
        arn = check(rules, body)
        refuse_if(arn in rules.states, rules.states.get(arn, ""))
        refuse_if(len(arn) > 200 and "missing" in rules.states.values(), "missing")
    except Refused as refused:
        status, code = rules.kinds[refused.kind]
        return rules.error(status, code, rules.message(refused.kind, body))
    return rules.success


@contextlib.contextmanager
def served(rules: Rules) -> Iterator[str]:
    """The service over HTTP/1.1 on loopback; gives its URL."""
    count = iter(range(1, 10**9))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            media_type = self.headers.get("content-type", "")
            given = answer(rules, self.command, self.path, media_type, body)
            self.send(rules.around(next(count), given))

        do_POST = do_GET = do_PUT = do_DELETE = handle_any  # noqa: N815

        def send(self, given: Answer) -> None:
            if given.reset:
                self.close_connection = True
                return
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            if given.chunked:
                self.send_header("Transfer-Encoding", "chunked")
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


# --- legal ways to answer


def _in_header(name: str, code: str, body: Callable[[str], dict[str, str]]) -> Any:
    def frame(status: int, of: str, message: str) -> Answer:
        text = json.dumps(body(message)).encode()
        headers = {"Content-Type": "application/json", name: code.format(of)}
        return Answer(status, text, headers)

    return frame


def _in_body(kind: str, member: str, code: str, message_as: str = "message") -> Any:
    def frame(status: int, of: str, message: str) -> Answer:
        text = json.dumps({member: code.format(of), message_as: message}).encode()
        return Answer(status, text, {"Content-Type": kind})

    return frame


def _chunked(frame: Any) -> Any:
    return lambda *given: replace(frame(*given), chunked=True)


DIALECTS: dict[str, Rules] = {
    "as the facts have it": Rules(),
    "header in lower case": Rules(
        error=_in_header("x-amzn-errortype", "{}", lambda text: {"message": text})
    ),
    "header in upper case": Rules(
        error=_in_header("X-AMZN-ERRORTYPE", "{}", lambda text: {"message": text})
    ),
    "header with a URI": Rules(
        error=_in_header(
            "x-amzn-ErrorType",
            "{}:http://internal.amazon.com/coral/com.amazonaws.personalize/",
            lambda text: {"message": text},
        )
    ),
    "header with a namespace": Rules(
        error=_in_header("x-amzn-ErrorType", "aws.personalize#{}", lambda text: {"message": text})
    ),
    "Message": Rules(error=_in_header("x-amzn-ErrorType", "{}", lambda text: {"Message": text})),
    "__type": Rules(error=_in_body("application/json", "__type", "{}")),
    "__type with a namespace": Rules(
        error=_in_body("application/json", "__type", "com.amazonaws.personalize#{}")
    ),
    "__type with a namespace and a URI": Rules(
        error=_in_body("application/json", "__type", "aws#{}:http://x.amazon.com/", "Message")
    ),
    "code": Rules(error=_in_body("application/json", "code", "{}")),
    "amz-json-1.1": Rules(error=_in_body("application/x-amz-json-1.1", "__type", "a.b#{}")),
    "charset": Rules(error=_in_body("application/json; charset=utf-8", "__type", "{}")),
    "chunked empty success": Rules(success=Answer(200, chunked=True)),
    "chunked errors": Rules(error=_chunked(framed_in_header)),
    "success with a content type": Rules(
        success=Answer(200, headers={"Content-Type": "application/json"})
    ),
    "malformed is InvalidInputException": Rules(
        kinds={**KINDS, "malformed": (400, "InvalidInputException")}
    ),
    "malformed is ValidationException": Rules(
        kinds={**KINDS, "malformed": (400, "ValidationException")}
    ),
}


# --- illegal ones


@dataclass(frozen=True)
class Defect:
    """One rule changed, and the clause that says so."""

    clause: str
    rules: Rules


def _on(kind: str, change: Callable[[Answer], Answer]) -> Callable[[int, str, str], Answer]:
    """The usual errors, changed where the code is of one kind."""

    def frame(status: int, code: str, message: str) -> Answer:
        usual = framed_in_header(status, code, message)
        return change(usual) if code == KINDS[kind][1] else usual

    return frame


def _lenient(body: bytes) -> Any:
    """Reads the first JSON value and forgets what follows."""
    return json.JSONDecoder().raw_decode(body.decode())[0]


def _sloppy(body: bytes) -> Any:
    text = body.decode("latin-1").replace("'", '"').replace(",}", "}")
    return json.loads(text)


def _every(n: int, bad: Answer) -> Callable[[int, Answer], Answer]:
    return lambda number, usual: bad if number % n == 0 else usual


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _without(name: str) -> frozenset[str]:
    return Rules().required - {name}


def _any_type(name: str) -> frozenset[str]:
    return Rules().types - {name}


def _kinds(**changed: tuple[int, str]) -> dict[str, tuple[int, str]]:
    return KINDS | {name.replace("_", "-"): kind for name, kind in changed.items()}


def _state(arn: str, state: str | None) -> dict[str, str]:
    states = {MISSING: "missing", IN_USE: "in-use", arn: state or ""}
    return {one: what for one, what in states.items() if what}


_PATTERN = re.compile(r"arn:([a-z\d-]+):personalize:.*:.*:.+")

DEFECTS: dict[str, Defect] = {
    # limits, off by one and gone
    "eleven items are accepted": Defect("request.items.max-members", Rules(max_items=11)),
    "any number of items": Defect("request.items.max-members", Rules(max_items=10**6)),
    "nine items are the most": Defect("request.items.max-members", Rules(max_items=9)),
    "no item is accepted": Defect("request.items.min-members", Rules(min_items=0)),
    "two items are the least": Defect("request.items.min-members", Rules(min_items=2)),
    "itemId up to 257": Defect("request.item-id.max-length", Rules(max_id=257)),
    "itemId up to 255": Defect("request.item-id.max-length", Rules(max_id=255)),
    "empty itemId": Defect("request.item-id.min-length", Rules(min_id=0)),
    "itemId from 2": Defect("request.item-id.min-length", Rules(min_id=2)),
    "properties up to 32001": Defect("request.properties.max-length", Rules(max_properties=32001)),
    "properties up to 31999": Defect("request.properties.max-length", Rules(max_properties=31999)),
    "the old 24262": Defect("request.properties.max-length", Rules(max_properties=24262)),
    "empty properties": Defect("request.properties.min-length", Rules(min_properties=0)),
    "properties from 2": Defect("request.properties.min-length", Rules(min_properties=2)),
    "ARN up to 257": Defect("request.dataset-arn.max-length", Rules(max_arn=257)),
    "ARN up to 255": Defect("request.dataset-arn.max-length", Rules(max_arn=255)),
    "lengths in bytes": Defect(
        "request.item-id.max-length", Rules(length=lambda text: len(text.encode()))
    ),
    "lengths in UTF-16": Defect("request.properties.max-length", Rules(length=_utf16)),
    # the pattern
    "any ARN": Defect("request.dataset-arn.pattern", Rules(arn=lambda arn: True)),
    "only the aws partition": Defect(
        "request.dataset-arn.pattern",
        Rules(arn=lambda arn: arn.startswith("arn:aws:personalize:") and _PATTERN.fullmatch(arn)),
    ),
    "the pattern in any case": Defect(
        "request.dataset-arn.pattern", Rules(arn=re.compile(_PATTERN.pattern, re.IGNORECASE).match)
    ),
    "no resource is needed": Defect(
        "request.dataset-arn.pattern",
        Rules(arn=re.compile(r"arn:([a-z\d-]+):personalize:.*:.*:.*").fullmatch),
    ),
    "any service": Defect(
        "request.dataset-arn.pattern", Rules(arn=re.compile(r"arn:[a-z\d-]+:.*:.*:.*:.+").fullmatch)
    ),
    # what is required, and of which type
    "datasetArn is optional": Defect(
        "request.dataset-arn.required", Rules(required=_without("datasetArn"))
    ),
    "items is optional": Defect("request.items.required", Rules(required=_without("items"))),
    "itemId is optional": Defect("request.item-id.required", Rules(required=_without("itemId"))),
    "properties is required": Defect(
        "request.properties.optional", Rules(required=Rules().required | {"properties"})
    ),
    "datasetArn of any type": Defect(
        "request.dataset-arn.type", Rules(types=_any_type("datasetArn"))
    ),
    "items of any type": Defect("request.items.type", Rules(types=_any_type("items"))),
    "an item of any type": Defect("request.item.type", Rules(types=_any_type("item"))),
    "itemId of any type": Defect("request.item-id.type", Rules(types=_any_type("itemId"))),
    "properties of any type": Defect(
        "request.properties.type", Rules(types=_any_type("properties"))
    ),
    "only the first item is checked": Defect(
        "request.item-id.max-length", Rules(checked=slice(0, 1))
    ),
    "the last item is not checked": Defect(
        "request.properties.max-length", Rules(checked=slice(0, -1))
    ),
    "the same item twice is refused": Defect("request.items.max-members", Rules(duplicates=False)),
    # JSON
    "junk after the body": Defect("request.body.json-object", Rules(loads=_lenient)),
    "single quotes": Defect("request.body.json-object", Rules(loads=_sloppy)),
    "no charset": Defect(
        "request.media-type", Rules(media_types=lambda value: "charset" not in value)
    ),
    # success
    "201": Defect("response.success.status", Rules(success=Answer(201))),
    "204": Defect("response.success.status", Rules(success=Answer(204))),
    "a body of {}": Defect("response.success.empty-body", Rules(success=Answer(200, b"{}"))),
    "a body of a blank": Defect("response.success.empty-body", Rules(success=Answer(200, b" "))),
    "a chunked body": Defect(
        "response.success.empty-body", Rules(success=Answer(200, b"null", chunked=True))
    ),
    # errors
    "422": Defect(
        "error.invalid-input.status", Rules(kinds=_kinds(invalid=(422, "InvalidInputException")))
    ),
    "ValidationException": Defect(
        "error.invalid-input.code", Rules(kinds=_kinds(invalid=(400, "ValidationException")))
    ),
    "invalid input is 500": Defect(
        "error.invalid-input.status", Rules(kinds=_kinds(invalid=(500, "InvalidInputException")))
    ),
    "malformed is 500": Defect(
        "error.malformed.status", Rules(kinds=_kinds(malformed=(500, "InternalFailure")))
    ),
    "malformed is 422": Defect(
        "error.malformed.status", Rules(kinds=_kinds(malformed=(422, "SerializationException")))
    ),
    "missing is 400": Defect(
        "error.not-found.status", Rules(kinds=_kinds(missing=(400, "ResourceNotFoundException")))
    ),
    "missing is UnknownOperation": Defect(
        "error.not-found.code", Rules(kinds=_kinds(missing=(404, "UnknownOperationException")))
    ),
    "missing is InvalidInput": Defect(
        "error.not-found.code", Rules(kinds=_kinds(missing=(404, "InvalidInputException")))
    ),
    "missing is accepted": Defect("error.not-found.status", Rules(states=_state(MISSING, None))),
    "in use is 423": Defect(
        "error.in-use.status", Rules(kinds=_kinds(in_use=(423, "ResourceInUseException")))
    ),
    "in use is 400": Defect(
        "error.in-use.status", Rules(kinds=_kinds(in_use=(400, "ResourceInUseException")))
    ),
    "in use is ConflictException": Defect(
        "error.in-use.code", Rules(kinds=_kinds(in_use=(409, "ConflictException")))
    ),
    "in use is accepted": Defect("error.in-use.status", Rules(states=_state(IN_USE, None))),
    "states swapped": Defect(
        "error.in-use.code", Rules(states={MISSING: "in-use", IN_USE: "missing"})
    ),
    "a 404 that says nothing": Defect(
        "error.not-found.code", Rules(error=_on("missing", lambda usual: Answer(404, b"nope")))
    ),
    "a 409 without a code": Defect(
        "error.in-use.code", Rules(error=_on("in-use", lambda usual: replace(usual, headers={})))
    ),
    "no message": Defect(
        "error.message", Rules(error=_on("invalid", lambda usual: replace(usual, body=b"{}")))
    ),
    "the message repeats properties": Defect(
        "error.message", Rules(message=lambda kind, body: body.decode("utf-8", "replace"))
    ),
    # the wire
    "reset at eleven items": Defect(
        "request.items.max-members",
        Rules(error=_on("invalid", lambda usual: replace(usual, reset=True))),
    ),
    "errors cut short": Defect(
        "error.not-found.status",
        Rules(error=_on("missing", lambda usual: replace(usual, cut=True))),
    ),
    "one in five is 500": Defect("response.success.status", Rules(around=_every(5, Answer(500)))),
    "one in seven is reset": Defect(
        "request.items.max-members", Rules(around=_every(7, Answer(200, reset=True)))
    ),
    "the last one fails": Defect(
        "response.success.status",
        Rules(around=lambda number, usual: Answer(500) if number > 80 else usual),
    ),
}
