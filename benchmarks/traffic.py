"""The measured traffic: distinct PutItems calls of 10 items, and their cassettes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from personalize_contract.cassette import recording
from personalize_contract.model.datasets import DUMMY, REGION
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.privacy.redaction import Redactor

HAS_CASSETTER = find_spec("cassetter") is not None
"""True if cassetter can be measured: it is in the dependency group `bench`."""

HOST = f"https://personalize-events.{REGION}.amazonaws.com"
URL = f"{HOST}/items"

SENT: dict[str, bytes] = {
    "Content-Type": b"application/json",
    "User-Agent": b"Botocore/1.44.8 ua/2.1 os/linux md/arch#x86_64 lang/python#3.11",
    "X-Amz-Date": b"20261124T203329Z",
    "Authorization": b"AWS4-HMAC-SHA256 "
    b"Credential=key/20261124/us-east-1/personalize/aws4_request, "
    b"SignedHeaders=content-type;host;x-amz-date, Signature=" + b"0" * 64,
    "amz-sdk-invocation-id": b"354565a3-1068-40c9-ab2f-f92123c5a0ea",
    "amz-sdk-request": b"attempt=1; max=3",
    "Content-Length": b"2000",
}
"""botocore's request headers, which VCR.py and cassetter record."""

RECEIVED = {
    "Content-Length": "0",
    "Date": "Tue, 24 Nov 2026 20:33:29 GMT",
    "X-Amzn-Requestid": "2e987eac-0737-4f23-a3d5-12a4c9afa9ae",
}


def call(number: int) -> dict[str, Any]:
    """Return the arguments of a `put_items` call, different for each number."""
    return {
        "datasetArn": DUMMY["active"],
        "items": [
            {
                "itemId": f"product-{number}-{item}",
                "properties": json.dumps(
                    {
                        "category": "tea|green|loose",
                        "price": 4.5 + number,
                        "creationTimestamp": 1_700_000_000 + number * 10 + item,
                        "description": f"A tea of the {item + 1}th pick, batch {number}",
                    }
                ),
            }
            for item in range(10)
        ],
    }


def calls(count: int) -> Iterator[dict[str, Any]]:
    """Yield a number of different calls."""
    return map(call, range(count))


def body(number: int) -> bytes:
    """Return the body that botocore sends for a call."""
    return json.dumps(call(number)).encode()


def client(url: str | None = None) -> Any:
    """Return a botocore client without retries."""
    return botocore.session.Session().create_client(
        "personalize-events",
        REGION,
        endpoint_url=url,
        aws_access_key_id="key-of-the-benchmark",
        aws_secret_access_key="secret-of-the-benchmark",
        config=Config(retries={"total_max_attempts": 1}),
    )


def floor() -> Any:
    """Return a client answered at once, through botocore's own extension point."""
    answered = client()

    def answer(request: Any, **_: Any) -> Any:
        received: Any = dict(RECEIVED)
        response: Any = AWSResponse(request.url, 200, received, None)
        response._content = b""
        return response

    answered.meta.events.register("before-send", answer)
    return answered


def exchange(number: int) -> Exchange:
    """Return the exchange of a call before redaction."""
    sent = {name.lower(): value.decode() for name, value in SENT.items()}
    received = {name.lower(): value for name, value in RECEIVED.items()}
    return Exchange(Request("POST", URL, sent, body(number)), Response(200, "OK", received, b""))


def own_cassette(path: Path, count: int) -> Path:
    """Write a cassette of this package with a number of exchanges."""
    redactor = Redactor()
    written = [redactor.exchange(exchange(number)) for number in range(count)]
    recording.write(path, Provenance.now("reference", REGION, "benchmark"), written)
    return path


def vcr_cassette(path: Path, count: int) -> Path:
    """Write VCR.py's cassette of the same traffic, with its own serializer."""
    from vcr.request import Request as VcrRequest
    from vcr.serialize import serialize
    from vcr.serializers import yamlserializer

    def answer() -> dict[str, Any]:
        # A new object each time, since YAML writes an alias for a repeated one.
        return {
            "status": {"code": 200, "message": "OK"},
            "headers": {name: [value] for name, value in RECEIVED.items()},
            "body": {"string": b""},
        }

    requests = [VcrRequest("POST", URL, body(number), dict(SENT)) for number in range(count)]
    data = {"requests": requests, "responses": [answer() for _ in range(count)]}
    path.write_text(serialize(data, yamlserializer), "utf-8")
    return path


def cassetter_cassette(path: Path, count: int) -> Path:
    """Write cassetter's cassette of the same traffic."""
    from cassetter import Cassette, RecordMode

    cassette = Cassette(str(path), record_mode=RecordMode.ALL)
    sent = {name: [value.decode()] for name, value in SENT.items()}
    received = {name: [value] for name, value in RECEIVED.items()}
    for number in range(count):
        cassette.record(
            method="POST",
            uri=URL,
            request_headers=sent,
            request_body=body(number),
            status=200,
            response_headers=received,
            response_body=b"",
        )
    cassette.save()
    return path


def cassetter_reads(path: Path) -> bool:
    """Return whether cassetter can read its own cassette: it refuses large ones."""
    from cassetter import Cassette, CassetteLoadError, RecordMode

    try:
        Cassette(str(path), record_mode=RecordMode.NONE).load()
    except CassetteLoadError:
        return False
    return True


_MATCH_ON = ["method", "uri", "body"]


def vcr_open(path: Path, record_mode: str) -> Any:
    """Return VCR.py's context manager for a cassette."""
    import vcr

    return vcr.use_cassette(str(path), record_mode=record_mode, match_on=_MATCH_ON)


def cassetter_open(path: Path, record_mode: str) -> Any:
    """Return cassetter's context manager for a cassette."""
    import cassetter

    return cassetter.use_cassette(
        path, record_mode=record_mode, match_on=_MATCH_ON, intercept=["urllib3"]
    )
