"""`import`: HAR files of browsers and proxies become cassettes that claim no more than is known."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from helpers.command import run
from helpers.shop import Shop, text
from personalize_contract.cassette import journal, loader

HOST = "https://personalize-events.eu-west-1.amazonaws.com"
ARN = "arn:aws:personalize:eu-west-1:123456789012:dataset/shop/ITEMS"
KEY = "ghp_" + "a1" * 18
OUT = "out.personalize.yaml"


def entry(
    path: str = "/items",
    body: Any = None,
    *,
    method: str = "POST",
    status: int = 200,
    answer: str = "",
    call: str = "",
    host: str = HOST,
    at: str = "2026-11-23T21:16:42.123+01:00",
) -> dict[str, Any]:
    """Return an entry as Chrome and mitmproxy export it."""
    sent = {"datasetArn": ARN, "items": [{"itemId": "tea-1"}]} if body is None else body
    names = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123, Signature=abc",
        "Content-Type": "application/json",
        "Cookie": "session=of-somebody",
        "amz-sdk-invocation-id": call,
    }
    return {
        "startedDateTime": at,
        "request": {
            "method": method,
            "url": f"{host}{path}",
            "headers": [{"name": name, "value": value} for name, value in names.items() if value],
            "postData": {"mimeType": "application/json", "text": json.dumps(sent)},
        },
        "response": {
            "status": status,
            "statusText": "OK" if status == 200 else "",
            "headers": [
                {"name": "Content-Type", "value": "application/json"},
                {"name": "Content-Encoding", "value": "gzip"},
                {"name": "x-amzn-RequestId", "value": "1"},
                {"name": "Set-Cookie", "value": "session=of-somebody"},
            ],
            "content": {"size": len(answer), "mimeType": "application/json", "text": answer},
        },
    }


def har(folder: Path, *entries: Any, content: Any = None) -> tuple[int, list[str]]:
    """Import entries, or another content; return the exit status and the printed lines."""
    data = {"log": {"version": "1.2", "entries": entries}} if content is None else content
    written = data if isinstance(data, bytes) else json.dumps(data).encode()
    (folder / "traffic.har").write_bytes(written)
    done = run("import", "traffic.har", "--cassette", OUT, cwd=folder)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_entries_for_an_operation_become_exchanges_and_others_are_listed(tmp_path: Path) -> None:
    no_answer = entry(status=0)
    no_body = entry(answer="{}")
    del no_body["response"]["content"]["text"]
    events = {
        "trackingId": "12345678-1234-1234-1234-123456789012",
        "sessionId": "of-somebody",
        "eventList": [],
    }
    status, lines = har(
        tmp_path,
        entry(method="OPTIONS"),
        entry(host="https://shop.example.org", path="/items?token=of-somebody"),
        entry(call="1", status=503),
        entry(call="1", at="2026-11-23T20:16:40Z"),
        entry("/events", events),
        no_answer,
        no_body,
    )
    assert status == 0
    assert lines == [
        f"left out: log.entries[0]: OPTIONS {HOST}: PutItems is POST, not OPTIONS",
        "left out: log.entries[1]: POST https://shop.example.org: "
        "not a request for one of the operations",
        f"left out: log.entries[5]: POST {HOST}: no response",
        f"left out: log.entries[6]: POST {HOST}: the file lacks the body of the response",
        f"2 exchanges, answered by unknown, are in {OUT}",
    ]
    cassette = loader.load(tmp_path / OUT)
    assert cassette.provenance.fields() == {
        "answered_by": "unknown",
        "recorded_at": "2026-11-23T20:16:40Z",
    }
    items, event = cassette.exchanges
    assert (items.request.method, items.response.status) == ("POST", 200)
    assert items.request.headers == {
        "content-type": "application/json",
        "authorization": "REDACTED",
    }
    assert set(items.response.headers) == {"content-type", "x-amzn-requestid"}
    assert json.loads(items.request.body)["datasetArn"] == ARN.replace("123456789012", "0" * 12)
    assert event.request.path == "/events"
    written = (tmp_path / OUT).read_text("utf-8")
    assert not any(value in written for value in ("of-somebody", "AKIDEXAMPLE", "123456789012:"))
    assert [*tmp_path.glob("*.partial.jsonl")] == []


def test_an_imported_cassette_is_replayed_and_linted(shop: Shop) -> None:
    shop.ini(f"personalize_dataset = {ARN}=active", "personalize_redact = items[].properties.a")
    shop.tests(
        f"""
        @pytest.mark.personalize_contract
        def test_it():
            put(1, arn="{ARN}", properties='{{"a": "secret tea"}}')
        """
    )
    sent = {"datasetArn": ARN, "items": [{"itemId": "tea-0", "properties": '{"a": "secret tea"}'}]}
    assert har(shop.path, entry(body=sent))[0] == 0
    shop.cassette("test_it").parent.mkdir(parents=True)
    (shop.path / OUT).rename(shop.cassette("test_it"))
    assert "secret tea" not in shop.cassette("test_it").read_text("utf-8")

    result = shop.run()
    result.assert_outcomes(passed=1)
    assert "1 exchange replayed (unknown 1, aws 0)" in text(result)
    done = run("lint", "cassettes", cwd=shop.path)
    assert (done.returncode, "note:" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    "answer", [{"encoding": "base64", "text": base64.b64encode(b"\xff").decode()}, {"text": "\xff"}]
)
def test_bodies_are_as_they_were_sent(tmp_path: Path, answer: dict[str, str]) -> None:
    har_entry = entry()
    har_entry["response"]["content"] = answer
    assert har(tmp_path, har_entry, content=None)[0] == 0
    (exchange,) = loader.load(tmp_path / OUT).exchanges
    assert exchange.response.body == (b"\xff" if "encoding" in answer else "\xff".encode())


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + json.dumps({"log": {"entries": [entry()]}}).encode()
    assert har(tmp_path, content=data)[0] == 0


def test_a_secret_is_not_written_and_its_place_is_named(tmp_path: Path) -> None:
    sent = {"datasetArn": ARN, "items": [{"itemId": "tea", "properties": json.dumps({"a": KEY})}]}
    status, lines = har(tmp_path, entry(), entry(body=sent))
    assert status == 2
    assert "traffic.har: log.entries[1]: " in lines[-1]
    assert "is in the request body, so nothing was written" in lines[-1]
    assert KEY not in "".join(lines)
    assert not (tmp_path / OUT).exists()


def without(path: str) -> dict[str, Any]:
    """Return a file whose entry lacks a member."""
    data = {"log": {"entries": [entry()]}}
    *parents, name = path.split(".")
    value: Any = data["log"]["entries"][0]
    for parent in parents:
        value = value[parent]
    del value[name]
    return data


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{\n"log": tea}', "traffic.har:2: not JSON"),
        (b"\xff", "traffic.har: not UTF-8"),
        (b"[" * 100_000, "traffic.har: not HAR 1.2: nested too deeply"),
        (b"[]", "traffic.har: not HAR 1.2: log is missing, or is not an object"),
        ({"log": {"entries": {}}}, "log.entries is missing, or is not an array"),
        ({"log": {"entries": ["tea"]}}, "log.entries[0] is not an object"),
        (without("request"), "log.entries[0].request is missing, or is not an object"),
        (without("request.url"), "log.entries[0].request.url is missing, or is not a text"),
        (without("request.headers"), "log.entries[0].request.headers is missing"),
        (without("response.status"), "log.entries[0].response.status is missing, or is not a num"),
        ({"log": {"entries": [entry(host="http://[")]}}, "log.entries[0].request.url is not a URL"),
        ({"log": {"entries": []}}, "traffic.har: no entry is an exchange of an operation"),
    ],
)
def test_a_malformed_file_is_refused_with_the_place(
    tmp_path: Path, content: Any, problem: str
) -> None:
    status, lines = har(tmp_path, content=content)
    assert status == 2
    assert problem in lines[-1]
    assert not (tmp_path / OUT).exists()


def test_no_cassette_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / OUT).write_text("ours")
    status, lines = har(tmp_path, entry())
    assert (status, (tmp_path / OUT).read_text()) == (2, "ours")
    assert f"{OUT}: a file already exists" in lines[-1]
    (tmp_path / OUT).unlink()
    held = journal.Journal(tmp_path / OUT)
    status, lines = har(tmp_path, entry())
    held.close(keep=False)
    assert status == 2
    assert "another process or test is recording it" in lines[-1]
    done = run("import", "traffic.har", "--cassette", "out.yaml", cwd=tmp_path)
    assert "not the name of a cassette; it must end in .personalize.yaml" in done.stderr
