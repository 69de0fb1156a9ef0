"""Reads YAML as data: texts, lists and mappings with their lines, in bounded time and memory.

No tag makes anything else. A mistake is an error with its line.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from personalize_contract.errors import CassetteError

MAX_NODES = 10_000
"""YAML nodes of one exchange, or of one other member of the file. An exchange has about 50."""

MAX_DEPTH = 10
SHOWN = 40
"""Characters of a word of the file that stand in a message."""

_MEND = "restore it, or record again"
"""What to do about a cassette that is not whole."""

MAX_REPEATED = 16 * 1024 * 1024
"""Characters that aliases and compressed bodies may stand for, beyond those in the file."""


class Scalar:
    """A YAML scalar: its text, whether it stood there unquoted, and its line from 0."""

    __slots__ = ("binary", "line", "plain", "text")

    def __init__(self, text: str, plain: bool, binary: bool, line: int) -> None:
        self.text, self.plain, self.binary, self.line = text, plain, binary, line


class Map(dict[str, Any]):
    """A YAML mapping, with its line from 0 and its tag."""

    line = 0
    tag: str | None = None


class List(list[Any]):
    """A YAML sequence, with its line from 0."""

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


class YamlReader:
    """Reads the nodes of one YAML text. Lives as long as that is read.

    Args:
        path: where the text is from, for messages.
        text: UTF-8.
    """

    def __init__(self, path: Path, text: bytes) -> None:
        self._path = path
        self.nodes = 0
        self.allowed = len(text) + MAX_REPEATED
        self._anchors: dict[str, Any] = {}
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))

    def bad(self, reason: str, line: int | None = None, mend: str = _MEND) -> NoReturn:
        """Give up on the file; `line` counts from 0."""
        from personalize_contract.privacy import display

        reason = display.quoted(reason)
        raise CassetteError(self._path, f"{reason}; {mend}", None if line is None else line + 1)

    def _bad_tag(self, event: Any) -> NoReturn:
        reason = f"the tag {str(event.tag)[:SHOWN]} is not for data: only !!binary is read"
        self.bad(reason, event.start_mark.line)

    def key(self, event: Any) -> str:
        """Return the key of a mapping."""
        if not isinstance(event, yaml.ScalarEvent):
            self.bad("a key is not a word", event.start_mark.line)
        if event.tag == _BINARY_TAG:  # as botocore's headers land in VCR.py's cassettes
            line = event.start_mark.line if event.start_mark else 0
            return self.data(Scalar(event.value, False, True, line), line).decode("latin-1")
        return str(event.value)

    def node(self, event: Any, depth: int) -> Any:
        """The tree that begins with an event. An alias shares what it names, and costs nothing."""
        self.nodes += 1
        line = event.start_mark.line
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            self.bad("it has more nodes, or is nested deeper, than any cassette", line)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                self.bad(f"the alias *{str(event.anchor)[:SHOWN]} names nothing", line)
            return self._anchors[event.anchor]
        node: Any
        if isinstance(event, yaml.ScalarEvent):
            if event.tag not in _SCALAR_TAGS:
                self._bad_tag(event)
            plain = event.implicit[0] or event.tag == f"{_YAML}null"
            node = Scalar(event.value, plain, event.tag == _BINARY_TAG, line)
        else:
            is_list = isinstance(event, yaml.SequenceStartEvent)
            if event.tag not in (_LIST_TAGS if is_list else _MAP_TAGS):
                self._bad_tag(event)
            if is_list:
                node = List()
                while not isinstance(one := next(self.events), yaml.SequenceEndEvent):
                    node.append(self.node(one, depth + 1))
            else:
                node = Map()
                node.tag = event.tag
                while not isinstance(one := next(self.events), yaml.MappingEndEvent):
                    key = self.key(one)
                    if key in node:
                        self.bad(f"`{key[:SHOWN]}` stands there twice", one.start_mark.line)
                    node[key] = self.node(next(self.events), depth + 1)
            node.line = line
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def is_null(self, node: Any) -> bool:
        """Whether a node is absent, or YAML's null."""
        return node is None or (
            isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null")
        )

    def mapping(self, node: Any, what: str, line: int) -> Map:
        """Return a node that must be a mapping; a message names it as `what`."""
        if not isinstance(node, Map):
            self.bad(f"{what} is missing or is not a mapping", getattr(node, "line", line))
        return node

    def text(self, node: Any, what: str, line: int) -> str:
        """Return the text of a node that must be one."""
        if not isinstance(node, Scalar):
            self.bad(f"{what} is missing or is not a text", getattr(node, "line", line))
        if node.binary:
            return self.data(node, line).decode("latin-1")
        self.take(len(node.text), node.line)
        return node.text

    def data(self, node: Any, line: int) -> bytes:
        """Return the bytes of a body: of a text, of !!binary, or as VCR.py keeps them."""
        if isinstance(node, Map):
            return self._bytes_of_map(node, line)
        if self.is_null(node):
            return b""
        if not isinstance(node, Scalar):
            self.bad("a body is neither a text nor !!binary", getattr(node, "line", line))
        self.take(len(node.text), node.line)
        if not node.binary:
            return node.text.encode()
        try:
            return base64.b64decode("".join(node.text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.bad("!!binary is not followed by base64", node.line)

    def _bytes_of_map(self, node: Map, line: int) -> bytes:
        """The body that VCR.py keeps in a mapping: a file's, an iterator's, or a `string`."""
        if node.tag in (_BYTES_IO, _ITERATOR):
            first = node.get("state" if node.tag == _BYTES_IO else "args")
            parts = first[0] if isinstance(first, List) and first else None
            several = parts if isinstance(parts, List) else [parts]
            return b"".join(self.data(part, node.line) for part in several)
        text = node.get("string")
        if isinstance(text, Map) or (node and "string" not in node):
            self.bad("a body is neither a text nor !!binary", node.line)
        return self.data(text, line)

    def take(self, characters: int, line: int) -> None:
        """Count characters that a node stands for; give up on a file with too many of them."""
        self.allowed -= characters
        if self.allowed < 0:
            self.bad("its aliases or compressed bodies stand for much more than it holds", line)
