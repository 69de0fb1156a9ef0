"""Valid requests that are rejected."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adversary.defects.altered import (
    reject_more,
)
from adversary.defects.mutant import ANY, Mutant, Mutants
from adversary.service import (
    Breaks,
    Operation,
    Place,
    right,
)


def mutants(of: Operation) -> Mutants:
    batch, singular = of.batch, of.batch.removesuffix("s")
    identity, document = f"{batch}[].{of.identity}", f"{batch}[].{of.document}"
    cases: list[tuple[str, str, str, Breaks]] = [
        *(
            (f"{count} in a batch", f"request.{batch}.max-members", batch, _exactly(count))
            for count in range(2, 11)
        ),
        ("1 in a batch", f"request.{batch}.min-members", batch, _exactly(1)),
        ("the same record twice", f"request.{batch}.max-members", batch, _repeats(of.identity)),
        ("no document", f"request.{of.document}.optional", document, lambda p: not p.present),
        (
            "no document in one of several",
            f"request.{of.document}.optional",
            document,
            lambda p: not p.present and p.count > 1,
        ),
        (
            "a unicode id",
            f"request.{singular}-id.max-length",
            identity,
            _text(lambda t: not t.isascii()),
        ),
        (
            "a unicode document",
            f"request.{of.document}.max-length",
            document,
            _text(lambda t: not t.isascii()),
        ),
        ("an id with a blank", ANY, identity, _text(lambda t: " " in t)),
        ("an id with a slash", ANY, identity, _text(lambda t: "/" in t)),
        ("an id with a quote", ANY, identity, _text(lambda t: '"' in t)),
        *(
            (f"an id with {letter}", ANY, identity, _text(_holding(letter)))
            for letter in ".:+@'_*$B"
        ),
        *(
            (f"a document with {name}", "response.success.status", document, _text(test))
            for name, test in _ODD_DOCUMENTS.items()
        ),
        (
            "a batch of more than a mebibyte",
            f"request.{of.document}.max-length",
            batch,
            lambda p: len(json.dumps(p.value, ensure_ascii=False).encode()) > 2**20,
        ),
        (
            "an id that is not a word",
            ANY,
            identity,
            _text(lambda t: not re.fullmatch(r"[\w.-]+", t)),
        ),
        (
            "a whole batch of long documents",
            f"request.{of.document}.max-length",
            batch,
            lambda p: len(json.dumps(p.value)) > 256 * 1024,
        ),
    ]
    for words, clause, at, when in cases:
        yield Mutant(f"rejects {words}", clause, reject_more(of, at, when))
    for words, clause, reads in (
        ("white space around the body", "request.body.json-object", _no_space_around),
        ("members in another order", "request.body.json-object", _in_order),
        ("escapes in names", "request.body.json-object", _no_escaped_names(of)),
        ("escaped slashes", "request.body.json-object", _without(rb"\\/")),
        ("non-ASCII text", "request.body.json-object", _ascii),
        ("no blank after a colon", "request.body.json-object", _with_blanks),
        ("upper-case escapes", "request.body.json-object", _without(rb"\\u00E9")),
        (
            "a document before its id",
            "request.body.json-object",
            _without(rf'"{of.document}": "[^,]*", "{of.identity}"'.encode()),
        ),
    ):
        yield Mutant(f"rejects {words}", clause, replace(right(of), reads=reads))
    for words, takes in (
        ("a charset", lambda value: "charset" not in value),
        ("a charset after no blank", lambda value: ";c" not in value),
    ):
        service = replace(right(of), media_types=takes)
        yield Mutant(f"rejects {words}", "request.media-type", service)


_ODD_DOCUMENTS: dict[str, Callable[[str], object]] = {
    "a single quote": lambda text: "'" in text,
    "a per cent sign": lambda text: "%" in text,
    "an angle bracket": lambda text: "<" in text,
    "an escaped backslash": lambda text: "\\\\" in text,
    "a line break": lambda text: "\n" in text,
    "another script": lambda text: "\u8336" in text,
}


def _without(pattern: bytes) -> Callable[[bytes], Any]:
    def reads(body: bytes) -> Any:
        if re.search(pattern, body):
            raise ValueError
        return json.loads(body.decode())

    return reads


def _ascii(body: bytes) -> Any:
    return json.loads(body.decode("ascii"))


def _with_blanks(body: bytes) -> Any:
    if b": " not in body:
        raise ValueError
    return json.loads(body.decode())


def _exactly(count: int) -> Breaks:
    return lambda place: isinstance(place.value, list) and len(place.value) == count


def _repeats(identity: str) -> Breaks:
    def repeats(place: Place) -> bool:
        items = place.value if isinstance(place.value, list) else []
        ids = [str(item.get(identity)) for item in items if isinstance(item, dict)]
        return len(set(ids)) < len(ids)

    return repeats


def _holding(letter: str) -> Callable[[str], bool]:
    return lambda text: letter in text


def _text(test: Callable[[str], object]) -> Breaks:
    return lambda place: isinstance(place.value, str) and bool(test(place.value))


def _no_space_around(body: bytes) -> Any:
    if body != body.strip():
        raise ValueError
    return json.loads(body.decode())


def _in_order(body: bytes) -> Any:
    value = json.loads(body.decode())
    if isinstance(value, dict) and next(iter(value), "datasetArn") != "datasetArn":
        raise ValueError
    return value


def _no_escaped_names(of: Operation) -> Callable[[bytes], Any]:
    def reads(body: bytes) -> Any:
        value = json.loads(body.decode())
        if isinstance(value, dict) and of.batch in value and of.batch.encode() not in body:
            raise ValueError
        return value

    return reads
