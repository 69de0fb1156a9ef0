"""The interceptor of aiobotocore."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.session import AioSession

from helpers.clients import AWS, all_at_once, body, by_aiobotocore, counted
from helpers.command import ACTIVE
from personalize_contract.cassette import loader
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import Miss, NetworkRefused
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.interceptors.install import of_sdks
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.network_guard import guarded
from personalize_contract.plugin.service import Service
from personalize_contract.plugin.session import Session
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.targets.base import Recorded, Recorder

MODES = ["legacy", "standard"]


def using(
    use: Callable[[Any], Awaitable[Any]], service: str = "personalize-events", **settings: Any
) -> Any:
    """Return the result of `use` with a new client."""

    async def run() -> Any:
        config = AioConfig(**settings)
        async with AioSession().create_client(service, "us-east-1", config=config) as client:
            return await use(client)

    return asyncio.run(run())


def test_a_client_made_in_the_context_is_intercepted(service: Service) -> None:
    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY), guarded([]):
        assert by_aiobotocore(AWS, "tea") == 200

    assert service.items(ACTIVE) == {"tea": "{}"}


def test_a_client_made_before_is_intercepted(service: Service) -> None:
    async def put(client: Any) -> None:
        with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
            await client.put_items(**body("tea"))

    using(put)
    assert service.items(ACTIVE) == {"tea": "{}"}


def test_a_client_without_credentials_is_intercepted(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
        assert by_aiobotocore(AWS, "tea") == 200


def test_an_error_is_the_clients_own_exception(service: Service) -> None:
    service.set_state(ACTIVE, "in-use")

    async def put(client: Any) -> None:
        with pytest.raises(client.exceptions.ResourceInUseException):
            await client.put_items(**body("tea"))

    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
        using(put)


def test_concurrent_calls_lose_no_exchange_and_open_no_connection(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "cassette.yaml"
    with counted() as elsewhere:

        async def put(client: Any) -> list[int]:
            calls = (client.put_items(**body(f"tea-{number}")) for number in range(64))
            answers = await asyncio.gather(*calls)
            return [answer["ResponseMetadata"]["HTTPStatusCode"] for answer in answers]

        with Recording(path, Provenance("reference")) as recording:
            recorder = Recorder(service.target, recording, Redactor())
            with of_sdks(Session(recorder, Mark()), DUMMY_IDENTITY):
                recorded = using(put)
            recording.save()
        replay = Replay(path, loader.load(path), Redactor(), Matching())
        target = Recorded(replay, lambda replay, request: Miss("nothing recorded answers"))
        with of_sdks(Session(target, Mark()), DUMMY_IDENTITY):
            played = all_at_once(lambda number: by_aiobotocore(elsewhere.url, f"tea-{number}"), 64)

    assert recorded == played == [200] * 64
    assert len({exchange.request.body for exchange in loader.load(path).exchanges}) == 64
    assert elsewhere.connected == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_miss_reaches_the_caller_unchanged_and_is_not_retried(mode: str) -> None:
    requests: list[Request] = []

    class Nothing:
        def answer(self, request: Request) -> Any:
            requests.append(request)
            raise Miss("nothing recorded answers")

    with of_sdks(Session(Nothing(), Mark()), DUMMY_IDENTITY), pytest.raises(Miss):
        using(
            lambda client: client.put_items(**body("tea")),
            retries={"mode": mode, "total_max_attempts": 5},
        )

    assert len(requests) == 1


def test_a_refused_connection_is_reported_unchanged() -> None:
    with (
        of_sdks(Session(None, Mark()), DUMMY_IDENTITY),
        guarded([]),
        pytest.raises(NetworkRefused, match=r"sqs\.us-east-1\.amazonaws\.com"),
    ):
        using(lambda client: client.list_queues(), "sqs")


def test_each_attempt_of_a_retry_is_an_exchange(service: Service) -> None:
    service.fail_next(503)
    service.fail_next("reset")
    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
        using(
            lambda client: client.put_items(**body("tea")),
            retries={"mode": "standard", "total_max_attempts": 3},
        )

    assert [exchange.response.status for exchange in service.exchanges] == [503, 0, 200]


def test_a_user_handler_sees_the_request_but_ours_answers(service: Service) -> None:
    handled_urls: list[str] = []

    def handler(request: Any, **_: Any) -> Any:
        handled_urls.append(request.url)
        return "not this one"

    async def put(client: Any) -> None:
        client.meta.events.register("before-send.personalize-events.PutItems", handler)
        await client.put_items(**body("tea"))

    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY):
        using(put)

    assert handled_urls == [f"{AWS}/items"]
    assert list(service.items(ACTIVE)) == ["tea"]


def test_a_slow_target_does_not_block_the_event_loop() -> None:
    ticked = threading.Event()

    class Waiting:
        """Answers only after the loop has run something else."""

        def answer(self, request: Request) -> Exchange:
            assert ticked.wait(10), "the event loop stood still"
            return Exchange(request, Response(200, "OK", {}, b""))

    async def tick() -> None:
        ticked.set()

    async def put(client: Any) -> None:
        await asyncio.gather(client.put_items(**body("tea")), tick())

    with of_sdks(Session(Waiting(), Mark()), DUMMY_IDENTITY):
        using(put)


def test_a_violation_has_its_call_site(service: Service) -> None:
    session = Session(service.target, Mark())
    with of_sdks(session, DUMMY_IDENTITY), pytest.raises(Exception, match="InvalidInput"):
        using(lambda client: client.put_items(**body(*map(str, range(11)))))

    (finding,) = session.problems
    assert f"sent:   {Path(__file__).name}" in finding.text.replace(
        f"{Path('tests/unit/interceptors')}/", ""
    )


def test_the_interceptor_is_installed_on_import(service: Service) -> None:
    source = f"""
import asyncio
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.interceptors.install import of_sdks
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.service import serve
from personalize_contract.plugin.session import Session

session = Session(None, Mark())
service = serve(session)
with of_sdks(session, DUMMY_IDENTITY):
    from aiobotocore.session import AioSession

    async def put():
        async with AioSession().create_client("personalize-events", "us-east-1") as client:
            await client.put_items(datasetArn={ACTIVE!r}, items=[{{"itemId": "tea"}}])

    asyncio.run(put())
print(list(service.items({ACTIVE!r})))
"""
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "['tea']\n"), done.stderr


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_httpx_backend_is_intercepted_on_asyncio_and_trio(
    service: Service, backend: str
) -> None:
    async def put() -> None:
        config = AioConfig(http_session_cls=HttpxSession)
        async with AioSession().create_client(
            "personalize-events", "us-east-1", config=config
        ) as client:
            await client.put_items(**body("tea"))

    with of_sdks(Session(service.target, Mark()), DUMMY_IDENTITY), guarded([]):
        anyio.run(put, backend=backend)

    assert list(service.items(ACTIVE)) == ["tea"]
