"""The interceptor of botocore: every client, however and whenever made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from moto import mock_aws

from helpers.clients import AWS, all_at_once, body, client, counted
from helpers.command import ACTIVE
from personalize_contract.cassette import loader
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import Miss, NetworkRefused
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.interceptors.install import of_sdks
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.network_guard import guarded
from personalize_contract.plugin.service import Service
from personalize_contract.plugin.session import Session
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.targets.base import Recorded, Recorder

MODES = ["legacy", "standard", "adaptive"]


def _in_a_thread(make: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(make()))
    thread.start()
    thread.join()
    return results[0]


SESSION = botocore.session.Session()
CLIENTS: dict[str, Callable[[], Any]] = {
    "botocore": client,
    "an old session": lambda: SESSION.create_client("personalize-events", "us-east-1"),
    "boto3": lambda: boto3.Session(region_name="us-east-1").client("personalize-events"),
    "boto3's default session": lambda: boto3.client("personalize-events", "us-east-1"),
    "another thread": lambda: _in_a_thread(client),
    "an endpoint of its own": lambda: client("http://192.0.2.1:4566"),
}


@pytest.mark.parametrize("make", CLIENTS.values(), ids=CLIENTS)
def test_a_client_is_intercepted_however_it_was_made(
    service: Service, make: Callable[[], Any]
) -> None:
    before = make()
    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
        before.put_items(**body("before"))
        make().put_items(**body("while"))

    assert service.items(ACTIVE) == {"before": "{}", "while": "{}"}


def test_a_client_without_credentials_is_intercepted(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    sdk = client()
    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
        sdk.put_items(**body("tea"))

    assert list(service.items(ACTIVE)) == ["tea"]


def test_all_patches_are_removed(service: Service) -> None:
    with counted() as elsewhere:
        sdk = client(elsewhere.url)
        with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
            sdk.put_items(**body("tea"))
        with pytest.raises(HTTPClientError):
            sdk.put_items(**body("tea"))

    assert elsewhere.connected == 1


def _recording(path: Path) -> Recording:
    return Recording(path, Provenance("reference"))


def _replay(path: Path) -> Recorded:
    replay = Replay(path, loader.load(path), Redactor(), Matching())
    return Recorded(replay, lambda replay, request: Miss("nothing recorded answers"))


def test_threads_with_new_clients_lose_no_exchange_and_open_no_connection(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "cassette.yaml"
    with counted() as elsewhere:

        def put(number: int) -> int:
            answer = client(elsewhere.url).put_items(**body(f"tea-{number}"))
            return int(answer["ResponseMetadata"]["HTTPStatusCode"])

        with _recording(path) as recording:
            recorder = Recorder(service.target, recording, Redactor())
            with of_sdks(Session(recorder, Mark()), DUMMY_IDENTITY):
                recorded = all_at_once(put, 64)
            recording.save()
        played = _replay(path)
        with of_sdks(Session(played, Mark()), DUMMY_IDENTITY):
            replayed = all_at_once(put, 64)

    assert recorded == replayed == [200] * 64
    bodies = {exchange.request.body for exchange in loader.load(path).exchanges}
    assert len(bodies) == 64
    assert elsewhere.connected == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_miss_reaches_the_caller_unchanged_and_is_not_retried(mode: str) -> None:
    requests: list[Request] = []

    class Nothing:
        def answer(self, request: Request) -> Any:
            requests.append(request)
            raise Miss("nothing recorded answers")

    settings: Any = {"mode": mode, "total_max_attempts": 5}
    sdk = client(config=Config(retries=settings))
    with of_sdks(Session(Nothing(), Mark()), DUMMY_IDENTITY), pytest.raises(Miss) as caught:
        sdk.put_items(**body("tea"))

    assert str(caught.value) == "nothing recorded answers"
    assert len(requests) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_refused_connection_is_reported_unchanged_and_not_retried(mode: str) -> None:
    settings: Any = {"mode": mode, "total_max_attempts": 5}
    attempts: list[object] = []
    session = botocore.session.Session()
    sqs: Any = session.create_client("sqs", "us-east-1", config=Config(retries=settings))
    sqs.meta.events.register("before-send", lambda request, **_: attempts.append(request))
    with (
        of_sdks(Session(None, Mark()), DUMMY_IDENTITY),
        guarded([]),
        pytest.raises(NetworkRefused, match=r"sqs\.us-east-1\.amazonaws\.com"),
    ):
        sqs.list_queues()

    assert len(attempts) == 1


def test_a_user_handler_sees_the_request_but_ours_answers(service: Service) -> None:
    handled_urls: list[str] = []

    def handler(request: Any, **_: Any) -> Any:
        handled_urls.append(request.url)
        request.headers["X-Trace"] = "1"
        return Response(500, "not this one", {}, b"")

    sdk = client()
    sdk.meta.events.register("before-send.personalize-events.PutItems", handler)
    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
        sdk.put_items(**body("tea"))

    assert handled_urls == [f"{AWS}/items"]
    (exchange,) = service.exchanges
    assert exchange.request.headers["x-trace"] == "1"
    assert exchange.response.status == 200


def test_a_raising_user_handler_wins(service: Service) -> None:
    def handler(**_: Any) -> None:
        raise KeyError("of the user's own")

    sdk = client()
    sdk.meta.events.register("before-send", handler)
    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY), pytest.raises(KeyError):
        sdk.put_items(**body("tea"))

    assert service.exchanges == []


@pytest.mark.parametrize("first", ["moto", "interceptors"])
def test_moto_answers_other_requests_in_either_order(service: Service, first: str) -> None:
    interceptors = of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY)
    outer, inner = (mock_aws(), interceptors) if first == "moto" else (interceptors, mock_aws())
    with outer, inner:
        s3 = boto3.client("s3", "us-east-1")
        s3.create_bucket(Bucket="tea")
        boto3.client("personalize-events", "us-east-1").put_items(**body("tea"))
        buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]

    assert buckets == ["tea"]
    assert list(service.items(ACTIVE)) == ["tea"]


def test_a_checked_request_is_answered_as_before() -> None:
    session = Session(None, Mark())
    with (
        mock_aws(),
        of_sdks(session, None),
        pytest.raises(ClientError) as caught,
    ):
        client().put_items(**body(*map(str, range(11))))

    assert (
        caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    )  # moto doesn't have it
    assert session.violations == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", [500, 503, "ThrottlingException", "timeout", "reset"])
def test_each_attempt_of_a_retry_is_an_exchange(
    service: Service, mode: str, fault: str | int
) -> None:
    settings: Any = {"mode": mode, "total_max_attempts": 3}
    sdk = client(config=Config(retries=settings))
    # One fault is enough, since botocore's back-off takes time; the table of faults has the rest.
    service.fail_next(fault)
    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
        sdk.put_items(**body("tea"))

    first, second = service.exchanges
    assert first.request.body == second.request.body
    assert (first.response.status, second.response.status) == (
        {"ThrottlingException": 400}.get(str(fault), fault if isinstance(fault, int) else 0),
        200,
    )
