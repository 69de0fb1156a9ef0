"""Reads YAML as data: scalars, lists and mappings with their lines, in bounded time and memory.

No tag creates any other object. Every error has its line.
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
"""Maximum number of YAML nodes in an exchange or another member. An exchange has about 50."""

MAX_DEPTH = 10
MAX_SHOWN = 40
"""Maximum number of characters from the file that a message quotes."""

_REMEDY = "restore it, or record again"

MAX_EXPANDED = 16 * 1024 * 1024
"""Maximum number of characters that aliases and compressed bodies may add to those in the file."""


class Scalar:
    """A YAML scalar: its text, whether it is unquoted, whether it is !!binary, its line from 0."""

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

# YAML's own tags, and those that VCR.py 9 reads as well.
_SCALAR_TAGS = {None, "!", _BINARY_TAG, *(_YAML + name for name in (*_STRINGS, *_OTHERS))}
_LIST_TAGS = {None, "!", f"{_YAML}seq", f"{_YAML}python/tuple"}
_MAP_TAGS = {None, "!", f"{_YAML}map", _BYTES_IO, _ITERATOR}


class YamlReader:
    """Reads the nodes of one YAML text.

    Args:
        path: the file, for messages.
        text: the text in UTF-8.
    """

    def __init__(self, path: Path, text: bytes) -> None:
        self._path = path
        self.nodes = 0
        self.allowed = len(text) + MAX_EXPANDED
        self._anchors: dict[str, Any] = {}
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))

    def bad(self, reason: str, line: int | None = None, remedy: str = _REMEDY) -> NoReturn:
        """Raise the error of an unreadable file.

        Args:
            reason: the problem.
            line: the line, from 0; None if it is about the whole file.
            remedy: the advice to the user.
        """
        from personalize_contract.privacy import display

        reason = display.quoted(reason)
        raise CassetteError(self._path, f"{reason}; {remedy}", None if line is None else line + 1)

    def _bad_tag(self, event: Any) -> NoReturn:
        tag = str(event.tag)[:MAX_SHOWN]
        self.bad(f"unsupported tag {tag}: only !!binary is read", event.start_mark.line)

    def key(self, event: Any) -> str:
        """Return the key of a mapping."""
        if not isinstance(event, yaml.ScalarEvent):
            self.bad("a key is not a scalar", event.start_mark.line)
        if event.tag == _BINARY_TAG:  # VCR.py writes botocore's headers like this
            line = event.start_mark.line if event.start_mark else 0
            return self.data(Scalar(event.value, False, True, line), line).decode("latin-1")
        return str(event.value)

    def node(self, event: Any, depth: int) -> Any:
        """Return the node that begins with an event. Aliases share their nodes."""
        self.nodes += 1
        line = event.start_mark.line
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            self.bad("not a cassette: it has too many nodes, or is nested too deeply", line)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                self.bad(f"the alias *{str(event.anchor)[:MAX_SHOWN]} has no anchor", line)
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
                while not isinstance(member := next(self.events), yaml.SequenceEndEvent):
                    node.append(self.node(member, depth + 1))
            else:
                node = Map()
                node.tag = event.tag
                while not isinstance(member := next(self.events), yaml.MappingEndEvent):
                    key = self.key(member)
                    if key in node:
                        self.bad(f"`{key[:MAX_SHOWN]}` appears twice", member.start_mark.line)
                    node[key] = self.node(next(self.events), depth + 1)
            node.line = line
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def is_null(self, node: Any) -> bool:
        """Return whether a node is absent, or YAML's null."""
        return node is None or (
            isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null")
        )

    def mapping(self, node: Any, name: str, line: int) -> Map:
        """Return a node that must be a mapping; messages refer to it by `name`."""
        if not isinstance(node, Map):
            self.bad(f"{name} is missing or is not a mapping", getattr(node, "line", line))
        return node

    def text(self, node: Any, name: str, line: int) -> str:
        """Return the text of a node that must be a scalar; messages refer to it by `name`."""
        if not isinstance(node, Scalar):
            self.bad(f"{name} is missing or is not a string", getattr(node, "line", line))
        if node.binary:
            return self.data(node, line).decode("latin-1")
        self.expand(len(node.text), node.line)
        return node.text

    def data(self, node: Any, line: int) -> bytes:
        """Return the bytes of a body: text, !!binary, or one of VCR.py's own forms."""
        if isinstance(node, Map):
            return self._bytes_of_map(node, line)
        if self.is_null(node):
            return b""
        if not isinstance(node, Scalar):
            self.bad("a body is neither a string nor !!binary", getattr(node, "line", line))
        self.expand(len(node.text), node.line)
        if not node.binary:
            return node.text.encode()
        try:
            return base64.b64decode("".join(node.text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.bad("!!binary is not followed by Base64", node.line)

    def _bytes_of_map(self, node: Map, line: int) -> bytes:
        """Return a body that VCR.py keeps in a mapping: a file, an iterator, or a `string`."""
        if node.tag in (_BYTES_IO, _ITERATOR):
            first = node.get("state" if node.tag == _BYTES_IO else "args")
            parts = first[0] if isinstance(first, List) and first else None
            several = parts if isinstance(parts, List) else [parts]
            return b"".join(self.data(part, node.line) for part in several)
        text = node.get("string")
        if isinstance(text, Map) or (node and "string" not in node):
            self.bad("a body is neither a string nor !!binary", node.line)
        return self.data(text, line)

    def expand(self, characters: int, line: int) -> None:
        """Count the characters of a node; raise the error of a file that expands too much."""
        self.allowed -= characters
        if self.allowed < 0:
            self.bad("its aliases or compressed bodies expand to much more than the file", line)
