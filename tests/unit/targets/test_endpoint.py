"""Targets: requests for any host are redirected to the live endpoint, with a valid signature."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.credentials import Credentials

from adversary.defects.transport import drip, endless, silent
from adversary.dialects import dialects
from adversary.listening import Wire, served
from adversary.service import right
from helpers.command import ACTIVE
from personalize_contract.errors import NoAnswer, TargetUnavailable
from personalize_contract.interceptors import botocore as interceptor
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.model.parsed_request import parse
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.session import Session
from personalize_contract.service import signatures
from personalize_contract.targets import http_session
from personalize_contract.targets.base import InProcess
from personalize_contract.targets.connection import Connection
from personalize_contract.targets.endpoint import Endpoint, Readdressed
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

LIVE = "http://127.0.0.1:8000"
TO = Connection(LIVE, "us-east-1", DUMMY_CREDENTIALS, "endpoint")


class Kept:
    """A target that logs its requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Exchange:
        self.requests.append(request)
        return Exchange(request, Response(200, "OK", {}, b""), "endpoint")


def written(url: str | None, region: str = "us-east-1", key: str = "", token: str = "") -> Request:
    """Return the request that a botocore client is about to send."""

    requests: list[Request] = []
    client: Any = botocore.session.Session().create_client(
        "personalize-events",
        region,
        endpoint_url=url,
        aws_access_key_id=key or DUMMY_CREDENTIALS.access_key,
        aws_secret_access_key=DUMMY_CREDENTIALS.secret_key,
        aws_session_token=token or None,
    )

    def respond(request: Request) -> Response:
        requests.append(request)
        return Response(200, "OK", {}, b"")

    session = Session(InProcess(respond, "reference"), Mark())
    with interceptor.patched(session, None):
        client.put_items(datasetArn=ACTIVE, items=[{"itemId": "a"}])
    return requests[0]


def sent(request: Request, to: Connection = TO) -> Request:
    inner = Kept()
    Readdressed(inner, to).answer(parse(request))
    (request,) = inner.requests
    return request


OTHERS = {
    "for AWS": written(None),
    "for another host": written("http://localhost:8000"),
    "for another port": written("http://127.0.0.1:8001"),
    "over TLS": written("https://127.0.0.1:8000"),
    "in another region": written(LIVE, region="eu-west-1"),
    "with another key": written(LIVE, key="somebody"),
    "with a token": written(LIVE, token="token"),
    "unsigned": replace(written(LIVE), headers={"content-type": "application/json"}),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_request_signed_for_another_host_is_signed_again(case: str) -> None:
    request = sent(OTHERS[case])
    assert request.url == f"{LIVE}/items"
    assert request.body == OTHERS[case].body
    assert signatures.rejection(request) is None


def test_a_request_signed_for_the_endpoint_is_sent_unchanged() -> None:
    request = written(LIVE)
    assert sent(request) is request
    assert signatures.rejection(request) is None


def test_the_session_token_is_part_of_the_signature() -> None:
    key = DUMMY_CREDENTIALS
    to = replace(TO, credentials=Credentials(key.access_key, key.secret_key, "token"))
    request = written(LIVE, token="token")
    assert sent(request, to) is request
    assert sent(written(LIVE, token="old"), to).headers["x-amz-security-token"] == "token"


@pytest.mark.parametrize(
    ("wire", "problem"),
    [
        (silent, "did not answer in time"),
        (drip, "did not answer in time"),
        (endless, "too large"),
    ],
)
def test_an_endless_response_is_aborted(wire: Wire, problem: str) -> None:
    body = b'{"datasetArn": "%b", "items": [{"itemId": "a"}]}' % ACTIVE.encode()

    with served(right(), lambda sent, answer: wire) as url:
        request = Request("POST", url, {"content-type": "application/json"}, body)
        with pytest.raises(NoAnswer, match=problem):
            Endpoint(url, "endpoint", timeout=0.5).answer(request)


def test_a_response_complete_at_the_last_moment_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its time runs out after the last read, before the end of the response is confirmed.
    moments = iter([0.0, 0.0])
    clock = SimpleNamespace(monotonic=lambda: next(moments, 1_000.0))
    monkeypatch.setattr(http_session, "clock", clock)

    with served(dialects()["errors: all at once"].service) as url:
        request = Request("POST", f"{url}/items", {"content-type": "application/json"}, b"tea")
        exchange = Endpoint(url, "endpoint", timeout=5).answer(request)

    assert exchange.response.status == 400
    assert next(moments, None) is None


@pytest.mark.parametrize(
    "proxy",
    [
        *(" ", "http://", "tea shop", "http://[::1", "foo://proxy:1", "socks5://proxy:1"),
        "http://tea:secret@proxy:port",
    ],
)
def test_unusable_proxy_url_is_reported_as_a_proxy_failure(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(TargetUnavailable, match=r"^proxy: .*HTTP_PROXY") as caught:
        Endpoint(LIVE, "endpoint").answer(Request("POST", f"{LIVE}/items", {}, b""))
    assert "secret" not in str(caught.value)
