"""Writes the text of a cassette: VCR.py's format, with a provenance at the head.

personalize_contract:        the provenance; VCR.py and pytest-recording ignore it
  answered_by: reference
interactions:                VCR.py's list; each with the digest of its response
- request: ...
  response: ...
  digest: 0123456789abcdef
version: 1                   VCR.py's; at the end, so that a truncated file is noticed

In a group, a file of several scenarios (`group`), an interaction begins with the `scenario` that it
was recorded for, and ends with a `provenance` if it differs from the head. In a cassette that
several tests share, the `scenario` is the node id of the test.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain, repeat

import yaml

from personalize_contract.model.exchange import Exchange, Headers, Response
from personalize_contract.model.provenance import Provenance

FORMAT = "1"
"""The format of the head. A file with a newer format is refused."""

INTERACTIONS = "interactions:\n"
EXCHANGE = "- "
"""The beginning of each exchange's first line. Lines of bodies are indented, so none begins so."""

END = "version: 1\n"

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9/._+-]*(?::[A-Za-z0-9/._+-]+)*")
_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_QUOTABLE = re.compile(r"[ -~]*")
_SHORT = 60
"""Length in characters below which a body stays on the line of its key."""

NEXT_ITEM = '}, {"'
"""The text at which a body is split into lines: between items, as botocore writes them."""


def digest(response: Response) -> str:
    """Return 16 hexadecimal digits that bind a response to its recording."""
    parts = [str(response.status), response.reason]
    parts += [f"{name}: {value}" for name, value in sorted(response.headers.items())]
    text = "\n".join(parts).encode("utf-8", "surrogateescape") + b"\n\n" + response.body
    return hashlib.sha256(text).hexdigest()[:16]


def quoted(text: str) -> str:
    """Return printable ASCII text as a YAML scalar in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def _escaped(text: str) -> str:
    # `yaml.dump` knows every escape. At this width a scalar is never split into lines.
    return yaml.dump(text, default_style='"', width=10**9).rstrip("\n")


@lru_cache(maxsize=256)
def scalar(text: str) -> str:
    """Return text as a YAML scalar on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return quoted(text) if _QUOTABLE.fullmatch(text) else _escaped(text)


@cache
def _block() -> re.Pattern[str]:
    """Return the pattern of text that a block scalar can hold: printable, and on one line."""
    # Takes 5 ms to compile, and is only needed for bodies that are not ASCII.
    return re.compile(
        "[!-~\xa1-\u1fff\u2010-\u2027\u2030-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
        "[ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
    )


def _fits_a_block(text: str) -> bool:
    if text.isascii():
        # Equivalent to the pattern, and faster, since this is called for every body.
        return text.isprintable() and text[:1] not in ("", " ")
    return bool(_block().fullmatch(text))


def _body(body: bytes, indent: str) -> str:
    """Return a body as a YAML scalar: one item on a line if it is JSON from botocore."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        lines = base64.encodebytes(body).decode().splitlines()
        return "".join(["!!binary |", *(f"\n{indent}{line}" for line in lines)])
    if len(text) < _SHORT and _QUOTABLE.fullmatch(text):
        return quoted(text)
    if not _fits_a_block(text) or text.endswith(" "):
        return _escaped(text)
    if NEXT_ITEM in text:
        # In a folded scalar, a line break stands for one space.
        return f">-\n{indent}" + text.replace(NEXT_ITEM, f'}},\n{indent}{{"')
    return f"|-\n{indent}{text}"


def _headers(headers: Headers) -> str:
    if not headers:
        return " {}\n"
    lines = (
        f"      {scalar(name)}:\n      - {scalar(headers[name])}\n" for name in sorted(headers)
    )
    return "\n" + "".join(lines)


def _fields(provenance: Provenance, indent: str) -> str:
    lines = (f"{indent}{name}: {scalar(value)}\n" for name, value in provenance.fields().items())
    return "".join(lines)


def exchange_text(exchange: Exchange, scenario: str = "", own: Provenance | None = None) -> str:
    """Return the text of one interaction.

    Args:
        exchange: the exchange.
        scenario: the scenario that it was recorded for, in a group, or the test, in a shared
            cassette; otherwise `""`.
        own: its provenance without `recorded_for`, if it differs from the head.
    """
    request, response = exchange.request, exchange.response
    return (
        f"{EXCHANGE}" + (f"scenario: {scalar(scenario)}\n  " if scenario else "") + "request:\n"
        f"    method: {scalar(request.method)}\n"
        f"    uri: {scalar(request.url)}\n"
        f"    headers:{_headers(request.headers)}"
        f"    body: {_body(request.body, '      ')}\n"
        f"  response:\n"
        f"    status:\n"
        f"      code: {response.status}\n"
        f"      message: {scalar(response.reason)}\n"
        f"    headers:{_headers(response.headers)}"
        f"    body:\n"
        f"      string: {_body(response.body, '        ')}\n"
        f"  digest: '{digest(response)}'\n"
        + (f"  provenance:\n{_fields(own, '    ')}" if own else "")
    )


def dump(
    provenance: Provenance, exchanges: Iterable[Exchange], tests: Iterable[str] = ()
) -> Iterator[str]:
    """Yield the text of a cassette, in pieces.

    Args:
        provenance: the provenance of the answers.
        exchanges: the exchanges in the order of recording.
        tests: the test of each exchange, in a shared cassette.
    """
    return assembled(provenance, map(exchange_text, exchanges, chain(tests, repeat(""))))


def assembled(provenance: Provenance, interactions: Iterable[str]) -> Iterator[str]:
    """Yield the text of a cassette, in pieces, from the texts of its interactions."""
    yield f"personalize_contract:\n  format: {FORMAT}\n{_fields(provenance, '  ')}"
    empty = True
    for text in interactions:
        yield (INTERACTIONS if empty else "") + text
        empty = False
    yield ("interactions: []\n" if empty else "") + END
