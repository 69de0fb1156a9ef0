"""A journal with any content becomes a readable cassette, or is reported."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.exchanges import URL, exchange, put
from personalize_contract.cassette import files, journal, loader, reader, recording, recovery
from personalize_contract.cassette.recording import Recording
from personalize_contract.errors import CassetteError, CassetteLocked
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.provenance import Provenance

WHO = Provenance("reference", "2026-11-23T20:16:42Z", "us-east-1", recorded_for="test_a.py::test_a")
HEAD = {"provenance": WHO.fields()}
ONE = exchange(put({"price": 1}))


def line(**changes: Any) -> dict[str, Any]:
    request = {"method": "POST", "url": URL, "headers": {}, "body": {"text": "{}"}}
    response = {"status": 200, "reason": "OK", "headers": {}, "body": {"text": ""}}
    for name, value in changes.items():
        (request if name in request and name != "answered_headers" else response)[name] = value
    return {"call": "", "request": [*request.values()], "response": [*response.values()]}


CONTENTS: dict[str, Any] = {
    "a status of no HTTP": line(status=1000),
    "no status": line(status=0),
    "an endless status": line(status=float("inf")),
    "no number": line(status=float("nan")),
    "a status of thousands of digits": line(status="9" * 5000),
    "no URL": line(url="https://[x/items"),
    "half a character in a URL": line(url="https://x/\ud800"),
    "half a character in a body": line(body={"text": "\ud800"}),
    "half a character in a reason": line(reason="\ud800"),
    "a body that is no base64": line(body={"base64": "a"}),
    "a body of nothing": line(body={}),
    "headers of another kind": line(headers=[1]),
    "a text": "tea",
    "a number": 4,
    "a provenance of another kind": {"provenance": [1]},
    "half a character in the provenance": {"provenance": {"region": "\ud800"}},
}


def left(path: Path, *lines: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = journal.path_for(path)
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return file


def is_cassette_or_sentence(path: Path, file: Path) -> None:
    outcome = recovery.recover(file)
    assert len(outcome.text.splitlines()) == 1
    if outcome.done:
        assert not file.exists()
        if path.exists():
            loader.load(path)
    else:
        assert file.exists()
        assert not path.exists()


@pytest.mark.parametrize("content", CONTENTS)
def test_a_line_that_fits_no_cassette_is_reported(content: str, tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    file = left(path, HEAD, CONTENTS[content], line())
    outcome = recovery.recover(file)
    assert not outcome.done
    assert len(outcome.text.splitlines()) == 1
    assert file.exists()
    assert not path.exists()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
members = st.sampled_from(["method", "url", "headers", "body", "status", "reason"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(values | st.builds(lambda name, value: line(**{name: value}), members, values)))
def test_any_content_becomes_a_cassette_or_is_reported(tmp_path: Path, lines: list[Any]) -> None:
    path = tmp_path / "it.personalize.yaml"
    for each in tmp_path.iterdir():
        each.unlink()
    is_cassette_or_sentence(path, left(path, HEAD, *lines))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_become_a_cassette_or_are_reported(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "it.personalize.yaml"
    for each in tmp_path.iterdir():
        each.unlink()
    file = journal.path_for(path)
    file.write_bytes(data)
    is_cassette_or_sentence(path, file)


@pytest.mark.parametrize("status", [100, 299, 600, 999])
def test_every_valid_http_status_is_recorded_and_read(status: int, tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    with Recording(path, WHO) as recorder:
        recorder.append(replace(ONE, response=replace(ONE.response, status=status)))
        recorder.save()
    assert loader.load(path).exchanges[0].response.status == status


@pytest.mark.parametrize("url", ["https://[x/items", "https://x]/items"])
def test_an_exchange_that_no_cassette_can_hold_is_refused_at_once(url: str, tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    with Recording(path, WHO) as recorder:
        with pytest.raises(CassetteError, match="can't be recorded"):
            recorder.append(replace(ONE, request=Request("POST", url, {}, b"")))
        with pytest.raises(CassetteError, match="can't be recorded"):
            recorder.append(replace(ONE, response=Response(1000, "", {}, b"")))


def test_a_read_url_must_be_valid(tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    recording.write(path, WHO, [ONE])
    path.write_text(path.read_text().replace(URL, "'https://[x/items'"))
    with pytest.raises(CassetteError, match="`uri`"):
        loader.load(path)


def test_too_many_exchanges_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MAX_EXCHANGES", 3)
    monkeypatch.setattr(reader, "MAX_EXCHANGES", 3)
    path = tmp_path / "it.personalize.yaml"
    with Recording(path, WHO) as recorder:
        for _ in range(4):
            recorder.append(ONE)
        with pytest.raises(CassetteError, match="more than 3 exchanges"):
            recorder.save()
    assert journal.path_for(path).exists()


def test_a_journal_ends_before_it_becomes_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "it.personalize.yaml"
    with Recording(path, WHO) as recorder:
        recorder.append(ONE)
        monkeypatch.setattr(journal, "MAX_BYTES", journal.path_for(path).stat().st_size + 10)
        with pytest.raises(CassetteError, match="it would be larger than"):
            recorder.append(ONE)
    assert recovery.recover(journal.path_for(path)).done


# --- the cassettes that recover writes


def test_a_recovered_journal_is_redacted(tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    account = "123456789012"
    arn = f"arn:aws:personalize:eu-west-1:{account}:dataset/a/ITEMS"
    sent = line(
        headers={"authorization": "Bearer hunter2", "cookie": "a=b", "user-agent": "me"},
        body={"base64": b64encode(put({"a": 1}, arn=arn)).decode()},
        url=f"https://vpce-1.eu-west-1.vpce.amazonaws.com/items?arn={arn}",
    )
    assert recovery.recover(left(path, HEAD, sent)).done
    text = path.read_text()
    for word in (account, "hunter2", "a=b", "user-agent", "vpce"):
        assert word not in text
    assert "authorization:\n      - REDACTED" in text


def test_the_cassette_is_locked_during_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "it.personalize.yaml"
    aside = left(path, HEAD, line()).rename(path.with_name(f"{path.name}.1{journal.SUFFIX}"))
    write, refused = recording.write, threading.Event()

    def late(*arguments: Any) -> None:
        with pytest.raises(CassetteLocked):
            Recording(path, WHO)
        refused.set()
        write(*arguments)

    monkeypatch.setattr(recording, "write", late)
    assert recovery.recover(aside).done
    assert refused.is_set()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_an_old_journal_stays_while_the_cassette_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "it.personalize.yaml"
    aside = left(path, HEAD, line()).rename(path.with_name(f"{path.name}.1{journal.SUFFIX}"))
    with Recording(path, WHO):
        outcome = recovery.recover(aside)
        assert not outcome.done
        assert "still under way" in outcome.text
    assert files.mode(aside)
