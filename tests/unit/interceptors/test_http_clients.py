"""The interceptors of requests, urllib3, httpx and aiohttp."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
import vcr
from botocore.awsrequest import AWSHTTPConnectionPool, AWSHTTPSConnectionPool
from moto import mock_aws
from urllib3.connectionpool import HTTPConnectionPool

from helpers.clients import AWS, HTTP, Put, all_at_once, body, by_requests, by_urllib3, counted
from helpers.command import ACTIVE
from personalize_contract.cassette import loader
from personalize_contract.cassette.matching import Matching
from personalize_contract.cassette.recording import Recording
from personalize_contract.cassette.replay import Replay
from personalize_contract.errors import Miss, NetworkRefused
from personalize_contract.interceptors import aws_hosts
from personalize_contract.interceptors.install import of_http
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.network_guard import guarded
from personalize_contract.plugin.service import Service
from personalize_contract.plugin.session import Session
from personalize_contract.privacy.redaction import Redactor
from personalize_contract.service.http_server import HttpServer
from personalize_contract.targets.base import Recorded, Recorder, Target
from personalize_contract.targets.endpoint import Endpoint

every_client = pytest.mark.parametrize("put", HTTP.values(), ids=HTTP)

HOSTS = [
    "https://personalize-events.eu-west-1.amazonaws.com",
    "https://personalize-events-fips.us-east-1.amazonaws.com",
    "https://personalize-events.cn-north-1.amazonaws.com.cn",
    "https://personalize-events.us-east-1.api.aws",
    "https://vpce-0a1b2c.personalize-events.us-east-1.vpce.amazonaws.com",
    f"{AWS}:443",
]


def opened(target: Target, *urls: str) -> AbstractContextManager[None]:
    """Install the interceptors of a marked test without an in-process service."""
    return of_http(Session(target, Mark()), aws_hosts.ours(urls), in_process=False)


def replayed(path: Path) -> Recorded:
    replay = Replay(path, loader.load(path), Redactor(), Matching())
    return Recorded(replay, lambda replay, request: Miss("nothing recorded answers"))


@every_client
def test_a_request_is_answered(service: Service, put: Put) -> None:
    with opened(service.target), guarded([]):
        assert put(AWS, "tea") == 200

    assert service.items(ACTIVE) == {"tea": "{}"}
    (exchange,) = service.exchanges
    assert exchange.request.url == f"{AWS}/items"
    assert exchange.request.headers["content-type"] == "application/json"
    assert json.loads(exchange.request.body) == body("tea")


@pytest.mark.parametrize("url", HOSTS)
def test_every_host_of_the_service_is_intercepted(service: Service, url: str) -> None:
    with opened(service.target), guarded([]):
        assert by_requests(url, "tea") == 200


@every_client
def test_a_configured_url_is_intercepted(service: Service, put: Put) -> None:
    with counted() as elsewhere, opened(service.target, elsewhere.url):
        assert put(elsewhere.url, "tea") == 200

    assert elsewhere.connected == 0


@every_client
def test_other_requests_go_to_their_destination(service: Service, put: Put) -> None:
    with opened(service.target):
        put(AWS, "tea")
        assert put(service.url, "coffee") == 200

    assert [exchange.request.url for exchange in service.exchanges] == [
        f"{AWS}/items",
        f"{service.url}/items",
    ]


@every_client
def test_an_error_is_the_clients_own_response(service: Service, put: Put) -> None:
    service.set_state(ACTIVE, "in-use")
    with opened(service.target):
        assert put(AWS, "tea") == 409


@every_client
def test_a_miss_reaches_the_caller_unchanged(put: Put) -> None:
    class Nothing:
        def answer(self, request: Request) -> Any:
            raise Miss("nothing recorded answers")

    with opened(Nothing()), pytest.raises(Miss):
        put(AWS, "tea")


@every_client
def test_threads_lose_no_exchange_and_open_no_connection(
    service: Service, tmp_path: Path, put: Put
) -> None:
    path = tmp_path / "cassette.yaml"
    with counted() as elsewhere:
        url = elsewhere.url
        with Recording(path, Provenance("reference")) as recording:
            with opened(Recorder(service.target, recording, Redactor()), url):
                recorded = all_at_once(lambda number: put(url, f"tea-{number}"), 64)
            recording.save()
        with opened(replayed(path), url):
            played = all_at_once(lambda number: put(url, f"tea-{number}"), 64)

    assert recorded == played == [200] * 64
    assert len({exchange.request.body for exchange in loader.load(path).exchanges}) == 64
    assert elsewhere.connected == 0


def test_a_body_is_read_in_any_form(service: Service) -> None:
    text = json.dumps(body("tea"))
    sent = {"content-type": "application/json"}
    with opened(service.target):
        for data in (text, text.encode(), iter([text.encode()[:9], text.encode()[9:]])):
            requests.post(f"{AWS}/items", data=data, headers=sent, timeout=5)

    assert [exchange.request.body.decode() for exchange in service.exchanges] == [text] * 3


# --- beside the test's own cassettes of VCR.py


def cassette(path: Path, mode: str = "once") -> AbstractContextManager[Any]:
    context: AbstractContextManager[Any] = vcr.VCR(record_mode=mode).use_cassette(str(path))
    return context


@pytest.fixture
def shop(service: Service) -> Iterator[str]:
    """Run another service that the code under test calls."""
    with HttpServer(lambda request: Response(202, "Accepted", {}, b"")) as server:
        yield server.url


@pytest.mark.parametrize("order", ["vcr inside", "vcr outside"])
@every_client
def test_each_cassette_records_its_own_traffic(
    service: Service, shop: str, tmp_path: Path, put: Put, order: str
) -> None:
    path = tmp_path / "vcr.yaml"
    for _ in range(2):  # recorded, then played
        vcr_cassette, interceptors = cassette(path), opened(service.target)
        contexts = [interceptors, vcr_cassette]
        outer, inner = contexts if order == "vcr inside" else reversed(contexts)
        with outer, inner:
            assert put(shop, "elsewhere") == 202
            assert put(AWS, "tea") == 200

    written = path.read_text("utf-8")
    assert written.count("- request:") == 1
    assert shop in written
    assert "personalize-events" not in written
    assert [exchange.request.url for exchange in service.exchanges] == [f"{AWS}/items"] * 2


def test_a_closed_vcr_cassette_does_not_block_our_requests(
    service: Service, tmp_path: Path
) -> None:
    with opened(service.target), cassette(tmp_path / "vcr.yaml", "none"):
        assert by_requests(AWS, "tea") == 200


def test_a_vcr_cassette_that_outlives_the_test_still_works(
    service: Service, shop: str, tmp_path: Path
) -> None:
    path, vcr_cassette = tmp_path / "vcr.yaml", ExitStack()
    with opened(service.target):
        by_requests(AWS, "tea")
        vcr_cassette.enter_context(cassette(path))
    by_requests(shop, "elsewhere")
    with opened(service.target):
        by_requests(AWS, "coffee")
    vcr_cassette.close()
    with opened(service.target):
        by_requests(AWS, "cocoa")

    assert path.read_text("utf-8").count("- request:") == 1
    assert set(service.items(ACTIVE)) == {"tea", "coffee", "cocoa"}
    assert not hasattr(HTTPConnectionPool.ConnectionCls, "cassette")


def test_all_patches_are_removed(service: Service) -> None:
    before = _patched()
    with opened(service.target):
        by_requests(AWS, "tea")
        assert _patched() != before
    assert _patched() == before


def test_other_client_libraries_are_not_patched(service: Service) -> None:
    def classes() -> list[object]:
        pools = AWSHTTPConnectionPool, AWSHTTPSConnectionPool
        connections = http.client.HTTPConnection, http.client.HTTPSConnection
        return [*(pool.ConnectionCls for pool in pools), *connections]

    before = classes()
    with opened(service.target):
        by_requests(AWS, "tea")
        assert classes() == before


def _patched() -> list[object]:
    import aiohttp
    import httpx
    import vcr.patch
    from vcr.cassette import Cassette

    return [
        HTTPConnectionPool.ConnectionCls,
        HTTPConnectionPool.urlopen,
        aiohttp.ClientSession._request,
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
        Cassette.can_play_response_for,
        Cassette.play_response,
        vcr.patch.reset_patchers,
        responses.RequestsMock._on_request,
        requests.adapters.HTTPAdapter.send,
        len(sys.meta_path),
    ]


# --- beside `responses`


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize("order", ["mock inside", "mock outside"])
def test_mocks_of_the_test_answer_other_requests(
    service: Service, in_process: bool, order: str
) -> None:
    mock = responses.RequestsMock()
    mock.add("GET", "https://shop.example/", body="mocked")
    interceptors = of_http(
        Session(service.target, Mark()), aws_hosts.ours(service.urls), in_process=in_process
    )
    first, second = (interceptors, mock) if order == "mock inside" else (mock, interceptors)
    with first, second:
        assert requests.get("https://shop.example/", timeout=5).text == "mocked"
        assert by_requests(AWS, "tea") == 200
        assert len(mock.calls) == 1
        with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
            requests.get("https://other.example/", timeout=5)


@pytest.mark.parametrize("in_process", [True, False])
def test_moto_does_not_answer_our_requests(service: Service, in_process: bool) -> None:
    interceptors = of_http(
        Session(service.target, Mark()), aws_hosts.ours([]), in_process=in_process
    )
    with mock_aws(), interceptors:
        assert by_requests(AWS, "tea") == 200


# --- an in-process service


def test_requests_reaches_an_in_process_service_by_either_url(
    service: Service,
) -> None:
    with counted() as elsewhere:
        service.urls.append(elsewhere.url)  # nothing listens there
        interceptors = of_http(
            Session(service.target, Mark()), aws_hosts.ours(service.urls), in_process=True
        )
        with interceptors, guarded([]):
            assert by_requests(elsewhere.url, "tea") == 200
            assert by_requests(AWS, "coffee") == 200

    assert elsewhere.connected == 0
    assert list(service.items(ACTIVE)) == ["coffee", "tea"]


def test_the_url_may_be_requested_during_the_test(service: Service) -> None:
    interceptors = of_http(
        Session(service.target, Mark()), aws_hosts.ours(service.urls), in_process=True
    )
    with interceptors:
        assert by_requests(service.url, "tea") == 200
        assert requests.get(f"{service.url}/nothing", timeout=5).status_code == 404


def test_other_clients_reach_it_over_http(service: Service) -> None:
    interceptors = of_http(
        Session(service.target, Mark()), aws_hosts.ours(service.urls), in_process=True
    )
    with interceptors, guarded([]):
        assert by_urllib3(service.url, "tea") == 200
        with pytest.raises(NetworkRefused):
            by_urllib3(AWS, "tea")


# --- requests to a live target


def test_requests_to_a_live_target_are_neither_mocked_nor_recorded(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "vcr.yaml"
    target = Endpoint(service.url, "endpoint")
    with cassette(path), responses.RequestsMock(), mock_aws(), opened(target, service.url):
        for put in HTTP.values():
            assert put(AWS, "tea") == 200

    assert len(service.exchanges) == len(HTTP)
    assert not path.exists()


@every_client
def test_a_compressed_response_is_decoded(put: Put) -> None:
    def answer(request: Request) -> Response:
        body, headers = b'{"message": "no"}', {"content-type": "application/json"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            body, headers = gzip.compress(body), {**headers, "content-encoding": "gzip"}
        return Response(400, "Bad Request", headers, body)

    with HttpServer(answer) as far, opened(Endpoint(far.url, "endpoint")):
        assert put(AWS, "tea") == 400
        received = requests.post(f"{AWS}/items", headers={"accept-encoding": "gzip"}, timeout=5)

    assert received.json() == {"message": "no"}


# --- the cost for tests of other libraries

LOADED = """
import sys
import botocore.session
from personalize_contract.interceptors.identity import DUMMY as DUMMY_IDENTITY
from personalize_contract.interceptors import aws_hosts
from personalize_contract.interceptors.install import of_http, of_sdks
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.service import serve
from personalize_contract.plugin.session import Session

session = Session(None, Mark())
service = serve(session)
sdks = of_sdks(session, DUMMY_IDENTITY)
with sdks, of_http(session, aws_hosts.ours([]), in_process={in_process}):
    {use}
    print(sorted({{"vcr", "requests", "responses", "httpx", "aiohttp"}} & set(sys.modules)))
print([str(one.response.status) for one in service.exchanges])
"""
USE_BOTOCORE = (
    'botocore.session.Session().create_client("personalize-events", "us-east-1")'
    f'.put_items(datasetArn="{ACTIVE}", items=[{{"itemId": "a"}}])'
)
IMPORTED_IN_THE_TEST = {
    "requests": "import requests; requests.post({url}, timeout=5)",
    "urllib3": "import urllib3; urllib3.request('POST', {url})",
    "httpx": "import httpx; httpx.post({url})",
    "aiohttp": """
    import aiohttp, asyncio
    async def put():
        async with aiohttp.ClientSession() as session:
            await session.post({url})
    asyncio.run(put())
    """,
}


def _run(source: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("in_process", [True, False])
def test_a_test_of_botocore_loads_no_other_library(in_process: bool) -> None:
    loaded, answered = _run(LOADED.format(in_process=in_process, use=USE_BOTOCORE))

    assert loaded == "[]"
    assert answered == "['200']"


def test_a_live_target_loads_no_vcr(service: Service) -> None:
    source = LOADED.replace(
        "with sdks", f"session.target = Endpoint({service.url!r}, '')\nwith sdks"
    )
    source = source.replace("aws_hosts.ours([])", f"aws_hosts.ours([{service.url!r}])")
    source = "from personalize_contract.targets.endpoint import Endpoint\n" + source
    loaded, _ = _run(source.format(in_process=False, use=USE_BOTOCORE))

    assert loaded == "['requests']"
    assert len(service.exchanges) == 1


@pytest.mark.parametrize("name", IMPORTED_IN_THE_TEST)
def test_a_library_imported_by_the_test_is_intercepted(name: str) -> None:
    use = IMPORTED_IN_THE_TEST[name].format(url=f"'{AWS}/items'")
    _, answered = _run(LOADED.format(in_process=False, use=use))

    assert answered == "['400']"


def test_requests_imported_by_the_test_is_intercepted_in_process() -> None:
    use = IMPORTED_IN_THE_TEST["requests"].format(url=f"'{AWS}/items'")
    loaded, answered = _run(LOADED.format(in_process=True, use=use))

    assert "vcr" not in loaded
    assert answered == "['400']"
