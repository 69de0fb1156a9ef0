"""Loads a cassette from its text, quickly if this version wrote it, with a YAML parser otherwise.

The quick way is a guess that is verified. The text is split where exchanges begin, each piece is
parsed with a regular expression, and the result is written again: the guess was right only if both
texts are the same, byte for byte. Any other file, edited by hand or recorded by VCR.py, is parsed
as YAML as a whole.
"""

from __future__ import annotations

import base64
import re
from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from personalize_contract.cassette import files, writer
from personalize_contract.cassette.reader import MAX_EXCHANGES, Cassette, Reader
from personalize_contract.errors import CassetteError
from personalize_contract.model.exchange import Exchange, Headers, Request, Response
from personalize_contract.model.provenance import RANKS, Provenance

MAX_BYTES = 512 * 1024 * 1024
"""Maximum size of a cassette in bytes."""

_TOO_LARGE = f"not a cassette: larger than {MAX_BYTES >> 20} MiB"

_MAX_HEAD = 64 * 1024

_LFS = b"version https://git-lfs.github.com/spec/"
_SURROGATES = re.compile(rb"\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|.)", re.DOTALL)

_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)

_HEAD = f"personalize_contract:\n  format: {writer.FORMAT}\n".encode()
_HEAD_END = f"\n{writer.INTERACTIONS}{writer.EXCHANGE}".encode()
_NEXT = f"\n{writer.EXCHANGE}".encode()
_END = writer.END.encode()
_NONE = f"interactions: []\n{writer.END}".encode()

_HEADERS = r"(?: \{\}\n|\n((?:      [^\n]++\n)++))"
_EXCHANGE = re.compile(
    r"- (?:scenario: ([^\n]++)\n  )?request:\n"
    r"    method: ([^\n]++)\n"
    r"    uri: ([^\n]++)\n"
    rf"    headers:{_HEADERS}"
    r"    body: ([^\n]++(?:\n      [^\n]++)*+)\n"
    r"  response:\n"
    r"    status:\n"
    r"      code: ([1-9]\d\d)\n"
    r"      message: ([^\n]++)\n"
    rf"    headers:{_HEADERS}"
    r"    body:\n"
    r"      string: ([^\n]++(?:\n        [^\n]++)*+)\n"
    r"  digest: '[0-9a-f]{16}'\n"
    r"(?:  provenance:\n((?:    [a-z_]++: [^\n]++\n)++))?"
)
_FIELDS = frozenset(field.name for field in fields(Provenance))


def _scalar(text: str) -> str:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return str(yaml.safe_load(text)) if text.startswith('"') else text


def _headers(text: str | None) -> Headers:
    lines = iter(text.split("\n")[:-1] if text else ())
    return {
        _scalar(name[6:-1]).lower(): _scalar(value[8:])
        for name, value in zip(lines, lines, strict=True)
    }


def _body(text: str, indent: str) -> bytes:
    kind, _, block = text.partition(indent)
    if kind == ">-":
        return block.replace(indent, " ").encode()
    if kind == "|-":
        return block.encode()
    if kind == "!!binary |":
        return base64.b64decode(block)
    return _scalar(text).encode()


def _provenance(text: str) -> Provenance | None:
    members = (line.lstrip(" ").partition(": ") for line in text.split("\n")[:-1])
    values = {name: _scalar(value) for name, _, value in members}
    known = values.keys() <= _FIELDS and values.get("answered_by", "unknown") in RANKS
    return Provenance(**values) if known else None


def _guess(piece: str, head: Provenance) -> tuple[Exchange, Provenance] | None:
    """Return the exchange whose text is this piece, with its provenance; None if unsure."""
    match = _EXCHANGE.fullmatch(piece)
    if not match:
        return None
    about, method, url, sent, body, status, reason, received, answer, written = match.groups()
    try:
        urlsplit(address := _scalar(url))
        scenario = _scalar(about) if about else ""
        own = _provenance(written) if written else None
        origin = own or head
        exchange = Exchange(
            Request(_scalar(method), address, _headers(sent), _body(body, "\n      ")),
            Response(int(status), _scalar(reason), _headers(received), _body(answer, "\n        ")),
            origin.answered_by,
        )
    except (ValueError, yaml.YAMLError):
        return None
    # This package records decoded bodies; the reader decodes any other.
    coded = "content-encoding" in exchange.response.headers
    if coded or writer.exchange_text(exchange, scenario, own) != piece:
        return None
    return exchange, replace(origin, recorded_for=scenario) if scenario else origin


def _quickly(text: bytes) -> Cassette | None:
    """Return the cassette if this version wrote its text; None if it has to be parsed as YAML."""
    head_end = text.find(_HEAD_END) + 1
    head = text[:head_end]
    if not head.startswith(_HEAD) or not text.endswith(b"\n" + _END):
        return None
    try:
        provenance = _provenance(head.decode()[len(_HEAD) :])
    except (ValueError, yaml.YAMLError):
        return None
    if not provenance or "".join(writer.dump(provenance, ())).encode() != head + _NONE:
        return None
    exchanges: list[Exchange] = []
    origins: list[Provenance] = []
    lines: list[int] = []
    line = head.count(b"\n") + 2
    begin, end = head_end + len(writer.INTERACTIONS), len(text) - len(_END)
    while begin < end:
        cut = text.find(_NEXT, begin, end) + 1 or end
        try:
            piece = text[begin:cut].decode()
        except UnicodeDecodeError:
            return None
        guessed = _guess(piece, provenance)
        if not guessed or len(exchanges) == MAX_EXCHANGES:
            return None
        exchanges.append(guessed[0])
        origins.append(guessed[1])
        lines.append(line)
        line += piece.count("\n")
        begin = cut
    return Cassette(provenance, tuple(exchanges), tuple(lines), tuple(origins))


def parse(path: Path, text: bytes) -> Cassette:
    """Return the cassette with this text.

    Args:
        path: the file, for messages.
        text: the text in UTF-8, at most `MAX_BYTES`.

    Raises:
        CassetteError: it is not a complete cassette; the message has file, line and reason.
    """
    if len(text) > MAX_BYTES:
        raise CassetteError(path, _TOO_LARGE)
    if quickly := _quickly(text):
        return quickly
    if text.startswith(_LFS):
        raise CassetteError(path, "it is a Git LFS pointer, not the cassette: run `git lfs pull`")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise CassetteError(path, "not UTF-8; restore it, or record again", line) from None
    if conflict := _CONFLICT.search(text):
        line = text.count(b"\n", 0, conflict.start()) + 1
        reason = "it has an unresolved merge conflict: resolve it, or record again"
        raise CassetteError(path, reason, line)
    return Reader(path, _json_as_yaml(text) if text.lstrip()[:1] == b"{" else text).read()


def _json_as_yaml(text: bytes) -> bytes:
    """Return JSON as YAML, which spells surrogate pairs and the character DEL differently."""

    def spelled(escape: re.Match[bytes]) -> bytes:
        if not escape[1]:
            return escape[0]
        high, low = int(escape[1], 16), int(escape[2], 16)
        return b"\\U%08x" % (0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))

    return _SURROGATES.sub(spelled, text).replace(b"\x7f", b"\\x7f")


def load(path: Path) -> Cassette:
    """Read a cassette.

    Raises:
        CassetteMissing: the file doesn't exist.
        CassetteError: it can't be read. A damaged cassette never counts as an empty one.
    """
    return parse(path, read(path))


def read(path: Path) -> bytes:
    """Return the text of a cassette, unless it is too large; raises the errors of `load`."""
    with files.reading(path) as file:
        if files.length(file.fileno()) > MAX_BYTES:
            raise CassetteError(path, _TOO_LARGE)
        return file.read(MAX_BYTES + 1)


def interaction_texts(text: str, cassette: Cassette) -> list[str]:
    """Return the text of each interaction as it is in the file.

    Args:
        text: the text of the file.
        cassette: the cassette that was read from it.
    """
    # `splitlines` would also split at characters that YAML and editors don't take for line breaks.
    lines = [f"{line}\n" for line in text.removesuffix(writer.END).split("\n")[:-1]]
    begins = [line - 1 for line in cassette.lines]
    ends = [*begins[1:], len(lines)]
    return ["".join(lines[begin:end]) for begin, end in zip(begins, ends, strict=bool(begins))]


def recorded_for(path: Path) -> str:
    """Return the test or scenario that a cassette was recorded for; `""` if it has none.

    Only the head of the file is read.

    Raises:
        CassetteError: the file can't be read at all.
    """
    with files.reading(path) as file:
        head, end, _ = file.read(_MAX_HEAD).partition(f"\n{writer.INTERACTIONS}".encode())
    if not end or not head.startswith(b"personalize_contract:"):
        return ""
    try:
        return Reader(path, head + b"\n" + _NONE).read().provenance.recorded_for
    except CassetteError:
        return ""
