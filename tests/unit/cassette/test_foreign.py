"""Every cassette that VCR.py 9 can read is read the same, in each form that it ever wrote."""

from __future__ import annotations

import gzip
import itertools
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import urllib3
import vcr
import yaml
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import jsonserializer, yamlserializer

from personalize_contract import cli
from personalize_contract.cassette import folders, loader
from personalize_contract.cassette.reader import Cassette
from personalize_contract.errors import CassetteError

PATH = Path("vcr.yaml")


def by_vcr_py(text: str, serializer: Any = yamlserializer) -> list[tuple[Any, ...]]:
    """Return the exchanges as VCR.py reads them."""
    sent, received, *_ = vcr.serialize.deserialize(text, serializer)
    return [
        (request.method, request.uri, body_of(request.body), body_of(response["body"]["string"]))
        for request, response in zip(sent, received, strict=True)
    ]


def body_of(body: Any) -> bytes:
    if body is None:
        return b""
    if hasattr(body, "read"):
        return bytes(body.read())
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return b"".join(body)


def by_loader(text: str) -> list[tuple[Any, ...]]:
    cassette = loader.parse(PATH, text.encode())
    return [
        (
            exchange.request.method,
            exchange.request.url,
            exchange.request.body,
            exchange.response.body,
        )
        for exchange in cassette.exchanges
    ]


ONE = """\
interactions:
- request:
    body: {body}
    headers: {headers}
    method: GET
    uri: http://127.0.0.1/a
  response:
    body: {{string: {answer}}}
    headers: {answered}
    status: {status}
version: 1
"""
PLAIN = {
    "body": "null",
    "headers": "{Accept: ['*/*']}",
    "answer": "tea",
    "answered": "{Content-Type: [text/plain]}",
    "status": "{code: 200, message: OK}",
}
VARIANTS: dict[str, dict[str, str]] = {
    "a body that is a number": {"body": "12"},
    "a body that is a date": {"answer": "'2026-11-26'"},
    "an empty body": {"answer": "''"},
    "no body": {"answer": "null"},
    "a binary body": {"body": "!!binary AAEC", "answer": "!!binary /w=="},
    "a folded body": {"answer": '"a\\\n      \\ b"'},
    "emoji": {"answer": '"\\U0001F375"'},
    "a text of Python 2": {"answer": "!!python/unicode 'tea'", "body": "!!python/str 'tea'"},
    "a file": {
        "body": "!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary AAEC, 0]}"
    },
    "an iterator": {
        "body": "!!python/object/apply:builtins.iter {args: [[!!binary AAEC, !!binary AwQ=]]}"
    },
    "no headers": {"headers": "{}", "answered": "{}"},
    "headers without lists": {"headers": "{Accept: a}", "answered": "{Content-Length: 3}"},
    "headers in tuples": {"headers": "{Accept: !!python/tuple [a]}"},
    "headers as pairs": {"headers": "[[Accept, a], [X-A, b]]"},
    "headers in bytes": {"headers": "{Accept: [!!binary YQ==]}"},
    "names in bytes": {"headers": "{!!binary QWNjZXB0: [a]}"},
    "a header of numbers": {"answered": "{Age: [1], X-Date: [2026-11-26], X-Is: [true]}"},
    "a header of several values": {"answered": "{Set-Cookie: [a=1, b=2]}"},
    "a header twice in other cases": {"answered": "{X-A: [a], x-a: [b]}"},
    "no reason": {"status": "{code: 204, message: null}"},
    "an odd reason": {"status": "{code: 200, message: 'O: K'}"},
    "a status of no standard": {"status": "{code: 999, message: Denied}"},
    "tags of YAML": {"status": "{code: !!int '200', message: !!str OK}", "answer": "!!str 1"},
}  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_shape_is_read_as_vcr_py_reads_it(variant: str) -> None:
    text = ONE.format(**PLAIN | VARIANTS[variant])
    if variant in ("a body that is a number",):
        # VCR.py reads a number, which no client could send.
        assert by_loader(text)[0][2] == b"12"
        return
    assert by_loader(text) == by_vcr_py(text)


MEMBERS = {
    "interactions": ONE.format(**PLAIN).removesuffix("version: 1\n"),
    "version": "version: 1\n",
    "recorded_with": "recorded_with: VCR.py\n",
}


@pytest.mark.parametrize("order", [*itertools.permutations(MEMBERS)])
def test_members_may_have_any_order(order: tuple[str, ...]) -> None:
    text = "".join(MEMBERS[name] for name in order)
    assert by_loader(text) == by_vcr_py(text)


def test_members_of_an_exchange_may_have_any_order() -> None:
    loaded = yaml.safe_load(ONE.format(**PLAIN))
    (exchange,) = loaded["interactions"]
    for request in itertools.permutations(exchange["request"].items()):
        for response in itertools.permutations(exchange["response"].items()):
            text = yaml.dump(
                {
                    "interactions": [{"response": dict(response), "request": dict(request)}],
                    "version": 1,
                },
                sort_keys=False,
            )
            assert by_loader(text) == by_vcr_py(text)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "---\n", "# recorded\n---\n", "%YAML 1.1\n---\n"])
def test_surrounding_yaml_is_accepted(before: str, ends: str) -> None:
    text = (before + ONE.format(**PLAIN)).replace("\n", ends)
    assert by_loader(text) == by_vcr_py(text)


def test_repeated_values_may_be_aliases() -> None:
    sent = {"headers": {"Accept": ["*/*"]}, "method": "GET", "uri": "http://x/", "body": None}
    received = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "a"}}
    text = yaml.dump({"interactions": [{"request": sent, "response": received}] * 2, "version": 1})
    assert "*id" in text
    assert by_loader(text) == by_vcr_py(text)


def test_httpx_recordings_of_vcr_py_before_version_6_are_read() -> None:
    text = ONE.format(**PLAIN).replace("    body: {string: tea}\n", "    content: tea\n")
    text = text.replace("status: {code: 200, message: OK}", "status_code: 200")
    assert by_loader(text) == [("GET", "http://127.0.0.1/a", b"", b"tea")]


@pytest.mark.parametrize(
    "body", ["tea", "\u8336 \U0001f375", "a\\ud83c\\udf75 \\", "\x7f\t\"'", ""]
)
def test_a_json_cassette_is_read(body: str) -> None:
    loaded = yaml.safe_load(ONE.format(**PLAIN))
    loaded["interactions"][0]["response"]["body"]["string"] = body
    loaded["interactions"][0]["request"]["body"] = body
    text = json.dumps(loaded, indent=4)
    assert by_loader(text) == by_vcr_py(text, jsonserializer)
    assert by_loader(text)[0][2] == body.encode()


@pytest.mark.parametrize("name", ["it.yaml", "it.personalize.yaml"])
def test_a_git_lfs_pointer_is_an_error_with_the_remedy(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n")
    with pytest.raises(CassetteError, match="run `git lfs pull`"):
        loader.load(path)


# --- hundreds of cassettes written by VCR.py itself


class _Handler(BaseHTTPRequestHandler):
    """Answers each path differently."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        status, sets, body = ANSWERS[self.path.partition("?")[0]](sent)
        self.send_response(status)
        for name, value in sets:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815  # http.server calls them so

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


JSON = [("Content-Type", "application/json")]
ANSWERS: dict[str, Callable[[bytes], tuple[int, list[tuple[str, str]], bytes]]] = {
    "/json": lambda _: (200, JSON, b'{"a": "\xe8\x8c\xb6", "b": [1, null]}'),
    "/echo": lambda sent: (200, [], sent),
    "/empty": lambda _: (204, [], b""),
    "/not-modified": lambda _: (304, [("ETag", '"a"')], b""),
    "/gzip": lambda _: (200, [*JSON, ("Content-Encoding", "gzip")], gzip.compress(b'{"a": 1}')),
    "/deflate": lambda _: (200, [("Content-Encoding", "deflate")], zlib.compress(b"tea " * 9)),
    "/raw-deflate": lambda _: (200, [("Content-Encoding", "deflate")], _deflated(b"tea " * 9)),
    "/binary": lambda _: (200, [("Content-Type", "image/png")], bytes(range(256))),
    "/html": lambda _: (200, [("Content-Type", "text/html")], b"<p>\r\n a:  b\t\x07\n</p>" * 40),
    "/latin": lambda _: (200, [("Content-Type", "text/plain; charset=latin-1")], b"caf\xe9"),
    "/several": lambda _: (200, [("X-A", "a"), ("X-A", "b, c"), ("X-Empty", "")], b"#: - 'x'"),
    "/error": lambda _: (500, JSON, b'{"message": "---\\n...: {}"}'),
    "/teapot": lambda _: (418, [], b"%YAML: no\n--- \n...\n"),
    "/odd": lambda _: (599, [], b"  leading\n\ttab \x85 next\xe2\x80\xa8line  "),
}
BODIES: dict[str, Any] = {
    "none": None,
    "json": b'{"a": 1, "b": "\\u8336"}',
    "form": b"a=b&c=%20d",
    "binary": bytes(range(256)),
    "text": "caf\u00e9 \u8336".encode(),
}
CLIENTS: dict[str, Callable[[str, str, Any], object]] = {
    "requests": lambda method, url, body: requests.request(method, url, data=body, timeout=9),
    "httpx": lambda method, url, body: httpx.request(method, url, content=body),
    "urllib3": lambda method, url, body: urllib3.PoolManager().request(method, url, body=body),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_hundreds_of_cassettes_written_by_vcr_py_are_read(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = 0
    for client, answer, (kind, body) in itertools.product(CLIENTS, ANSWERS, BODIES.items()):
        for serializer in ("yaml", "json"):
            if serializer == "json" and (kind == "binary" or answer in NOT_JSON):
                continue  # VCR.py can't write these as JSON
            method = "GET" if body is None else "POST"
            name = f"{client}-{answer[1:]}-{kind}.{serializer}"
            recorder = vcr.VCR(serializer=serializer, decode_compressed_response=written % 2 == 1)
            with recorder.use_cassette(str(tmp_path / name), record_mode="all"):
                CLIENTS[client](method, f"{url}{answer}?n={written}", body)
            written += 1
    assert written > 250
    assert len([*folders.files_in([tmp_path], folders.is_cassette)]) == written
    for path in tmp_path.iterdir():
        serializer = jsonserializer if path.suffix == ".json" else yamlserializer
        sent, received, *_ = FilesystemPersister.load_cassette(path, serializer)
        cassette: Cassette = loader.load(path)
        assert [exchange.request.url for exchange in cassette.exchanges] == [
            request.uri for request in sent
        ]
        for exchange, request, response in zip(cassette.exchanges, sent, received, strict=True):
            assert exchange.request.body == body_of(request.body)
            assert exchange.response.status == response["status"]["code"]
    assert cli.main(["lint", str(tmp_path)]) == 0
    assert f"{written} cassettes, {written} exchanges: 0 findings" in capsys.readouterr().out


NOT_JSON = ("/gzip", "/deflate", "/raw-deflate", "/binary", "/latin", "/odd", "/echo")
