"""A marked test that sends a live service a request that isn't allowed fails; nothing arrives.

Requests come from every client; the stand-in for the account accepts anything.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.shop import Shop, text
from helpers.stand_in import ACCOUNT, StandIn

SHOP = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/shop/ITEMS"
PROD = f"arn:aws:personalize:us-east-1:{ACCOUNT}:dataset/prod/ITEMS"

HELPERS = """
import json
import http.client
import socket
import urllib.request
from urllib.parse import urlsplit

import httpx
import requests

SHOP, PROD, URL = "{shop}", "{prod}", "{url}"
pytestmark = pytest.mark.personalize_contract


def body(arn=SHOP, item="personalize-contract-1"):
    return json.dumps({{"datasetArn": arn, "items": [{{"itemId": item}}]}})


def post(body, path="/items", with_=requests.post):
    kind = {{"content-type": "application/json"}}
    return with_(URL + path, data=body, headers=kind).status_code


"""

REFUSED = {
    "a member twice": 'post(\'{"datasetArn": "%s", \' % SHOP + body(PROD)[1:])',
    "another dataset": "post(body(PROD))",
    "a longer ARN": "post(body(SHOP + '-other'))",
    "an id without the prefix": "post(body(item='mine'))",
    "a short id": "post(body(item='p'))",
    "two slashes": "post(body(), '//items')",
    "a query": "post(body(), '/items?datasetArn=' + PROD)",
    "another path": "post(body(), '/items/tea')",
    "another operation": "client().put_events(trackingId='t', sessionId='s', "
    "eventList=[{'eventType': 'x', 'sentAt': 1}])",
    "httpx": "httpx.post(URL + '/tea', content=body(PROD))",
    "urllib": "urllib.request.urlopen(URL + '/items', body(PROD).encode())",
    "http.client": "http.client.HTTPConnection(urlsplit(URL).netloc).request("
    "'POST', '/items', body(PROD))",
    "by another name": "http.client.HTTPConnection('localhost', urlsplit(URL).port).request("
    "'POST', '/items', body(PROD))",
    "a socket": "socket.create_connection(('127.0.0.1', urlsplit(URL).port)).sendall(b'x')",
}
SENT = {
    "by boto3": "client().put_items(datasetArn=SHOP, items=[{'itemId': 'personalize-contract-1'}])",
    "by requests": "assert post(body()) == 200",
    "in chunks": "assert post(iter([body().encode()])) == 200",
    "by httpx": "httpx.post(URL + '/items', content=body(), "
    "headers={'content-type': 'application/json'})",
}


@pytest.fixture
def account() -> Iterator[StandIn]:
    with StandIn().served() as stand_in:
        for arn in (SHOP, PROD):
            stand_in.store.add_dataset(arn)
        yield stand_in


def run(shop: Shop, account: StandIn, code: str, mark: str = "") -> pytest.RunResult:
    helpers = HELPERS.format(shop=SHOP, prod=PROD, url=account.url)
    shop.tests(f"{helpers}{mark}\ndef test_it():\n    {code}\n")
    return live(shop, account)


def live(shop: Shop, account: StandIn) -> pytest.RunResult:
    return shop.run(
        "--personalize-target=live",
        f"--personalize-endpoint-url={account.url}",
        f"--personalize-account={ACCOUNT}",
        f"--personalize-dataset={SHOP}=active",
        "--personalize-write-to-existing",
    )


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED)
def test_refused_request_is_not_sent(shop: Shop, account: StandIn, code: str) -> None:
    result = run(shop, account, code)
    assert result.ret == pytest.ExitCode.TESTS_FAILED, text(result)
    assert set(account.calls) <= {"GetCallerIdentity"}
    assert account.store.items(PROD) == {}


@pytest.mark.parametrize("code", SENT.values(), ids=SENT)
def test_allowed_request_is_sent(shop: Shop, account: StandIn, code: str) -> None:
    result = run(shop, account, code)
    result.assert_outcomes(passed=1)
    assert set(account.store.items(SHOP)) == {"personalize-contract-1"}
    assert account.requests[-1].headers.get("transfer-encoding") is None


ELEVEN = "[{'itemId': f'personalize-contract-{n}'} for n in range(11)]"


def test_intended_violation_is_sent_if_it_is_readable(shop: Shop, account: StandIn) -> None:
    mark = '@pytest.mark.personalize_contract(violates=["request.items.max-members"])'
    code = (
        "pytest.raises(botocore.exceptions.ClientError, client().put_items, datasetArn=SHOP, "
        f"items={ELEVEN})"
    )
    run(shop, account, code, mark).assert_outcomes(passed=1)
    assert account.calls == ["GetCallerIdentity", "PutItems"]


def test_unreadable_violation_is_not_sent(shop: Shop, account: StandIn) -> None:
    mark = '@pytest.mark.personalize_contract(violates=["request.body.json-object"])'
    result = run(shop, account, "post(body()[:-1])", mark)
    result.assert_outcomes(failed=1)
    assert "record it from the reference service, with --personalize-record reference" in text(
        result
    )
    assert account.calls == ["GetCallerIdentity"]


def test_checked_bytes_arrive_unchanged(shop: Shop, account: StandIn) -> None:
    things = '[{"itemId" : "personalize-contract-\\u0031"}]'
    odd = f'{{ "items":{things} ,"datasetArn":"{SHOP}"}}\n'
    run(shop, account, f"assert post({odd!r}) == 200").assert_outcomes(passed=1)
    assert account.requests[-1].body == odd.encode()


OPENED_BEFORE = """
session, pool = requests.Session(), urllib3.PoolManager()
by_httpx = httpx.Client()
plain = http.client.HTTPConnection(urlsplit(URL).netloc)
loop = asyncio.new_event_loop()
by_aiohttp = loop.run_until_complete(made())
sockets = [
    socket.create_connection(("127.0.0.1", urlsplit(URL).port))
    for _ in range(5)
]
streams = loop.run_until_complete(asyncio.open_connection("127.0.0.1", urlsplit(URL).port))
for get in (session.get, by_httpx.get, lambda url: pool.request("GET", url)):
    get(URL + "/before")
loop.run_until_complete(got())
plain.request("GET", "/before")
plain.getresponse().read()
(path / "sent").write_bytes(MESSAGE)
sent, file = (path / "sent").open("rb"), sockets[4].makefile("wb", 0)

WAYS = {
    "requests": lambda: session.post(URL + "/tea", MESSAGE),
    "urllib3": lambda: pool.request("POST", URL + "/tea", body=MESSAGE),
    "httpx": lambda: by_httpx.post(URL + "/tea", content=MESSAGE),
    "aiohttp": lambda: loop.run_until_complete(by_aiohttp.post(URL + "/tea", data=MESSAGE)),
    "http.client": lambda: plain.request("POST", "/items", body(PROD)),
    "send": lambda: sockets[0].send(MESSAGE),
    "sendall": lambda: sockets[1].sendall(MESSAGE),
    "sendmsg": lambda: sockets[2].sendmsg([MESSAGE]),
    "sendfile": lambda: sockets[3].sendfile(sent),
    "a file": lambda: file.write(MESSAGE),
    "streams": lambda: streams[1].write(MESSAGE),
}


@pytest.fixture(scope="module", autouse=True)
def closed():
    yield
    for resource in (sent, file, session, by_httpx, plain, *sockets, streams[1]):
        resource.close()
    pool.clear()
    loop.run_until_complete(by_aiohttp.close())
    loop.close()


@pytest.mark.parametrize("way", WAYS)
def test_it(way):
    with contextlib.suppress(BaseException):
        WAYS[way]()


def test_the_target_itself_has_connections_of_before():
    client().put_items(datasetArn=SHOP, items=[{"itemId": "personalize-contract-1"}])


def test_those_of_other_places_stay_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            assert client.send(b"tea") == 3
"""


def test_connection_opened_before_the_test_is_refused(shop: Shop, account: StandIn) -> None:
    before = """
import asyncio, contextlib, pathlib
import aiohttp, urllib3

path = pathlib.Path(__file__).parent
MESSAGE = f"POST /items HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n{body(PROD)}".encode()


async def made():
    return aiohttp.ClientSession()


async def got():
    async with by_aiohttp.get(URL + "/before") as response:
        await response.read()


"""
    helpers = HELPERS.format(shop=SHOP, prod=PROD, url=account.url)
    shop.tests(helpers + before + OPENED_BEFORE)
    result = live(shop, account)
    result.assert_outcomes(failed=11, passed=2)
    assert text(result).count("the live service, and only requests that were checked") >= 11
    assert set(account.store.items(SHOP)) == {"personalize-contract-1"}
    assert {request.method for request in account.requests[:5]} == {"GET"}
