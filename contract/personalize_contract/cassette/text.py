"""The text of a cassette: VCR.py's, kept lean, with the provenance at its head.

    personalize_contract:        who answered, when...; VCR.py and pytest-recording skip it
      answered_by: reference
    interactions:                VCR.py's list; each with the digest of its response
    - request: ...
      response: ...
      digest: 0123456789abcdef
    version: 1                   VCR.py's; at the end, so that a file cut short is noticed

Loading makes strings, numbers, lists and dictionaries and nothing else, in bounded time and
memory. A response that is not what its digest says was changed after it was recorded; it is
loaded, marked `altered`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import yaml

from personalize_contract.errors import CassetteError, CassetteMissing
from personalize_contract.exchange import Exchange, Headers, Request, Response
from personalize_contract.provenance import RANKS, Provenance

MAX_BYTES = 512 * 1024 * 1024
"""Bytes of the largest cassette that is read."""

MAX_NODES = 10_000_000
MAX_DEPTH = 10
FORMAT = "1"
"""Of the head. A file with a newer one is not read."""


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette in memory: its exchanges in order, and who answered them."""

    provenance: Provenance
    exchanges: tuple[Exchange, ...]


def digest(response: Response) -> str:
    """16 hexadecimal digits that bind a response to its recording."""
    parts = [str(response.status), response.reason]
    parts += [f"{name}: {value}" for name, value in sorted(response.headers.items())]
    text = "\n".join(parts).encode("utf-8", "surrogateescape") + b"\n\n" + response.body
    return hashlib.sha256(text).hexdigest()[:16]


# --- writing

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9/._+-]*(?::[A-Za-z0-9/._+-]+)*")
_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_QUOTABLE = re.compile(r"[ -~]*")
# What a block scalar holds as it is: printable, on one line for every YAML reader.
_BLOCK = re.compile(
    "[!-~\xa1-\u1fff\u2010-\u2027\u2030-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "[ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)


def _scalar(text: str) -> str:
    """A text as a YAML scalar on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if _QUOTABLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    # `yaml.dump` knows every escape; a scalar never ends up on two lines at this width.
    return yaml.dump(text, default_style='"', width=10**9).rstrip("\n")


def _body(body: bytes, indent: str) -> str:
    """A body as a YAML scalar: one item on a line where it is JSON as botocore writes it."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        lines = base64.encodebytes(body).decode().splitlines()
        return "".join(["!!binary |", *(f"\n{indent}{line}" for line in lines)])
    if len(text) < 60 and _QUOTABLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    if not _BLOCK.fullmatch(text) or text.endswith(" "):
        return yaml.dump(text, default_style='"', width=10**9).rstrip("\n")
    if '}, {"' in text:
        # In a folded scalar a line break means the one space that stood there.
        return f">-\n{indent}" + text.replace('}, {"', "},\n" + indent + '{"')
    return f"|-\n{indent}{text}"


def _headers(headers: Headers) -> str:
    if not headers:
        return " {}\n"
    lines = (
        f"      {_scalar(name)}:\n      - {_scalar(headers[name])}\n" for name in sorted(headers)
    )
    return "\n" + "".join(lines)


def exchange_text(exchange: Exchange) -> str:
    """One interaction of a cassette, as text."""
    request, response = exchange.request, exchange.response
    return (
        f"- request:\n"
        f"    method: {_scalar(request.method)}\n"
        f"    uri: {_scalar(request.url)}\n"
        f"    headers:{_headers(request.headers)}"
        f"    body: {_body(request.body, '      ')}\n"
        f"  response:\n"
        f"    status:\n"
        f"      code: {response.status}\n"
        f"      message: {_scalar(response.reason)}\n"
        f"    headers:{_headers(response.headers)}"
        f"    body:\n"
        f"      string: {_body(response.body, '        ')}\n"
        f"  digest: '{digest(response)}'\n"
    )


def dump(provenance: Provenance, exchanges: Iterable[Exchange]) -> Iterator[str]:
    """The text of a cassette, in pieces."""
    yield f"personalize_contract:\n  format: {FORMAT}\n"
    for name, value in provenance.fields().items():
        yield f"  {name}: {_scalar(value)}\n"
    empty = True
    for exchange in exchanges:
        yield ("interactions:\n" if empty else "") + exchange_text(exchange)
        empty = False
    yield ("interactions: []\n" if empty else "") + "version: 1\n"


# --- reading


class _Scalar:
    """A YAML scalar: its text, whether it stood there unquoted, and its line from 0."""

    __slots__ = ("binary", "line", "plain", "text")

    def __init__(self, text: str, plain: bool, binary: bool, line: int) -> None:
        self.text, self.plain, self.binary, self.line = text, plain, binary, line


class _Map(dict[str, Any]):
    line = 0


class _List(list[Any]):
    line = 0


_STRING_TAGS = (None, "!", "tag:yaml.org,2002:str")
_BINARY_TAG = "tag:yaml.org,2002:binary"
_BAD = {
    b"<<<<<<< ": "a merge conflict is left in it: resolve it, or record again",
    b">>>>>>> ": "a merge conflict is left in it: resolve it, or record again",
}


class _Reader:
    """Reads one cassette from YAML events. Lives as long as one `load`."""

    def __init__(self, path: Path, text: bytes) -> None:
        self._path = path
        self._nodes = 0
        self._anchors: dict[str, Any] = {}
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))

    def bad(self, reason: str, line: int | None = None) -> NoReturn:
        raise CassetteError(self._path, reason, None if line is None else line + 1)

    def read(self) -> Cassette:
        try:
            return self._document()
        except StopIteration:
            self.bad("it is cut short; restore it, or record again")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self.bad(f"it is not YAML: {error.problem}", mark.line if mark else None)
        except yaml.YAMLError as error:
            self.bad(f"it is not YAML: {str(error).splitlines()[0]}")

    def _document(self) -> Cassette:
        head: Any = None
        exchanges: list[Exchange] | None = None
        version: Any = None
        next(self._events)  # the stream
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            self.bad("it is empty: an empty file is not an empty cassette; record again")
        event = next(self._events)
        if not isinstance(event, yaml.MappingStartEvent):
            self.bad("it is not a cassette: `interactions` and `version` are expected", 0)
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key == "interactions":
                if exchanges is not None:
                    self.bad("`interactions` stands there twice", event.start_mark.line)
                exchanges = list(self._interactions(next(self._events)))
            elif key == "personalize_contract":
                head = self._node(next(self._events), 1)
            elif key == "version":
                version = self._node(next(self._events), 1)
            else:
                self._node(next(self._events), 1)
        next(self._events)  # the document's end
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            self.bad("it holds two documents", event.start_mark.line)
        if exchanges is None or version is None:
            missing = "interactions" if exchanges is None else "version"
            self.bad(f"`{missing}` is missing: it is cut short, or not a cassette")
        if not isinstance(version, _Scalar) or version.text != "1":
            self.bad("its `version` is not 1: cut short, or of another kind", version.line)
        provenance = self._provenance(head)
        return Cassette(provenance, tuple(self._answered(exchanges, provenance)))

    def _answered(self, exchanges: list[Exchange], provenance: Provenance) -> Iterator[Exchange]:
        by = provenance.answered_by
        for one in exchanges:
            yield Exchange(one.request, one.response, "unknown" if one.altered else by, one.altered)

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self.bad("a key is not a word", event.start_mark.line)
        return str(event.value)

    def _node(self, event: Any, depth: int) -> Any:
        """The tree that begins with an event. An alias shares what it names, and costs nothing."""
        self._nodes += 1
        line = event.start_mark.line
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            self.bad("it has more nodes, or is nested deeper, than any cassette", line)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                self.bad(f"the alias *{event.anchor} names nothing", line)
            return self._anchors[event.anchor]
        node: Any
        if isinstance(event, yaml.ScalarEvent):
            if event.tag not in _STRING_TAGS and event.tag != _BINARY_TAG:
                self.bad(f"the tag {event.tag} is not for data: only !!binary is read", line)
            node = _Scalar(event.value, event.implicit[0], event.tag == _BINARY_TAG, line)
        else:
            if event.tag not in (None, "!"):
                self.bad(f"the tag {event.tag} is not for data: only !!binary is read", line)
            if isinstance(event, yaml.SequenceStartEvent):
                node = _List()
                while not isinstance(one := next(self._events), yaml.SequenceEndEvent):
                    node.append(self._node(one, depth + 1))
            else:
                node = _Map()
                while not isinstance(one := next(self._events), yaml.MappingEndEvent):
                    key = self._key(one)
                    if key in node:
                        self.bad(f"`{key}` stands there twice", one.start_mark.line)
                    node[key] = self._node(next(self._events), depth + 1)
            node.line = line
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _interactions(self, event: Any) -> Iterator[Exchange]:
        if not isinstance(event, yaml.SequenceStartEvent):
            self.bad("`interactions` is not a list", event.start_mark.line)
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            line = event.start_mark.line
            node = self._map(self._node(event, 2), "an interaction", line)
            request = self._map(node.get("request"), "`request`", line)
            response = self._map(node.get("response"), "`response`", line)
            sent = Request(
                self._text(request.get("method"), "`method`", line),
                self._text(request.get("uri"), "`uri`", line),
                self._headers(request.get("headers"), line),
                self._bytes(request.get("body"), line),
            )
            received = self._response(response, line)
            recorded = node.get("digest")
            altered = recorded is not None and (
                not isinstance(recorded, _Scalar) or recorded.text != digest(received)
            )
            yield Exchange(sent, received, altered=altered)

    def _response(self, node: _Map, line: int) -> Response:
        status = self._map(node.get("status"), "`status`", line)
        code = self._text(status.get("code"), "`code`", line)
        if not (code.isascii() and code.isdigit() and 100 <= int(code) <= 599):
            self.bad(f"the status code is {code[:20]!r}", status["code"].line)
        reason = status.get("message")
        body = node.get("body")
        return Response(
            int(code),
            "" if self._is_null(reason) else self._text(reason, "`message`", line),
            self._headers(node.get("headers"), line),
            self._bytes(body.get("string") if isinstance(body, _Map) else body, line),
        )

    def _is_null(self, node: Any) -> bool:
        return node is None or (
            isinstance(node, _Scalar) and node.plain and node.text in ("", "~", "null")
        )

    def _map(self, node: Any, what: str, line: int) -> _Map:
        if not isinstance(node, _Map):
            self.bad(f"{what} is missing or is not a mapping", getattr(node, "line", line))
        return node

    def _text(self, node: Any, what: str, line: int) -> str:
        if not isinstance(node, _Scalar):
            self.bad(f"{what} is missing or is not a text", getattr(node, "line", line))
        return self._bytes(node, line).decode("latin-1") if node.binary else node.text

    def _bytes(self, node: Any, line: int) -> bytes:
        if self._is_null(node):
            return b""
        if not isinstance(node, _Scalar):
            self.bad("a body is neither a text nor !!binary", getattr(node, "line", line))
        if not node.binary:
            return node.text.encode()
        try:
            return base64.b64decode("".join(node.text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.bad("!!binary is not followed by base64", node.line)

    def _headers(self, node: Any, line: int) -> Headers:
        if self._is_null(node):
            return {}
        headers: dict[str, str] = {}
        for name, values in self._map(node, "`headers`", line).items():
            several = values if isinstance(values, _List) else [values]
            headers[name.lower()] = ", ".join(
                self._text(one, f"header `{name}`", line) for one in several
            )
        return headers

    def _provenance(self, head: Any) -> Provenance:
        if head is None:
            return Provenance()
        given = self._map(head, "`personalize_contract`", 0)
        texts = {name: self._text(given[name], f"`{name}`", given.line) for name in given}
        if (version := texts.pop("format", FORMAT)) != FORMAT:
            self.bad(
                f"its format is {version[:10]}, this version reads {FORMAT}: upgrade", given.line
            )
        known = {field.name for field in fields(Provenance)}
        provenance = Provenance(**{name: texts[name] for name in texts if name in known})
        if provenance.answered_by not in RANKS:
            self.bad(f"answered_by is none of {', '.join(RANKS)}", given.line)
        return provenance


def parse(path: Path, text: bytes) -> Cassette:
    """The cassette that a text holds.

    Args:
        path: where the text is from, for messages.
        text: UTF-8, at most `MAX_BYTES`.

    Raises:
        CassetteError: it is not a whole cassette; the message gives file, line and reason.
    """
    if len(text) > MAX_BYTES:
        raise CassetteError(path, f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise CassetteError(path, "it is not UTF-8; restore it, or record again", line) from None
    for marker, reason in _BAD.items():
        if (at := 0 if text.startswith(marker) else text.find(b"\n" + marker) + 1) or (
            text.startswith(marker)
        ):
            raise CassetteError(path, reason, text.count(b"\n", 0, at) + 1)
    return _Reader(path, text).read()


def load(path: Path) -> Cassette:
    """Read a cassette.

    Raises:
        CassetteMissing: there is none.
        CassetteError: it can't be read; a bad one is never taken for an empty one.
    """
    try:
        with path.open("rb") as file:
            return parse(path, file.read(MAX_BYTES + 1))
    except FileNotFoundError:
        raise CassetteMissing(path, "there is no such cassette") from None
    except OSError as error:
        raise CassetteError(path, f"it can't be read: {error.strerror}") from error
