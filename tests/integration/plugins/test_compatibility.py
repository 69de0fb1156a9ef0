"""With their code: what VCR.py and pytest-recording record replays here, and ours replays there."""

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
from personalize_contract.interceptors import botocore as door
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
    "in other letters": {"items": [{"itemId": "\u8336", "properties": '{"t": "\U0001f375"}'}]},
    "with line breaks": {"items": [{"itemId": "a", "properties": '{\n  "price": 1\n}'}]},
    "refused": {"items": [{"itemId": "a"}] * 11},
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
    """A botocore client of its own: VCR.py leaves its connections in those that it has patched."""
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
    """Make a call; gives the status of its answer."""
    sender = client(url)
    try:
        answer = sender.put_items(**arguments(name))
    except sender.exceptions.ClientError as error:
        answer = error.response
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def by_requests(url: str | None, name: str) -> int:
    """The same by another client and in another layout."""
    where = f"{url}/items" if url else URL
    return requests.post(where, json=arguments(name), timeout=10).status_code


STATUS = {"refused": 400, "missing": 404, "in use": 409}
STATUSES = [STATUS.get(name, 200) for name in CALLS]


def replayed(path: Path) -> tuple[list[int], Replay]:
    """The statuses of all calls, answered by a cassette through our door."""
    replay = Replay(path, loader.load(path), Redactor(), Matching())
    target = Recorded(replay, lambda _, request: Miss(f"nothing answers {request}"))
    violates = ("request.items.max-members",)
    with door.patched(Session(target, Mark(violates)), DUMMY_IDENTITY):
        return [by_botocore(None, name) for name in CALLS], replay


@pytest.mark.parametrize("send", [by_botocore, by_requests])
def test_what_vcr_py_has_recorded_replays_here(
    send: Callable[[str | None, str], int], url: str, tmp_path: Path
) -> None:
    path = tmp_path / "theirs.yaml"
    with vcr.use_cassette(str(path), match_on=MATCH_ON):
        assert [send(url, name) for name in CALLS] == STATUSES
    statuses, replay = replayed(path)
    assert statuses == STATUSES
    assert replay.unused() == []
    assert {one.answered_by for one in replay.recorded} == {"unknown"}
    assert not any(one.altered for one in replay.recorded)


def test_an_answer_that_they_recorded_compressed_is_read_as_it_was_meant(tmp_path: Path) -> None:
    body = b'{"message": "' + b"x" * 100 + b'"}'
    theirs = serialize(
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
    (found,) = loader.parse(Path("theirs.yaml"), theirs.encode()).exchanges
    assert found.response.body == body
    assert "content-encoding" not in found.response.headers


THEIR_TEST = """
import json, os

import pytest
import requests

CALLS = json.loads(os.environ["CALLS"])


@pytest.mark.vcr(match_on=["method", "path", "body"])
def test_theirs():
    found = [
        requests.post(os.environ["URL"], json=call, timeout=10).status_code for call in CALLS
    ]
    print(json.dumps(found))
"""


def pytest_recording(folder: Path, url: str, *options: str) -> list[int]:
    """Run a test of a repo that uses pytest-recording; gives the statuses that it saw."""
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
    return [int(one) for one in json.loads(done.stdout.splitlines()[0].removesuffix("."))]


def test_what_pytest_recording_has_recorded_replays_here(url: str, tmp_path: Path) -> None:
    assert pytest_recording(tmp_path, f"{url}/items", "--record-mode=once") == STATUSES
    statuses, replay = replayed(tmp_path / "cassettes" / "test_theirs" / "test_theirs.yaml")
    assert statuses == STATUSES
    assert replay.unused() == []


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A cassette of all calls, recorded here."""
    path = tmp_path / "cassettes" / "test_theirs" / "test_theirs.yaml"
    store = Store()
    store.add_dummies()
    with recording.Recording(path, WHO) as recorder:

        def answer(request: Any) -> Any:
            response = core.respond(request, store)
            recorder.append(Redactor().exchange(Exchange(request, response, "reference")))
            return response

        session = Session(InProcess(answer, "reference"), Mark())
        with door.patched(session, DUMMY_IDENTITY):
            assert [by_botocore(None, name) for name in CALLS] == STATUSES
        recorder.save()
    store.close()
    return path


@pytest.mark.parametrize("send", [by_botocore, by_requests])
def test_ours_replays_in_vcr_py(send: Callable[[str | None, str], int], ours: Path) -> None:
    with vcr.use_cassette(str(ours), record_mode="none", match_on=MATCH_ON) as cassette:
        assert [send(None, name) for name in CALLS] == STATUSES
        assert cassette.all_played


def test_ours_replays_in_pytest_recording(ours: Path, tmp_path: Path) -> None:
    found = pytest_recording(tmp_path, URL, "--record-mode=none", "--block-network")
    assert found == STATUSES


def test_a_group_of_the_suite_loads_in_vcr_py() -> None:
    for path in (shipped.cassettes() / "PutItems").iterdir():
        requests, responses = FilesystemPersister.load_cassette(path, yamlserializer)
        exchanges = loader.load(path).exchanges
        assert [one.body for one in requests] == [one.request.body for one in exchanges]
        assert [one["status"]["code"] for one in responses] == [
            one.response.status for one in exchanges
        ]


def test_ours_that_vcr_py_has_saved_again_still_loads_and_nobody_answered_it(
    ours: Path, url: str
) -> None:
    before = loader.load(ours)
    with vcr.use_cassette(str(ours), record_mode="new_episodes", match_on=MATCH_ON):
        assert requests.post(f"{url}/items", data=b"tea", timeout=10).status_code == 400
    after = loader.load(ours)
    assert before.provenance == WHO
    assert after.provenance == Provenance()
    kept = [(one.request, one.response, "unknown", False) for one in before.exchanges]
    assert [
        (one.request, one.response, one.answered_by, one.altered) for one in after.exchanges[:-1]
    ] == kept
    statuses, replay = replayed(ours)
    assert statuses == STATUSES
    assert len(replay.unused()) == 1


@given(st.lists(exchanges, max_size=3))
def test_vcr_py_reads_what_we_mean(several: list[Exchange]) -> None:
    sent, received = deserialize("".join(writer.dump(WHO, several)), yamlserializer)
    assert [(one.method, one.uri, one.body or b"", dict(one.headers)) for one in sent] == [
        (one.request.method, one.request.url, one.request.body, dict(one.request.headers))
        for one in several
    ]
    assert [
        (one["status"]["code"], one["status"]["message"], one["body"]["string"], one["headers"])
        for one in received
    ] == [
        (
            one.response.status,
            one.response.reason,
            one.response.body,
            {name: [value] for name, value in one.response.headers.items()},
        )
        for one in several
    ]
