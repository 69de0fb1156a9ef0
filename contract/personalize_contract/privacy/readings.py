"""The readings of a text: as it is, and with its escapes decoded, to any depth.

A secret in a JSON text inside a JSON text is still a secret, and so is one in a query string, in
HTML or in UTF-16.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

MAX_ROUNDS = 64
"""JSON doubles its backslashes at each level, so no real body is escaped this often."""

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_HIDING = re.compile(r"\\(?:u[0-9a-fA-F]{4}|/)")
"""An escape that can hide a character of a secret; the others are quotes and white space."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_ENTITY = re.compile(r"&(?:#\w{1,8}|[a-zA-Z]{2,31});")


class TooDeep(Exception):
    """A text is escaped more often than `MAX_ROUNDS`."""


def readings(text: str, *, quotes: bool = False) -> Iterator[str]:
    """Yield a text, then each decoding of its escapes.

    Args:
        text: any text.
        quotes: whether escaped quotes and backslashes count as hiding characters too.

    Raises:
        TooDeep: the text is escaped more often than `MAX_ROUNDS`.
    """
    yield text
    for _ in range(MAX_ROUNDS):
        before = text
        for decoded in _decoded(text, quotes=quotes):
            yield decoded
            text = decoded
        if text == before:
            return
    raise TooDeep


def _decoded(text: str, *, quotes: bool) -> Iterator[str]:
    """Yield the text with one level of each kind of escape decoded, one kind after the other."""
    if "\0" in text:
        yield (text := text.replace("\0", ""))  # UTF-16, mostly
    if not text.isascii() and (plain := _plain(text)) != text:
        yield (text := plain)  # letters that only look otherwise, and some that aren't seen
    if "\\" in text and (quotes or _HIDING.search(text)):
        yield (text := _ESCAPE.sub(_character, text))
    if "%" in text and _PERCENT.search(text):
        yield (text := unquote(text))
    if "&" in text and _ENTITY.search(text):
        yield html.unescape(text)


def _plain(text: str) -> str:
    """Return a text in the plain form of its letters, without invisible characters."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else escape[2]
