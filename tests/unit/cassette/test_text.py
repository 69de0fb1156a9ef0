"""The text of a cassette: the fast path and the YAML reader both read back a written one."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.exchanges import exchange, exchanges, provenances, put
from personalize_contract.cassette import loader, writer
from personalize_contract.cassette.reader import Cassette, Reader
from personalize_contract.errors import CassetteError, CassetteMissing
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.model.provenance import Provenance

PATH = Path("some.personalize.yaml")
WHO = Provenance("reference", "2026-11-23T20:16:42Z", "us-east-1", "botocore 1.44", "0" * 16, "t")


def written(*several: Exchange, who: Provenance = WHO) -> bytes:
    return "".join(writer.dump(who, several)).encode()


@given(provenances, st.lists(exchanges, max_size=3))
def test_a_written_cassette_reads_back(who: Provenance, several: list[Exchange]) -> None:
    cassette = loader.parse(PATH, written(*several, who=who))
    assert cassette.provenance == who
    assert list(cassette.exchanges) == several


@given(provenances, st.lists(exchanges, max_size=3))
def test_the_yaml_reader_reads_the_same(who: Provenance, several: list[Exchange]) -> None:
    data = written(*several, who=who)
    assert Reader(PATH, data).read() == loader.parse(PATH, data)


@given(st.lists(exchanges, max_size=3))
def test_any_other_yaml_reader_finds_the_same_bodies(several: list[Exchange]) -> None:
    interactions = yaml.safe_load(written(*several))["interactions"]
    bodies = [interaction["request"]["body"] for interaction in interactions]
    assert [body if isinstance(body, bytes) else body.encode() for body in bodies] == [
        each.request.body for each in several
    ]


BASE = written(
    exchange(put({"price": 4.5, "category": "tea|green"}, {"title": "It's \u8336"})),
    exchange(put("not JSON") + b"\n", 400, b'{"message": "no"}'),
    exchange(b"\xff\x00", 500, b"\xff" * 70),
    exchange(),
)


@given(
    st.integers(0, len(BASE)),
    st.integers(0, 40),
    st.sampled_from([b"", b" ", b"\n", b"'", b'"', b"#", b"- ", b": ", b"x", b"0", b"\xc2\x85"])
    | st.binary(max_size=3)
    | st.integers(0, len(BASE)).map(lambda at: BASE[at : at + 60]),
)
def test_an_edited_file_is_read_as_yaml(at: int, removed: int, put_in: bytes) -> None:
    edited = BASE[:at] + put_in + BASE[at + removed :]
    result = meant(lambda: loader.parse(PATH, edited))
    if isinstance(result, Cassette):
        assert result == Reader(PATH, edited).read()


def meant(read: Callable[[], Cassette]) -> Cassette | str:
    try:
        return read()
    except CassetteError as error:
        return str(error)


EDITS = {
    "a header in capitals": (b"content-type:", b"Content-Type:"),
    "a header named twice": (b"    body: >-", b"      content-type:\n      - text/x\n    body: >-"),
    "a header of two values": (b"- application/json", b"- application/json\n      - text/x"),
    "a status with a zero": (b"code: 200", b"code: 0200"),
    "a word that is none": (b"method: POST", b"method: null"),
    "a comment": (b"method: POST", b"method: POST # or PUT"),
    "an anchor": (b"method: POST", b"method: &a POST"),
    "a quoted word": (b"method: POST", b"method: 'POST'"),
    "a folded line": (b'"items": [', b'"items":\n      ['),
    "a line too few": (b"  response:\n", b""),
    "a second version": (b"version: 1\n", b"version: 1\nversion: 1\n"),
    "another document": (b"version: 1\n", b"version: 1\n---\n"),
    "a newer format": (b"format: 1", b"format: 2"),
    "a member of its own": (b"interactions:\n", b"mine: 1\ninteractions:\n"),
    "a blank line in a body": (b'"items": [', b'"items":\n\n      ['),
    "carriage returns": (b"\n", b"\r\n"),
    "a tab": (b"    method: POST", b"\tmethod: POST"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_by_hand_means_what_yaml_says(name: str) -> None:
    edited = BASE.replace(*EDITS[name])
    assert edited != BASE
    assert meant(lambda: loader.parse(PATH, edited)) == meant(lambda: Reader(PATH, edited).read())


def test_an_answer_with_a_coding_is_read_without_it() -> None:
    coded = Response(200, "OK", {"content-encoding": "gzip"}, gzip.compress(b"tea" * 50))
    data = written(Exchange(exchange().request, coded))
    assert loader.parse(PATH, data) == Reader(PATH, data).read()
    assert loader.parse(PATH, data).exchanges[0].response == Response(200, "OK", {}, b"tea" * 50)


def yaml_read(monkeypatch: pytest.MonkeyPatch, data: bytes) -> int:
    """Return the number of bytes of a cassette that are read as YAML."""
    sizes: list[int] = []
    parse = yaml.parse

    def spy(stream: bytes, **named: Any) -> Any:
        sizes.append(len(stream))
        return parse(stream, **named)

    monkeypatch.setattr(yaml, "parse", spy)
    loader.parse(PATH, data)
    return sum(sizes)


def test_the_fast_path_reads_unedited_cassettes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(*[exchange(put({"price": number})) for number in range(50)])
    assert len(data) > 20_000
    assert yaml_read(monkeypatch, data) == 0


def test_the_yaml_reader_reads_edited_cassettes(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(exchange(put({"price": 1}))).replace(b"code: 200", b"code:  200")
    assert yaml_read(monkeypatch, data) == len(data)


def test_each_item_is_on_its_own_line() -> None:
    lines = written(exchange(put({"price": 1}, {"price": 2}, {"price": 3}))).decode().splitlines()
    assert [line.strip() for line in lines if "itemId" in line][1:] == [
        '{"itemId": "tea-1", "properties": "{\\"price\\": 2}"},',
        '{"itemId": "tea-2", "properties": "{\\"price\\": 3}"}]}',
    ]


def test_an_edited_answer_has_unknown_provenance() -> None:
    data = written(exchange(status=200), exchange(status=409))
    cassette = loader.parse(PATH, data.replace(b"code: 409", b"code: 404"))
    assert [(exchange.answered_by, exchange.altered) for exchange in cassette.exchanges] == [
        ("reference", False),
        ("unknown", True),
    ]


def test_an_answer_without_its_digest_has_unknown_provenance() -> None:
    lines = written(exchange()).decode().splitlines(keepends=True)
    data = "".join(line for line in lines if "digest" not in line).encode()
    assert [exchange.altered for exchange in loader.parse(PATH, data).exchanges] == [True]


def test_each_exchange_knows_its_line() -> None:
    data = written(*[exchange(put({"price": number})) for number in range(3)])
    begin = [n for n, line in enumerate(data.splitlines(), 1) if line.startswith(b"- request")]
    assert list(loader.parse(PATH, data).lines) == begin
    assert list(Reader(PATH, data).read().lines) == begin


def test_a_cassette_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CassetteMissing, match="no such file"):
        loader.load(tmp_path / "none.yaml")


def test_a_folder_is_not_a_cassette(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="a folder instead of a regular file"):
        loader.load(tmp_path)
