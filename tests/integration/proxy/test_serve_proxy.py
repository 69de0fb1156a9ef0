"""`serve --forward` and `serve --replay`, with real clients over real sockets."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.config import Config

from helpers.command import ACTIVE, IN_USE, MISSING, environment, run
from helpers.endpoint import listening
from helpers.stand_in import StandIn
from integration.proxy.processes import Served, body, fail, put, serving
from personalize_contract.cassette import loader
from personalize_contract.model.exchange import Request, Response

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-proxy-and-of-nobody-else",
    "AWS_DEFAULT_REGION": "us-east-1",
}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - to be refused
CASSETTE = "recorded.personalize.yaml"


def modes(mode: str, url: str, folder: Path) -> list[str]:
    """Return the arguments of `serve` for one of the three targets."""
    return {"reference": [], "forward": ["--forward", url], "replay": ["--replay", f"{folder}"]}[
        mode
    ]


def recorded(folder: Path) -> list[tuple[int, bytes]]:
    exchanges = loader.load(folder / CASSETTE).exchanges
    return [(exchange.response.status, exchange.request.body) for exchange in exchanges]


def test_the_answers_of_a_service_are_recorded_and_replay(tmp_path: Path) -> None:
    with listening() as url, serving("--forward", url, "--record", tmp_path) as proxy:
        assert put(proxy.url, body())[0] == 200
        assert put(proxy.url, body().replace(b"contract-active", b"contract-missing"))[0] == 404
        assert proxy.end() == 0
    assert "2 exchanges (endpoint 2, aws 0)" in proxy.errors
    assert [status for status, _ in recorded(tmp_path)] == [200, 404]
    assert not list(tmp_path.glob("*.jsonl"))

    with serving("--replay", tmp_path) as replay:
        assert put(replay.url, body())[0] == 200
        status, answer = put(replay.url, body(3))
        assert replay.end() == 2

    assert status == 421
    assert "no recorded exchange answers this PutItems request" in answer["message"]
    assert "--record" in answer["message"]
    assert "1 of the 2 recorded exchanges were not used" in replay.errors
    assert "no answer: Miss (1 request)" in replay.errors


@pytest.mark.parametrize("mode", ["reference", "forward", "replay"])
def test_a_broken_clause_is_reported_at_once_and_exits_with_1(tmp_path: Path, mode: str) -> None:
    with listening() as url:
        with serving("--forward", url, "--record", tmp_path) as proxy:
            put(proxy.url, body(11))
            assert proxy.end(signal.SIGINT) == 1
        arguments = modes(mode, url, tmp_path)
        with serving(*arguments) as served:
            put(served.url, body(11), User_Agent="aws-sdk-java/2.1 os/linux")
            assert served.process.stderr
            line = served.process.stderr.readline()

    assert line.startswith(
        "broken: request.items.max-members by the caller, by aws-sdk-java/2.1, over HTTP"
    )


def test_a_clause_broken_by_the_service_is_reported_too(tmp_path: Path) -> None:
    def chatty(request: Request, response: Response) -> Response:
        return Response(200, "OK", {"content-type": "application/json"}, b'{"put": 2}')

    with listening(chatty) as url, serving("--forward", url) as proxy:
        assert put(proxy.url, body())[0] == 200
        assert proxy.end() == 1

    assert "broken: response.success.empty-body by the service, endpoint" in proxy.errors


def test_advice_is_reported_and_exits_with_0() -> None:
    with listening() as url, serving("--forward", url) as proxy:
        for number in range(3):
            put(proxy.url, body(1, f"item{number}"))
        assert proxy.end() == 0

    assert "advice: one-at-a-time: " in proxy.errors


def test_a_killed_proxy_loses_no_acknowledged_exchange(tmp_path: Path) -> None:
    with (
        listening() as url,
        serving("--forward", url, "--record", tmp_path) as proxy,
        ThreadPoolExecutor(8) as pool,
    ):
        jobs = [pool.submit(put, proxy.url, body(1, f"tea-{number}")) for number in range(40)]
        acknowledged = {
            f"tea-{number}-0" for number, job in enumerate(jobs) if job.result()[0] == 200
        }
        proxy.process.kill()

    assert len(acknowledged) == 40
    assert run("recover", tmp_path).returncode == 0
    recovered = {json.loads(sent)["items"][0]["itemId"] for _, sent in recorded(tmp_path)}
    assert recovered >= acknowledged


def test_a_second_recorder_of_the_same_folder_is_refused(tmp_path: Path) -> None:
    with listening() as url, serving("--forward", url, "--record", tmp_path):
        second = run("serve", "--forward", url, "--record", tmp_path)

    assert second.returncode == 2
    assert "another process or test is recording it" in second.stderr


def test_a_secret_is_rejected_and_not_written(tmp_path: Path) -> None:
    secret = json.dumps(
        {"datasetArn": ACTIVE, "items": [{"itemId": CREDENTIALS["AWS_SECRET_ACCESS_KEY"]}]}
    )
    options = ["--record", f"{tmp_path}"]
    with listening() as url, serving("--forward", url, *options, **CREDENTIALS) as proxy:
        status, answer = put(proxy.url, secret.encode())
        assert proxy.end() == 2

    assert status == 403
    assert "nothing was written" in answer["message"]
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in proxy.errors
    assert not [path for path in tmp_path.iterdir() if b"secret-of" in path.read_bytes()]


def test_a_request_of_no_operation_is_not_forwarded() -> None:
    forwarded: list[str] = []

    def logged(request: Request, response: Response) -> Response:
        forwarded.append(request.path)
        return response

    with listening(logged) as url, serving("--forward", url) as proxy:
        assert requests.post(f"{proxy.url}/other", b"{}", timeout=60).status_code == 404
        assert proxy.end() == 2

    assert forwarded == []
    assert "POST /other belongs to no operation with a contract" in proxy.errors


def test_an_unreachable_service_is_502_and_exits_with_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with serving("--forward", url) as proxy:
        status, answer = put(proxy.url, body())
        assert proxy.end() == 2

    assert status == 502
    assert url in answer["message"]


# --- clients on the wire


def raw(url: str, sent: bytes) -> bytes:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), 60) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def head(url: str, *lines: str) -> bytes:
    fixed = ["POST /items HTTP/1.1", f"Host: {urlsplit(url).netloc}", "Connection: close"]
    return "\r\n".join([*fixed, "Content-Type: application/json", *lines, "", ""]).encode()


def test_expect_continue_gzip_and_chunks_are_forwarded_and_recorded(tmp_path: Path) -> None:
    data = body()
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
    with listening() as url, serving("--forward", url, "--record", tmp_path) as proxy:
        begin = head(proxy.url, "Transfer-Encoding: chunked", "Expect: 100-continue")
        answer = raw(proxy.url, begin + chunks)
        coded = head(proxy.url, "Accept-Encoding: gzip", f"Content-Length: {len(data)}")
        plain = raw(proxy.url, coded + data)
        assert proxy.end() == 0

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert plain.startswith(b"HTTP/1.1 200 OK\r\n")
    assert recorded(tmp_path) == [(200, data), (200, data)]


def test_the_exchange_of_a_disconnected_client_is_recorded(tmp_path: Path) -> None:
    data = body()
    with listening() as url, serving("--forward", url, "--record", tmp_path) as proxy:
        parts = urlsplit(proxy.url)
        for _ in range(20):
            client = socket.create_connection((parts.hostname or "", parts.port or 0), 60)
            client.sendall(head(proxy.url, f"Content-Length: {len(data)}") + data)
            client.close()
        assert put(proxy.url, body(3))[0] == 200
        assert proxy.end() == 0

    assert (200, body(3)) in recorded(tmp_path)
    assert "Traceback" not in proxy.errors, proxy.errors


def test_the_attempts_of_one_call_are_one_exchange(tmp_path: Path) -> None:
    with (
        listening() as url,
        serving("--forward", url, "--record", tmp_path) as proxy,
    ):
        for _ in range(3):
            put(proxy.url, body(), amz_sdk_invocation_id="one")
        assert proxy.end() == 0

    assert recorded(tmp_path) == [(200, body())]


SDKS = {
    "boto3": [
        *(sys.executable, "-c"),
        "import boto3, json, sys; boto3.client('personalize-events').put_items("
        "datasetArn=sys.argv[1], items=json.loads(sys.argv[2]))",
    ],
    "AWS CLI": [
        *(sys.executable, "-m", "awscli", "personalize-events", "put-items", "--dataset-arn"),
    ],
}


@pytest.mark.parametrize("client", SDKS)
def test_an_sdk_records_and_replays_through_the_proxy(tmp_path: Path, client: str) -> None:
    def error_of(served: Served, arn: str) -> str:
        items = json.dumps([{"itemId": "tea-1"}])
        more = ["--items", items] if client == "AWS CLI" else [items]
        done = subprocess.run(
            [*SDKS[client], arn, *more],
            env=environment(**CREDENTIALS, AWS_ENDPOINT_URL_PERSONALIZE_EVENTS=served.url),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stderr.rpartition("\n")[0][-300:] if done.returncode else ""

    errors = {ACTIVE: "", MISSING: "ResourceNotFoundException", IN_USE: "ResourceInUseException"}
    with listening() as url, serving("--forward", url, "--record", tmp_path) as proxy:
        for arn, code in errors.items():
            assert code in error_of(proxy, arn)
        assert proxy.end() == 0
    with serving("--replay", tmp_path) as replay:
        for arn, code in errors.items():
            assert code in error_of(replay, arn)
        assert replay.end() == 0


# --- faults


@pytest.mark.parametrize("mode", ["reference", "forward", "replay"])
def test_faults_can_be_set_at_the_start_and_at_run_time(tmp_path: Path, mode: str) -> None:
    with listening() as url:
        with serving("--forward", url, "--record", tmp_path) as proxy:
            put(proxy.url, body())
            assert proxy.end() == 0
        arguments = modes(mode, url, tmp_path)
        failing = ["--fail", "503:2", "--fail", "ThrottlingException"]
        with serving(*arguments, *failing) as served:
            assert [put(served.url, body())[0] for _ in range(3)] == [503, 503, 400]
            assert fail(served.url, "AccessDeniedException") == (200, {"waiting": 1})
            assert [put(served.url, body())[0] for _ in range(2)] == [403, 200]
            status, answer = fail(served.url, "Throttling")

    assert status == 400
    assert "did you mean ThrottlingException?" in answer["message"]


def test_a_fault_is_not_recorded(tmp_path: Path) -> None:
    options = ["--record", f"{tmp_path}", "--fail", "reset"]
    with listening() as url, serving("--forward", url, *options) as proxy:
        with pytest.raises(requests.ConnectionError):
            put(proxy.url, body())
        assert put(proxy.url, body())[0] == 200
        assert proxy.end() == 0

    assert [status for status, _ in recorded(tmp_path)] == [200]


# --- guards of a live run


def test_an_account_is_protected_by_the_guards_of_a_live_run(tmp_path: Path) -> None:
    account = StandIn()
    arn = f"arn:aws:personalize:us-east-1:{account.account}:dataset/shop/ITEMS"
    account.store.add_dataset(arn, "active")
    with (
        account.served(),
        serving(
            *("--forward", account.url, "--account", account.account, "--write-to-existing"),
            *("--dataset", f"{arn}=active", "--record", tmp_path),
            AWS_ENDPOINT_URL=account.url,
            **CREDENTIALS,
        ) as proxy,
    ):
        client = boto3.client(
            "personalize-events",
            region_name="us-east-1",
            endpoint_url=proxy.url,
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.put_items(datasetArn=arn, items=[{"itemId": "personalize-contract-1"}])
        with pytest.raises(client.exceptions.ClientError, match="does not begin with"):
            client.put_items(datasetArn=arn, items=[{"itemId": "own"}])
        other = arn.replace("shop", "other")
        with pytest.raises(client.exceptions.ClientError, match="--dataset"):
            client.put_items(datasetArn=other, items=[{"itemId": "personalize-contract-1"}])
        assert proxy.end() == 2

    signed = [
        request.headers["authorization"] for request in account.requests if request.path == "/items"
    ]
    assert len(signed) == 1
    assert CREDENTIALS["AWS_ACCESS_KEY_ID"] in signed[0]
    assert account.account not in (tmp_path / CASSETTE).read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--host", EVERYWHERE], "add --allow-remote to allow that"),
        (["--host", EVERYWHERE, "--allow-remote", "--forward", "aws"], "listens on loopback only"),
        (
            ["--forward", "aws", "--replay", "x"],
            "--forward and --replay conflict",
        ),
        (["--forward", "aws", "--store", "x"], "is for the reference service"),
        (["--record", "x"], "--record needs --forward"),
        (["--replay", "."], "no cassette in this folder"),
        (["--forward", "tea"], "--forward: 'tea' is not an HTTP URL"),
        (["--fail", "tea"], "unknown error code"),
        (["--fail", "503:tea"], "FAULT[:TIMES]"),
        (["--forward", "aws"], "needs a"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_usage_error_is_one_line(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    done = run("serve", *arguments, cwd=tmp_path, env=environment(**CREDENTIALS))

    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
