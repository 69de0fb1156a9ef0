"""Reads the text of a cassette, of ours, of VCR.py's or edited by hand, from YAML events.

Loading makes strings, numbers, lists and dictionaries and nothing else, in bounded time and
memory. A response that is not what its digest says was changed after it was recorded; it is
loaded, marked `altered`.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

import yaml

from personalize_contract.cassette.writer import FORMAT, digest
from personalize_contract.errors import CassetteError
from personalize_contract.model.exchange import Exchange, Headers, Request, Response
from personalize_contract.model.provenance import RANKS, Provenance

MAX_EXCHANGES = 100_000
MAX_NODES = 10_000
"""YAML nodes of one exchange, or of one other member of the file. An exchange has about 50."""

MAX_DEPTH = 10
_SHOWN = 40
"""Characters of a word of the file that stand in a message."""

_MEND = "restore it, or record again"
"""What to do about a cassette that is not whole."""

MAX_REPEATED = 16 * 1024 * 1024
"""Characters that aliases and compressed bodies may stand for, beyond those in the file."""


@dataclass(frozen=True, slots=True)
class Cassette:
    """A cassette in memory.

    Args:
        provenance: who answered, when and to what.
        exchanges: in the order of recording.
        lines: of the file, from 1, where each exchange begins.
        origins: the provenance of each exchange: its own where it has one, otherwise that of the
            file. In a group, `recorded_for` is the scenario of the exchange.
    """

    provenance: Provenance
    exchanges: tuple[Exchange, ...]
    lines: tuple[int, ...] = ()
    origins: tuple[Provenance, ...] = ()


class _Interaction(NamedTuple):
    exchange: Exchange
    intact: bool
    """Whether its digest says that it is as recorded."""

    line: int
    """Of the file, from 0."""

    scenario: str
    own: Any
    """The node of its provenance; None if it has none of its own."""


class _Scalar:
    """A YAML scalar: its text, whether it stood there unquoted, and its line from 0."""

    __slots__ = ("binary", "line", "plain", "text")

    def __init__(self, text: str, plain: bool, binary: bool, line: int) -> None:
        self.text, self.plain, self.binary, self.line = text, plain, binary, line


class _Map(dict[str, Any]):
    line = 0
    tag: str | None = None


class _List(list[Any]):
    line = 0


_YAML = "tag:yaml.org,2002:"
_BINARY_TAG = f"{_YAML}binary"
_BYTES_IO = f"{_YAML}python/object/new:_io.BytesIO"
_ITERATOR = f"{_YAML}python/object/apply:builtins.iter"
_STRINGS = ("str", "python/str", "python/unicode")
_OTHERS = ("int", "float", "bool", "null", "timestamp")
# What YAML itself has, and what VCR.py 9 reads beyond that: all of it is data.
_SCALAR_TAGS = {None, "!", _BINARY_TAG, *(_YAML + name for name in (*_STRINGS, *_OTHERS))}
_LIST_TAGS = {None, "!", f"{_YAML}seq", f"{_YAML}python/tuple"}
_MAP_TAGS = {None, "!", f"{_YAML}map", _BYTES_IO, _ITERATOR}


class Reader:
    """Reads one cassette. Lives as long as one `load`.

    Args:
        path: where the text is from, for messages.
        text: UTF-8.
    """

    def __init__(self, path: Path, text: bytes) -> None:
        self._path = path
        self._nodes = 0
        self._allowed = len(text) + MAX_REPEATED
        self._anchors: dict[str, Any] = {}
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))

    def bad(self, reason: str, line: int | None = None, mend: str = _MEND) -> NoReturn:
        """Give up on the file; `line` counts from 0."""
        from personalize_contract.privacy import display

        reason = display.quoted(reason)
        raise CassetteError(self._path, f"{reason}; {mend}", None if line is None else line + 1)

    def read(self) -> Cassette:
        """The cassette.

        Raises:
            CassetteError: it is not a whole cassette; the message gives file, line and reason.
        """
        try:
            return self._document()
        except StopIteration:
            self.bad("it is cut short")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            self.bad(f"it is not YAML: {error.problem}", mark.line if mark else None)
        except yaml.YAMLError as error:
            self.bad(f"it is not YAML: {str(error).splitlines()[0]}")

    def _document(self) -> Cassette:
        next(self._events)  # the stream
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            self.bad("it is empty, and an empty file is not an empty cassette")
        event = next(self._events)
        if not isinstance(event, yaml.MappingStartEvent):
            self.bad("it is not a cassette: `interactions` and `version` are expected", 0)
        members: dict[str, Any] = {}
        found: list[_Interaction] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, line = self._key(event), event.start_mark.line
            if key in members:
                self.bad(f"`{key[:_SHOWN]}` stands there twice", line)
            if key == "interactions":
                if "version" in members and "personalize_contract" in members:
                    self.bad("`version` belongs at the end, where it shows that all is there", line)
                members[key] = True
                found += self._interactions(next(self._events))
            else:
                self._nodes = 0
                members[key] = self._node(next(self._events), 1)
        next(self._events)  # the document's end
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            self.bad("it holds two documents", event.start_mark.line)
        for key in ("interactions", "version"):
            if key not in members:
                self.bad(f"`{key}` is missing: it is cut short, or not a cassette")
        version, head = members["version"], members.get("personalize_contract")
        if not isinstance(version, _Scalar) or version.text != "1":
            self.bad("its `version` is not 1: cut short, or of another kind", version.line)
        provenance = self._provenance(head)
        exchanges, origins = [], []
        for one in found:
            # VCR.py drops our head and the digests when it saves; our own file has both.
            known = one.intact or head is None
            origin = (
                provenance
                if one.own is None or head is None
                else self._provenance(one.own, "`provenance`")
            )
            by = origin.answered_by if known else "unknown"
            exchanges.append(replace(one.exchange, answered_by=by, altered=not known))
            origins.append(replace(origin, recorded_for=one.scenario or origin.recorded_for))
        lines = tuple(one.line + 1 for one in found)
        return Cassette(provenance, tuple(exchanges), lines, tuple(origins))

    def _bad_tag(self, event: Any) -> NoReturn:
        reason = f"the tag {str(event.tag)[:_SHOWN]} is not for data: only !!binary is read"
        self.bad(reason, event.start_mark.line)

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self.bad("a key is not a word", event.start_mark.line)
        if event.tag == _BINARY_TAG:  # as botocore's headers land in VCR.py's cassettes
            line = event.start_mark.line if event.start_mark else 0
            return self._bytes(_Scalar(event.value, False, True, line), line).decode("latin-1")
        return str(event.value)

    def _node(self, event: Any, depth: int) -> Any:
        """The tree that begins with an event. An alias shares what it names, and costs nothing."""
        self._nodes += 1
        line = event.start_mark.line
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            self.bad("it has more nodes, or is nested deeper, than any cassette", line)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                self.bad(f"the alias *{str(event.anchor)[:_SHOWN]} names nothing", line)
            return self._anchors[event.anchor]
        node: Any
        if isinstance(event, yaml.ScalarEvent):
            if event.tag not in _SCALAR_TAGS:
                self._bad_tag(event)
            plain = event.implicit[0] or event.tag == f"{_YAML}null"
            node = _Scalar(event.value, plain, event.tag == _BINARY_TAG, line)
        else:
            is_list = isinstance(event, yaml.SequenceStartEvent)
            if event.tag not in (_LIST_TAGS if is_list else _MAP_TAGS):
                self._bad_tag(event)
            if is_list:
                node = _List()
                while not isinstance(one := next(self._events), yaml.SequenceEndEvent):
                    node.append(self._node(one, depth + 1))
            else:
                node = _Map()
                node.tag = event.tag
                while not isinstance(one := next(self._events), yaml.MappingEndEvent):
                    key = self._key(one)
                    if key in node:
                        self.bad(f"`{key[:_SHOWN]}` stands there twice", one.start_mark.line)
                    node[key] = self._node(next(self._events), depth + 1)
            node.line = line
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _interactions(self, event: Any) -> Iterator[_Interaction]:
        if not isinstance(event, yaml.SequenceStartEvent):
            self.bad("`interactions` is not a list", event.start_mark.line)
        count = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            line = event.start_mark.line
            self._nodes = 0
            if (count := count + 1) > MAX_EXCHANGES:
                self.bad(f"it has more than {MAX_EXCHANGES:,} exchanges", line)
            node = self._map(self._node(event, 2), "an interaction", line)
            request = self._map(node.get("request"), "`request`", line)
            sent = Request(
                self._text(request.get("method"), "`method`", line),
                self._url(request.get("uri"), line),
                self._headers(request.get("headers"), line),
                self._bytes(request.get("body"), line),
            )
            received = self._response(self._map(node.get("response"), "`response`", line), line)
            recorded = node.get("digest")
            intact = isinstance(recorded, _Scalar) and recorded.text == digest(received)
            about = node.get("scenario")
            scenario = "" if about is None else self._text(about, "`scenario`", line)
            own = node.get("provenance")
            yield _Interaction(Exchange(sent, received), intact, line, scenario, own)

    def _url(self, node: Any, line: int) -> str:
        url = self._text(node, "`uri`", line)
        try:
            urlsplit(url)
        except ValueError:
            self.bad("its `uri` is not one", node.line)
        return url

    def _response(self, response: _Map, line: int) -> Response:
        if "status_code" in response and "status" not in response:
            # As VCR.py recorded httpx until version 6.
            status, node = _Map(code=response["status_code"]), response.get("content")
        else:
            status = self._map(response.get("status"), "`status`", line)
            node = response.get("body")
        code = self._text(status.get("code"), "`code`", line)
        if not (code.isascii() and code.isdigit() and 100 <= int(code[:4]) <= 999):
            self.bad(f"the status code is {code[:20]!r}", status["code"].line)
        reason = status.get("message")
        headers = dict(self._headers(response.get("headers"), line))
        body = self._bytes(node, line)
        if headers.get("content-encoding", "").lower() in ("gzip", "deflate"):
            # As VCR.py records it; here a body is what its sender meant.
            del headers["content-encoding"]
            body = self._decompressed(body, line)
        return Response(
            int(code),
            "" if self._is_null(reason) else self._text(reason, "`message`", line),
            headers,
            body,
        )

    def _decompressed(self, body: bytes, line: int) -> bytes:
        decompressor = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever it is
        try:
            found = decompressor.decompress(body, self._allowed + 1)
        except zlib.error:
            return body  # VCR.py can undo it too, and leave the header
        self._take(len(found), line)
        return found

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
        if node.binary:
            return self._bytes(node, line).decode("latin-1")
        self._take(len(node.text), node.line)
        return node.text

    def _bytes(self, node: Any, line: int) -> bytes:
        if isinstance(node, _Map):
            return self._bytes_of_map(node, line)
        if self._is_null(node):
            return b""
        if not isinstance(node, _Scalar):
            self.bad("a body is neither a text nor !!binary", getattr(node, "line", line))
        self._take(len(node.text), node.line)
        if not node.binary:
            return node.text.encode()
        try:
            return base64.b64decode("".join(node.text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.bad("!!binary is not followed by base64", node.line)

    def _bytes_of_map(self, node: _Map, line: int) -> bytes:
        """The body that VCR.py keeps in a mapping: a file's, an iterator's, or a `string`."""
        if node.tag in (_BYTES_IO, _ITERATOR):
            first = node.get("state" if node.tag == _BYTES_IO else "args")
            parts = first[0] if isinstance(first, _List) and first else None
            several = parts if isinstance(parts, _List) else [parts]
            return b"".join(self._bytes(part, node.line) for part in several)
        text = node.get("string")
        if isinstance(text, _Map) or (node and "string" not in node):
            self.bad("a body is neither a text nor !!binary", node.line)
        return self._bytes(text, line)

    def _take(self, characters: int, line: int) -> None:
        self._allowed -= characters
        if self._allowed < 0:
            self.bad("its aliases or compressed bodies stand for much more than it holds", line)

    def _headers(self, node: Any, line: int) -> Headers:
        if self._is_null(node):
            return {}
        headers: dict[str, str] = {}
        if isinstance(node, _List) and all(isinstance(pair, _List) for pair in node):
            pairs = [(self._text(pair[0], "`headers`", line), pair[1:]) for pair in node if pair]
        else:
            pairs = list(self._map(node, "`headers`", line).items())
        for name, values in pairs:
            several = values if isinstance(values, list) else [values]
            texts = [self._text(one, f"header `{name}`", line) for one in several]
            before = [headers[name.lower()]] if name.lower() in headers else []
            headers[name.lower()] = ", ".join([*before, *texts])
        return headers

    def _provenance(self, head: Any, what: str = "`personalize_contract`") -> Provenance:
        if head is None:
            return Provenance()
        given = self._map(head, what, 0)
        texts = {name: self._text(given[name], f"`{name}`", given.line) for name in given}
        if (version := texts.pop("format", FORMAT)) != FORMAT:
            reason = f"its format is {version[:10]}, this version reads {FORMAT}"
            self.bad(reason, given.line, "upgrade personalize-contract")
        known = {field.name for field in fields(Provenance)}
        provenance = Provenance(**{name: texts[name] for name in texts if name in known})
        if provenance.answered_by not in RANKS:
            self.bad(f"answered_by is none of {', '.join(RANKS)}", given.line)
        return provenance
