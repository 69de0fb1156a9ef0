"""A cassette is data: any file is either read correctly or an error.

Each error has the file, mostly the line, and a reason; none takes much time or memory to find.
"""

from __future__ import annotations

import gzip
import tracemalloc
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from helpers.exchanges import exchange, put
from personalize_contract.cassette import loader, reader, writer
from personalize_contract.cassette.reader import Cassette
from personalize_contract.errors import CassetteError
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance

PATH = Path("some.personalize.yaml")
MEGABYTE = 1024 * 1024


def written(*several: Exchange) -> bytes:
    return "".join(writer.dump(Provenance("reference", "2026-11-23T20:16:42Z"), several)).encode()


SMALL = written(exchange(put({"price": 4.5}, {"t": "\u8336"}), 400, b"{}"), exchange(b"\xff"))


def as_vcr_writes(data: bytes) -> bytes:
    """Return the cassette as saved by VCR.py: with members sorted, and ours dropped."""
    loaded = yaml.safe_load(data)
    del loaded["personalize_contract"]
    for interaction in loaded["interactions"]:
        del interaction["digest"]
    return yaml.dump(loaded).encode()


def error_of(data: bytes) -> CassetteError:
    with pytest.raises(CassetteError) as raised:
        loader.parse(PATH, data)
    assert str(raised.value).startswith(f"{PATH}:")
    assert len(str(raised.value)) < 300
    return raised.value


@contextmanager
def in_memory(limit: int) -> Iterator[None]:
    """Check that the context takes no more memory than a limit."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", [SMALL, as_vcr_writes(SMALL)], ids=["ours", "as VCR.py"])
def test_a_file_truncated_at_any_byte_is_an_error(
    data: bytes,
) -> None:
    whole = loader.parse(PATH, data)
    assert len(whole.exchanges) == 2
    for length in range(len(data) - 1):
        error_of(data[:length])
    # A missing last line break is fine.
    assert loader.parse(PATH, data[:-1]) == whole


ONE = """\
interactions:
- request:
    method: POST
    uri: https://example.org/items
    headers: {}
    body: tea
  response:
    status: {code: 200, message: OK}
    headers: {}
    body: {string: ''}
version: 1
"""

# The replaced text in the cassette above, its replacement, the line and a part of the reason.
HEAD = "personalize_contract:"
SENT = "headers: {}\n    body: tea"

SHAPES = {
    "an empty file": (ONE, "", None, "the file is empty"),
    "a file of comments": (ONE, "# nothing\n", None, "the file is empty"),
    "a file of NULs": (ONE, "\0\0\0", None, "not YAML"),
    "a list": (ONE, "- 1\n", 1, "not a cassette"),
    "a word": (ONE, "tea\n", 1, "not a cassette"),
    "another document": ("version: 1\n", "version: 1\n---\na: 1\n", 12, "two documents"),
    "no version": ("version: 1\n", "", None, "`version` is missing"),
    "another version": ("version: 1", "version: 2", 11, "its `version` is not 1"),
    "a version of another kind": ("version: 1", "version: [1]", 11, "its `version` is not 1"),
    "two versions": ("version: 1", "version: 1\nversion: 1", 12, "`version` appears twice"),
    "version first, in ours": (
        ONE,
        f"{HEAD} {{format: 1}}\nversion: 1\n{ONE[:-11]}",
        3,
        "`version` belongs at the end",
    ),
    "interactions twice": (ONE, ONE[:-11] + ONE, 11, "`interactions` appears twice"),
    "no interactions": (ONE, "version: 1\n", None, "`interactions` is missing"),
    "interactions of another kind": (ONE, "interactions: {}\nversion: 1\n", 1, "is not a list"),
    "an interaction of another kind": (ONE, "interactions: [1]\nversion: 1\n", 1, "an interaction"),
    "no request": ("- request:", "- requested:", 2, "`request` is missing"),
    "a request of another kind": ("- request:", "- request: []\n  x:", 2, "`request` is"),
    "no response": ("  response:", "  responded:", 2, "`response` is missing"),
    "no method": ("    method: POST\n", "", 2, "`method` is missing"),
    "a method of another kind": ("POST", "{}", 3, "`method` is missing or is not a string"),
    "no address": ("    uri: https://example.org/items\n", "", 2, "`uri` is missing"),
    "headers of another kind": (SENT, SENT.replace("{}", "[a]"), 5, "`headers`"),
    "a header of another kind": (SENT, SENT.replace("{}", "{a: {}}"), 5, "header `a`"),
    "a header twice": (SENT, SENT.replace("{}", "{a: 1, a: 2}"), 5, "`a` appears twice"),
    "a body of another kind": ("tea", "[tea]", 6, "a body is neither a string nor !!binary"),
    "a body that is not base64": ("tea", "!!binary tea", 6, "!!binary is not followed by Base64"),
    "no status": ("status:", "state:", 2, "`status` is missing"),
    "a status of words": ("code: 200", "code: fine", 8, "the status code is 'fine'"),
    "a status too large": ("code: 200", "code: 20000", 8, "the status code is '20000'"),
    "a status in other digits": ("code: 200", "code: \u0662\u0660\u0660", 8, "the status code is"),
    "a status of a thousand digits": ("code: 200", f"code: 2{'0' * 5000}", 8, "the status code is"),
    "a key that is no word": ("method: POST", "[a]: 1", 3, "a key is not a scalar"),
    "a tab": ("    method", "\tmethod", 3, "not YAML"),
    "an unclosed quote": ("tea", "'tea", 12, "not YAML"),
    "a merge conflict": ("    body: tea", "<<<<<<< HEAD\n    body: tea", 6, "merge conflict"),
    "the end of one": ("    body: tea", "    body: tea\n>>>>>>> other", 7, "merge conflict"),
    "a merge key": ("    method: POST", "    <<: {method: POST}", 2, "`method` is missing"),
    "an alias of nothing": ("tea", "*tea", 6, "*tea has no anchor"),
    "an alias of itself": ("tea", "&a [*a]", 6, "*a has no anchor"),
    "a newer format": (ONE, f"{HEAD} {{format: 2}}\n{ONE}", 1, "its format is 2"),
    "a head of another kind": (ONE, f"{HEAD} 1\n{ONE}", 1, "`personalize_contract`"),
    "nobody who can answer": (ONE, f"{HEAD} {{answered_by: me}}\n{ONE}", 1, "answered_by is not"),
}  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_an_invalid_cassette_is_an_error_with_its_line(case: str) -> None:
    old, new, line, reason = SHAPES[case]
    assert loader.parse(PATH, ONE.encode()).exchanges
    error = error_of(ONE.replace(old, new).encode())
    assert reason in error.reason
    assert error.line == line


TAGS = [
    "!!python/object/apply:os.system ['echo > {effect}']",
    "!!python/object/new:subprocess.Popen [['touch', '{effect}']]",
    "!!python/name:os.system ''",
    "!!python/object/apply:builtins.exec [\"open('{effect}', 'w')\"]",
    "!<tag:yaml.org,2002:python/object/apply:os.mkdir> ['{effect}']",
    "!ruby/object:Gem::Installer {}",
]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("place", ["tea", "POST", "{code: 200, message: OK}", "1\n"])
def test_a_yaml_tag_is_refused_without_effect(tag: str, place: str, tmp_path: Path) -> None:
    effect = tmp_path / "effect"
    data = ONE.replace(place, tag.replace("{effect}", str(effect)) + "\n" * place.count("\n"))
    assert "unsupported tag" in error_of(data.encode()).reason
    assert not effect.exists()


ENCODINGS = {
    "UTF-16": (ONE.encode("utf-16"), 1),
    "UTF-16 without its mark": (ONE.encode("utf-16-le"), None),
    "UTF-32": (ONE.encode("utf-32"), 1),
    "Latin-1": (ONE.replace("tea", "th\xe9").encode("latin-1"), 6),
    "half a character": (ONE.replace("tea", "\u8336").encode().replace(b"\x8c", b""), 6),
    "an encoded surrogate": (ONE.encode().replace(b"tea", b"\xed\xa0\x80"), 6),
    "compressed": (b"\x1f\x8b\x08\x00" + b"\x00" * 20, 1),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_invalid_utf_8_is_an_error_with_its_line(case: str) -> None:
    data, line = ENCODINGS[case]
    error = error_of(data)
    assert "not UTF-8" in error.reason or "not YAML" in error.reason
    assert error.line == line


def test_a_byte_order_mark_is_accepted() -> None:
    assert loader.parse(PATH, b"\xef\xbb\xbf" + ONE.encode()) == loader.parse(PATH, ONE.encode())


def laughs(levels: int) -> str:
    """Return a YAML bomb: a few bytes that expand to 10 ** levels words."""
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for n in range(1, levels):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]")
    return "\n".join(lines) + "\n"


def lines(*several: str) -> str:
    return "\n".join(several) + "\n"


BIG = "x" * MEGABYTE

BOMBS = {
    "a billion laughs": (laughs(9) + ONE, None),
    "a billion laughs for a body": (
        laughs(9) + ONE.replace("tea", "*a8"), "a body is neither a string nor !!binary"
    ),
    "a large text for each header": (
        f"x: &x {BIG}\n" + ONE.replace("headers: {}", f"headers: {{a: [{'*x, ' * 40}]}}"),
        "expand to much more than the file",
    ),
    "a large text for each body": (
        f"x: &x {BIG}\n" + ONE.replace(ONE[14:-11], ONE[14:-11].replace("tea", "*x") * 500),
        "expand to much more than the file",
    ),
    "a zip bomb": (
        ONE.replace("OK}\n    headers: {}", "OK}\n    headers: {content-encoding: gzip}").replace(
            "''", f"!!binary {b64encode(gzip.compress(bytes(40 * MEGABYTE))).decode()}"
        ),
        "expand to much more than the file",
    ),
    "a deep list": ("x: " + "[" * 100_000 + "]" * 100_000 + "\n" + ONE, "nest"),
    "a deep mapping": ("x: " + "{a: " * 100_000 + "}" * 100_000 + "\n" + ONE, "nest"),
    "a deep block": (lines("x:", *(f"{' ' * n}-" for n in range(1, 2000))) + ONE, "nest"),
    "deep keys": ("? " * 50_000 + "\n" + ONE, None),
    "a long list": ("x: [" + "a, " * 500_000 + "]\n" + ONE, "too many nodes"),
    "a long mapping": (lines("x:", *(f"  a{n}: 1" for n in range(99_000))) + ONE, "too many nodes"),
    "many anchors": (lines("x:", *(f"- &a{n} a" for n in range(99_000))) + ONE, "too many nodes"),
    "a long header": (
        ONE.replace("headers: {}", f"headers: {{a: [{'b, ' * 500_000}]}}"), "too many nodes"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BOMBS)
def test_a_yaml_bomb_is_an_error_or_costs_nothing(case: str) -> None:
    bomb, reason = BOMBS[case]
    data = bomb.encode()
    with in_memory(8 * len(data) + 64 * MEGABYTE):
        try:
            result: Cassette | CassetteError = loader.parse(PATH, data)
        except CassetteError as error:
            result = error
    if reason:
        assert isinstance(result, CassetteError)
        assert reason in result.reason


def test_too_many_exchanges_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_EXCHANGES", 20)
    monkeypatch.setattr(loader, "MAX_EXCHANGES", 20)
    assert len(loader.parse(PATH, written(*[exchange()] * 20)).exchanges) == 20
    for data in (written(*[exchange()] * 21), as_vcr_writes(written(*[exchange()] * 21))):
        assert "it has more than 20 exchanges" in error_of(data).reason


def test_a_huge_text_is_read_unchanged() -> None:
    data = written(exchange(put({"a": BIG}), 400, BIG.encode()))
    assert loader.parse(PATH, data).exchanges[0].response.body == BIG.encode()


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.personalize.yaml"
    with path.open("wb") as file:
        file.truncate(loader.MAX_BYTES + 1)  # a sparse file takes no space on the disk
    with (
        in_memory(MEGABYTE),
        pytest.raises(CassetteError, match="a cassette: larger than 512 MiB"),
    ):
        loader.load(path)
