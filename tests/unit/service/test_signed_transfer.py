"""The coverage of a signature, and the effect of transfer codings, over HTTP with curl."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from personalize_contract.model.datasets import DUMMY
from personalize_contract.model.exchange import Request
from personalize_contract.service import signatures
from personalize_contract.service.core import respond
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store
from personalize_contract.targets import signing
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

BODY = json.dumps({"datasetArn": DUMMY["active"], "items": [{"itemId": "tea-1"}]}).encode()
SENT: list[Request] = []


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    store = Store()
    store.add_dummies()

    def noted(request: Request) -> tuple[str, str] | None:
        SENT.append(request)
        return signatures.rejection(request)

    with HttpServer(lambda request: respond(request, store, noted)) as server:
        yield server.url
    store.close()


def curl(url: str, *options: str) -> str:
    done = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--max-time", "60", "--output", "/dev/null"),
            *("--write-out", "%{http_code}", "--aws-sigv4", "aws:amz:us-east-1:personalize"),
            *("--user", f"{DUMMY_CREDENTIALS.access_key}:{DUMMY_CREDENTIALS.secret_key}"),
            *("--header", "Content-Type: application/json", "--data-binary", BODY.decode()),
            *options,
            f"{url}/items",
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("coding", ["chunked", "Chunked"])
def test_a_chunked_body_is_signed_like_any_other(url: str, coding: str) -> None:
    assert curl(url, "--header", f"Transfer-Encoding: {coding}") == "200"
    assert SENT[-1].body == BODY
    assert SENT[-1].headers["transfer-encoding"] == coding
    assert "content-length" not in SENT[-1].headers
    assert "transfer-encoding" in SENT[-1].headers["authorization"]


@pytest.mark.parametrize("name", ["User-Agent", "X-Amzn-Trace-Id", "Expect"])
def test_a_header_that_botocore_never_signs_may_be_signed(url: str, name: str) -> None:
    values = {"Expect": "100-continue"}
    assert curl(url, "--header", f"{name}: {values.get(name, 'tea')}") == "200"


@pytest.mark.parametrize(
    "coding",
    ["chunked, chunked", "gzip, chunked", "chunked, gzip", "gzip", "chunked,", ", chunked"],
)
def test_a_second_transfer_coding_is_rejected(url: str, coding: str) -> None:
    head = f"POST /items HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {coding}\r\n\r\n"
    assert raw(url, head.encode()).startswith(b"HTTP/1.1 400 ")


def test_a_transfer_coding_in_a_second_header_is_rejected(url: str) -> None:
    head = "POST /items HTTP/1.1\r\nHost: localhost\r\n" + "Transfer-Encoding: chunked\r\n" * 2
    assert raw(url, f"{head}\r\n".encode()).startswith(b"HTTP/1.1 400 ")


def raw(url: str, head: bytes) -> bytes:
    host, _, port = url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=20)) as connection:
        connection.sendall(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))
        return connection.recv(65536)


UNSIGNED = Request(
    "POST", "http://127.0.0.1:8000/items", {"content-type": "application/json"}, BODY
)


@pytest.mark.parametrize(
    "name", ["x-amz-security-token", "x-amz-content-sha256", "x-amz-meta-tea", "x-amz-user-agent"]
)
def test_every_amz_header_must_be_signed(name: str) -> None:
    request = replace(UNSIGNED, headers={**UNSIGNED.headers, name: "tea"})
    good = signing.signed(UNSIGNED, DUMMY_CREDENTIALS, "us-east-1")
    assert signatures.rejection(good) is None

    refused = signatures.rejection(replace(good, headers={**good.headers, name: "tea"}))
    assert refused
    assert refused[0] == "InvalidSignatureException"
    assert name in refused[1]
    if name != "x-amz-content-sha256":
        key = DUMMY_CREDENTIALS
        token = "tea" if name == "x-amz-security-token" else None
        credentials = Credentials(key.access_key, key.secret_key, token)
        assert signatures.rejection(signing.signed(request, credentials, "us-east-1")) is None


def test_the_plugin_signs_the_same_headers_as_botocore() -> None:
    by_plugin = signing.signed(UNSIGNED, DUMMY_CREDENTIALS, "us-east-1")
    by_botocore = AWSRequest("POST", UNSIGNED.url, dict(UNSIGNED.headers), UNSIGNED.body)
    by_botocore.context["timestamp"] = by_plugin.headers["x-amz-date"]
    signer = SigV4Auth(DUMMY_CREDENTIALS, signing.NAME, "us-east-1")
    by_botocore.headers["X-Amz-Date"] = by_plugin.headers["x-amz-date"]
    text = signer.string_to_sign(by_botocore, signer.canonical_request(by_botocore))
    assert by_plugin.headers["authorization"].endswith(
        f"Signature={signer.signature(text, by_botocore)}"
    )
