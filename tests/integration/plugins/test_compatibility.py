"""Cassettes of VCR.py and pytest-recording replay here, and this package's replay there."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import requests
import vcr
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st
from vcr.persisters.filesystem import FilesystemPersister
from vcr.request import Request as VcrRequest
from vcr.serialize import deserialize, serialize
from vcr.serializers import yamlserializer

from helpers.command import environment
from helpers.exchanges import URL, exchanges
from personalize_contract.cassette import loader, recording, writer
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import Miss
from personalize_contract.interceptors import botocore as interceptor
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.model.datasets import DUMMY
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.session import Session
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.service import core
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store
from personalize_contract.suite import shipped
from personalize_contract.targets.base import InProcess, Recorded

MATCH_ON = ["method", "uri", "body"]
WHO = Provenance("reference", "2026-11-23T20:16:42Z", "us-east-1")

CALLS: dict[str, dict[str, Any]] = {
    "one item": {"items": [{"itemId": "a", "properties": '{"price": 1}'}]},
    "ten items": {"items": [{"itemId": f"{n}", "properties": '{"n": 1}'} for n in range(10)]},
    "in another script": {"items": [{"itemId": "\u8336", "properties": '{"t": "\U0001f375"}'}]},
    "with line breaks": {"items": [{"itemId": "a", "properties": '{\n  "price": 1\n}'}]},
    "rejected": {"items": [{"itemId": "a"}] * 11},
    "missing": {"datasetArn": DUMMY["missing"], "items": [{"itemId": "a"}]},
    "in use": {"datasetArn": DUMMY["in-use"], "items": [{"itemId": "a"}]},
}  # fmt: skip


def arguments(name: str) -> dict[str, Any]:
    return {"datasetArn": DUMMY["active"], **CALLS[name]}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    store = Store()
    store.add_dummies()
    with HttpServer(lambda request: core.respond(request, store)) as server:
        yield server.url
    store.close()


def client(url: str | None = None) -> Any:
    """Return a new botocore client, since VCR.py leaves its connections in patched ones."""
    return botocore.session.Session().create_client(
        "personalize-events",
        "us-east-1",
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token="token",
        config=Config(retries={"total_max_attempts": 1}),
    )


def by_botocore(url: str | None, name: str) -> int:
    """Make a call, and return the status of its answer."""
    sender = client(url)
    try:
        answer = sender.put_items(**arguments(name))
    except sender.exceptions.ClientError as error:
        answer = error.response
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def by_requests(url: str | None, name: str) -> int:
    """Make the same call with requests, whose JSON has other white space."""
    endpoint = f"{url}/items" if url else URL
    return requests.post(endpoint, json=arguments(name), timeout=10).status_code


STATUS = {"rejected": 400, "missing": 404, "in use": 409}
STATUSES = [STATUS.get(name, 200) for name in CALLS]


def replayed(path: Path) -> tuple[list[int], Replay]:
    """Make all calls, answered by a cassette; return their statuses and the replay."""
    replay = Replay(path, loader.load(path), Redactor(), Matching())
    target = Recorded(replay, lambda _, request: Miss(f"nothing answers {request}"))
    violates = ("request.items.max-members",)
    with interceptor.patched(Session(target, Mark(violates)), DUMMY_IDENTITY):
        return [by_botocore(None, name) for name in CALLS], replay


@pytest.mark.parametrize("send", [by_botocore, by_requests])
def test_a_cassette_of_vcr_py_replays_here(
    send: Callable[[str | None, str], int], url: str, tmp_path: Path
) -> None:
    path = tmp_path / "vcr.yaml"
    with vcr.use_cassette(str(path), match_on=MATCH_ON):
        assert [send(url, name) for name in CALLS] == STATUSES
    statuses, replay = replayed(path)
    assert statuses == STATUSES
    assert replay.unused() == []
    assert {exchange.answered_by for exchange in replay.recorded} == {"unknown"}
    assert not any(exchange.altered for exchange in replay.recorded)


def test_a_compressed_response_in_a_cassette_of_vcr_py_is_decoded() -> None:
    body = b'{"message": "' + b"x" * 100 + b'"}'
    vcr_text = serialize(
        {
            "requests": [VcrRequest("POST", URL, b"{}", {})],
            "responses": [
                {
                    "status": {"code": 400, "message": "Bad Request"},
                    "headers": {"Content-Encoding": ["gzip"], "Content-Length": ["70"]},
                    "body": {"string": gzip.compress(body)},
                }
            ],
        },
        yamlserializer,
    )
    (exchange,) = loader.parse(Path("vcr.yaml"), vcr_text.encode()).exchanges
    assert exchange.response.body == body
    assert "content-encoding" not in exchange.response.headers


THEIR_TEST = """
import json, os

import pytest
import requests

CALLS = json.loads(os.environ["CALLS"])


@pytest.mark.vcr(match_on=["method", "path", "body"])
def test_theirs():
    statuses = [
        requests.post(os.environ["URL"], json=call, timeout=10).status_code for call in CALLS
    ]
    print(json.dumps(statuses))
"""


def pytest_recording(folder: Path, url: str, *options: str) -> list[int]:
    """Run a test under pytest-recording, and return the statuses that it got."""
    (folder / "test_theirs.py").write_text(THEIR_TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env=environment(
            CALLS=json.dumps([arguments(name) for name in CALLS]),
            URL=url,
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            PYTEST_PLUGINS="pytest_recording.plugin",
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    return [int(status) for status in json.loads(done.stdout.splitlines()[0].removesuffix("."))]


def test_a_cassette_of_pytest_recording_replays_here(url: str, tmp_path: Path) -> None:
    assert pytest_recording(tmp_path, f"{url}/items", "--record-mode=once") == STATUSES
    statuses, replay = replayed(tmp_path / "cassettes" / "test_theirs" / "test_theirs.yaml")
    assert statuses == STATUSES
    assert replay.unused() == []


@pytest.fixture
def cassette_path(tmp_path: Path) -> Path:
    """A cassette with all calls, recorded by this package."""
    path = tmp_path / "cassettes" / "test_theirs" / "test_theirs.yaml"
    store = Store()
    store.add_dummies()
    with recording.Recording(path, WHO) as recorder:

        def answer(request: Any) -> Any:
            response = core.respond(request, store)
            recorder.append(Redactor().exchange(Exchange(request, response, "reference")))
            return response

        session = Session(InProcess(answer, "reference"), Mark())
        with interceptor.patched(session, DUMMY_IDENTITY):
            assert [by_botocore(None, name) for name in CALLS] == STATUSES
        recorder.save()
    store.close()
    return path


@pytest.mark.parametrize("send", [by_botocore, by_requests])
def test_a_cassette_of_this_package_replays_in_vcr_py(
    send: Callable[[str | None, str], int], cassette_path: Path
) -> None:
    with vcr.use_cassette(str(cassette_path), record_mode="none", match_on=MATCH_ON) as cassette:
        assert [send(None, name) for name in CALLS] == STATUSES
        assert cassette.all_played


def test_a_cassette_of_this_package_replays_in_pytest_recording(
    cassette_path: Path, tmp_path: Path
) -> None:
    statuses = pytest_recording(tmp_path, URL, "--record-mode=none", "--block-network")
    assert statuses == STATUSES


def test_a_group_of_the_suite_loads_in_vcr_py() -> None:
    for path in (shipped.cassettes() / "PutItems").iterdir():
        requests, responses = FilesystemPersister.load_cassette(path, yamlserializer)
        exchanges = loader.load(path).exchanges
        assert [each.body for each in requests] == [each.request.body for each in exchanges]
        assert [response["status"]["code"] for response in responses] == [
            exchange.response.status for exchange in exchanges
        ]


def test_a_cassette_resaved_by_vcr_py_has_unknown_provenance(cassette_path: Path, url: str) -> None:
    before = loader.load(cassette_path)
    with vcr.use_cassette(str(cassette_path), record_mode="new_episodes", match_on=MATCH_ON):
        assert requests.post(f"{url}/items", data=b"tea", timeout=10).status_code == 400
    after = loader.load(cassette_path)
    assert before.provenance == WHO
    assert after.provenance == Provenance()
    assert [
        (exchange.request, exchange.response, exchange.answered_by, exchange.altered)
        for exchange in after.exchanges[:-1]
    ] == [(exchange.request, exchange.response, "unknown", False) for exchange in before.exchanges]
    statuses, replay = replayed(cassette_path)
    assert statuses == STATUSES
    assert len(replay.unused()) == 1


@given(st.lists(exchanges, max_size=3))
def test_vcr_py_reads_the_same_requests_and_responses(recorded: list[Exchange]) -> None:
    sent, received = deserialize("".join(writer.dump(WHO, recorded)), yamlserializer)
    assert [(each.method, each.uri, each.body or b"", dict(each.headers)) for each in sent] == [
        (request.method, request.url, request.body, dict(request.headers))
        for request in (exchange.request for exchange in recorded)
    ]
    assert [
        (each["status"]["code"], each["status"]["message"], each["body"]["string"], each["headers"])
        for each in received
    ] == [
        (
            response.status,
            response.reason,
            response.body,
            {name: [value] for name, value in response.headers.items()},
        )
        for response in (exchange.response for exchange in recorded)
    ]
