"""Malformed requests, byte for byte, in one table.

Modelled on Smithy's restJson1 protocol tests. `page` is the answer documented by the page of the
operation, `""` if there is none; `reference` is the reference service's answer, which says nothing
about AWS.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from helpers.command import ACTIVE, IN_USE, MISSING
from personalize_contract.service.core import respond
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store

SECRET = "canary-of-the-shop"
PROPERTIES = json.dumps(f'{{"category": "{SECRET}"}}')
INVALID, MALFORMED, SILENT = "400 InvalidInputException", "400", ""


@dataclass(frozen=True)
class Case:
    """A request and its answer: a status, followed by the code if it is known."""

    sent: bytes
    page: str
    reference: str


def item(name: str = '"tea-1"', properties: str = PROPERTIES) -> str:
    return f'{{"itemId": {name}, "properties": {properties}}}'


def body(arn: str = f'"{ACTIVE}"', items: str = "") -> str:
    return f'{{"datasetArn": {arn}, "items": {items or f"[{item()}]"}}}'


def post(
    sent: str | bytes,
    *more: str,
    line: str = "POST /items HTTP/1.1",
    kind: str = "Content-Type: application/json",
    length: str | None = None,
) -> bytes:
    data = sent.encode() if isinstance(sent, str) else sent
    head = [
        line,
        "Host: localhost",
        kind,
        f"Content-Length: {len(data)}" if length is None else length,
        "Connection: close",
        *more,
    ]
    return "\r\n".join([*filter(None, head), "", ""]).encode("latin-1") + data


GOOD = body()
_EMPTY = json.dumps("")
_SERIALIZATION = "400 SerializationException"


def _malformed(**bodies: str | bytes) -> dict[str, Case]:
    """Yield bodies that are not JSON or of a wrong type: the page documents 400, without a code."""
    return {
        name.replace("_", " "): Case(post(sent), MALFORMED, _SERIALIZATION)
        for name, sent in bodies.items()
    }


def _invalid(**bodies: str) -> dict[str, Case]:
    return {
        name.replace("_", " "): Case(post(sent), INVALID, INVALID) for name, sent in bodies.items()
    }


def _lenient(**bodies: str | bytes) -> dict[str, Case]:
    """Yield bodies that only some JSON parsers accept: the page is silent."""
    return {
        name.replace("_", " "): Case(post(sent), SILENT, _SERIALIZATION)
        for name, sent in bodies.items()
    }


def _types() -> dict[str, Case]:
    texts = {"null": "null", "true": "true", "a number": "1", "a list": "[1]", "an object": "{}"}
    cases: dict[str, Case] = {}
    for kind, text in texts.items():
        cases[f"datasetArn is {kind}"] = Case(post(body(arn=text)), MALFORMED, _SERIALIZATION)
        cases[f"itemId is {kind}"] = Case(
            post(body(items=f"[{item(text)}]")), MALFORMED, _SERIALIZATION
        )
        if kind != "a list":
            cases[f"items is {kind}"] = Case(post(body(items=text)), MALFORMED, _SERIALIZATION)
        if kind != "an object":
            cases[f"an item is {kind}"] = Case(
                post(body(items=f"[{text}]")), MALFORMED, _SERIALIZATION
            )
        if kind != "null":
            cases[f"properties is {kind}"] = Case(
                post(body(items=f"[{item(properties=text)}]")), MALFORMED, _SERIALIZATION
            )
    cases["items is a string"] = Case(post(body(items='"tea"')), MALFORMED, _SERIALIZATION)
    cases["an item is a string"] = Case(post(body(items='["tea"]')), MALFORMED, _SERIALIZATION)
    return cases


def _arns() -> dict[str, Case]:
    rest = "us-east-1:000000000000:dataset/contract/ITEMS"
    near = {
        "empty": "",
        "no ARN": "contract",
        "of 257 characters": ACTIVE.ljust(257, "x"),
        "of another service": f"arn:aws:s3:{rest}",
        "without a partition": f"arn::personalize:{rest}",
        "in upper case": f"ARN:AWS:PERSONALIZE:{rest}",
        "without a resource": "arn:aws:personalize:us-east-1:000000000000:",
        "with too few fields": "arn:aws:personalize:us-east-1:000000000000",
        "with junk in front": f"x{ACTIVE}",
        "with a line break behind": f"{ACTIVE}\\n",
        "with a line break in it": "arn:aws:personalize:us\\neast:0:x",
        "made to be slow to match": "arn:aws:personalize" + ":" * 200_000 + "\\n",
        "made to be slow, and short": "arn:aws:personalize" + ":a" * 110 + "\\n",
    }
    return {
        f"the ARN is {name}": Case(post(body(arn=f'"{arn}"')), INVALID, INVALID)
        for name, arn in near.items()
    }


BODIES: dict[str, Case] = {
    **_malformed(
        empty="",
        cut_short=GOOD[:-1],
        cut_in_a_string=GOOD[:-60],
        junk_behind=GOOD + " tea",
        junk_in_front="tea " + GOOD,
        two_bodies=GOOD + GOOD,
        a_comment=GOOD + " // tea",
        a_comment_inside="{/* tea */" + GOOD[1:],
        a_form_feed="\f" + GOOD,
        single_quotes=GOOD.replace('"', "'"),
        a_comma_too_many=GOOD[:-1] + ",}",
        an_unclosed_list=GOOD.replace("]", ""),
        a_list=f"[{GOOD}]",
        a_number="10",
        null="null",
        a_string='"tea"',
        a_name_without_quotes=GOOD.replace('"datasetArn"', "datasetArn"),
        a_line_break_in_a_string=body(items=f"[{item(chr(34) + chr(10) + chr(34))}]"),
        an_unknown_escape=body(items='[{"itemId": "\\x41"}]'),
        not_UTF_8=body(items='[{"itemId": "?"}]').encode().replace(b"?", b"\xff"),
        half_a_character=GOOD.encode()[:-2] + b"\xe2\x82",
        a_form="datasetArn=tea&items=1",
        XML="<PutItems/>",
        bytes_of_all_kinds=bytes(range(256)),
        a_list_in_a_list_in_a_list="[" * 100_000,
    ),
    **_types(),
    **_invalid(
        no_datasetArn=f'{{"items": [{item()}]}}',
        no_items=f'{{"datasetArn": "{ACTIVE}"}}',
        no_itemId=body(items=f'[{{"properties": {PROPERTIES}}}]'),
        no_item=body(items="[]"),
        eleven_items=body(items=f"[{', '.join([item()] * 11)}]"),
        an_itemId_of_0=body(items=f"[{item(_EMPTY)}]"),
        an_itemId_of_257=body(items=f"[{item(json.dumps('x' * 257))}]"),
        an_itemId_of_257_emoji=body(items=f"[{item(json.dumps(chr(0x1F375) * 257))}]"),
        properties_of_0=body(items=f"[{item(properties=_EMPTY)}]"),
        properties_of_32001=body(items=f"[{item(properties=json.dumps(SECRET.ljust(32001)))}]"),
    ),
    **_arns(),
    "the dataset is missing": Case(
        post(body(arn=f'"{MISSING}"')),
        "404 ResourceNotFoundException",
        "404 ResourceNotFoundException",
    ),
    "the dataset is in use": Case(
        post(body(arn=f'"{IN_USE}"')), "409 ResourceInUseException", "409 ResourceInUseException"
    ),
    **_lenient(
        a_BOM=b"\xef\xbb\xbf" + GOOD.encode(),
        UTF_16=GOOD.encode("utf-16"),
        a_member_twice=GOOD[:-1] + f', "datasetArn": "{ACTIVE}"}}',
        half_a_surrogate_pair=body(items='[{"itemId": "\\ud800"}]'),
        not_a_number=GOOD[:-1] + ', "tea": NaN}',
        a_number_past_every_limit=GOOD[:-1] + ', "tea": 1e999}',
        nested_1000_deep=GOOD[:-1] + ', "tea": ' + "[" * 1000 + "]" * 1000 + "}",
        digits_without_end=GOOD[:-1] + ', "tea": ' + "9" * 50_000 + "}",
    ),
    "a member in another case": Case(
        post(GOOD.replace('"datasetArn"', '"DatasetArn"')), SILENT, INVALID
    ),
    "10 MB": Case(post(body(items=f"[{item(properties=json.dumps('x' * 10**7))}]")), SILENT, "413"),
}
"""Cases with a malformed body."""

_UNKNOWN = "404 UnknownOperation"

MESSAGES: dict[str, Case] = {
    "text/plain": Case(post(GOOD, kind="Content-Type: text/plain"), SILENT, "415"),
    "a form's media type": Case(
        post(GOOD, kind="Content-Type: application/x-www-form-urlencoded"), SILENT, "415"
    ),
    **{
        method: Case(post(GOOD, line=f"{method} /items HTTP/1.1"), SILENT, "404")
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW")
    },
    **{
        f"POST {path}": Case(post(GOOD, line=f"POST {path} HTTP/1.1"), SILENT, "404")
        for path in (
            "/",
            "/item",
            "/items/",
            "/items/1",
            "/Items",
            "//items",
            "/items;a=1",
            "/items%00",
        )
    },
    "a method in lower case": Case(post(GOOD, line="post /items HTTP/1.1"), SILENT, "400"),
    "a path with an escape": Case(post(GOOD, line="POST /%69tems HTTP/1.1"), SILENT, "404"),
    "another version": Case(post(GOOD, line="POST /items HTTP/9.9"), SILENT, "400"),
    "no version": Case(post(GOOD, line="POST /items"), SILENT, "400"),
    "no line at all": Case(b"nonsense\r\n\r\n", SILENT, "400"),
    "a TLS hello": Case(bytes.fromhex("16030100c8010000c40303") + b"\r\n\r\n", SILENT, "400"),
    "bytes in the target": Case(post(GOOD, line="POST /it\xffems HTTP/1.1"), SILENT, "400"),
    "no host": Case(post(GOOD).replace(b"Host: localhost\r\n", b""), SILENT, "400"),
    "two hosts": Case(post(GOOD, "Host: other"), SILENT, "400"),
    "two lengths": Case(post(GOOD, "Content-Length: 3"), SILENT, "400"),
    "a length below nothing": Case(post(GOOD, length="Content-Length: -1"), SILENT, "400"),
    "a length with a sign": Case(post(GOOD, length="Content-Length: +5"), SILENT, "400"),
    "a length that is no number": Case(post(GOOD, length="Content-Length: tea"), SILENT, "400"),
    "a length said to be huge": Case(
        post(GOOD, length="Content-Length: 99999999999"), SILENT, "413"
    ),
    "a length and chunks": Case(
        post(GOOD, "Transfer-Encoding: chunked", length="Content-Length: 4"), SILENT, "400"
    ),
    "chunks that are none": Case(
        post("tea\r\n\r\n", length="Transfer-Encoding: chunked"), SILENT, "400"
    ),
    "a chunk that says less than it is": Case(
        post(f"2\r\n{GOOD}\r\n0\r\n\r\n", length="Transfer-Encoding: chunked"), SILENT, "400"
    ),
    "an unknown coding": Case(post(GOOD, length="Transfer-Encoding: gzip"), SILENT, "400"),
    "a bare line feed in a header": Case(post(GOOD, "X-Tea: green\nX-B: c"), SILENT, "400"),
    "a NUL in a header": Case(post(GOOD, "X-Tea: gr\0een"), SILENT, "400"),
    "a header without a name": Case(post(GOOD, ": green"), SILENT, "400"),
    "a blank before the colon": Case(post(GOOD, "X-Tea : green"), SILENT, "400"),
    "huge headers": Case(post(GOOD, f"X-Tea: {'x' * 300_000}"), SILENT, "431"),
    "very many headers": Case(
        post(GOOD, *(f"X-Tea-{number}: green" for number in range(20_000))), SILENT, "431"
    ),
    "an unknown expectation": Case(post(GOOD, "Expect: tea"), SILENT, ""),
}
"""Cases with a malformed message around the body."""

LEGAL: dict[str, bytes] = {
    "no media type": post(GOOD, kind=""),
    "null for properties": post(body(items=f"[{item(properties='null')}]")),
    "a charset": post(GOOD, kind="Content-Type: application/json; charset=utf-8"),
    "a whole URI as target": post(GOOD, line="POST http://localhost/items HTTP/1.1"),
    # RFC 9112, section 5.2, lets a server unfold or reject it.
    "a header folded": post(GOOD, "X-Tea: green\r\n black"),
    "a query": post(GOOD, line="POST /items?tea=1 HTTP/1.1"),
    "chunks": post(f"{len(GOOD):x}\r\n{GOOD}\r\n0\r\n\r\n", length="Transfer-Encoding: chunked"),
    "chunks with more behind": post(
        f"{len(GOOD):x};tea=1\r\n{GOOD}\r\n0\r\nX-Tea: green\r\n\r\n",
        length="Transfer-Encoding: chunked",
    ),
    "white space around": post(f"\n\t {GOOD} \r\n"),
    "ten items": post(body(items=f"[{', '.join([item()] * 10)}]")),
    "an itemId of 256 emoji": post(body(items=f"[{item(json.dumps(chr(0x1F375) * 256))}]")),
    "HTTP/1.0": post(GOOD, line="POST /items HTTP/1.0"),
}
"""Messages that look odd but are valid."""


def received(port: int, sent: bytes) -> bytes:
    """Return everything received until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        # It may answer and close before the rest is sent.
        with contextlib.suppress(OSError):
            connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def status_and_code(back: bytes) -> str:
    """Return the status and the code of an answer, as in the table."""
    head, _, rest = back.partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return status_and_code(rest)
    codes = [
        line.partition(b":")[2].strip().decode()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"x-amzn-errortype:")
    ]
    return " ".join([head.split(b" ", 2)[1].decode(), *codes])


def wrong(case: Case, back: bytes) -> str | None:
    """Return the problem of an answer, or None."""
    answer = status_and_code(back)
    if not answer.startswith(case.page):
        return f"the page says {case.page}, the answer is {answer}"
    if not answer.startswith(case.reference):
        return f"expected {case.reference}, the answer is {answer}"
    if answer.startswith("5"):
        return f"the answer is {answer}"
    return "the answer repeats the properties" if SECRET.encode() in back else None


def tried(cases: Mapping[str, Case]) -> Iterator[tuple[str, str | None]]:
    """Yield the name of each case, and the problem of the reference service's answer or None."""
    store = Store()
    store.add_dummies()
    with HttpServer(lambda request: respond(request, store)) as server:
        port = int(server.url.rpartition(":")[2])
        for name, case in cases.items():
            yield name, wrong(case, received(port, case.sent))
    store.close()
