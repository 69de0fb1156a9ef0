"""`serve` in a separate process, with boto3, the AWS CLI and curl as clients."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, SSLError

from helpers.command import ACTIVE, COMMAND, IN_USE, MISSING, environment, run, serving
from personalize_contract.service.store import Store

KEY, SECRET = "personalize-contract", "personalize-contract-dummy-secret"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": "us-east-1",
}
ITEMS = [{"itemId": "1", "properties": '{"category": "tea"}'}]
ELEVEN = [{"itemId": str(number)} for number in range(11)]

# Requests, each with the answer that the page documents.
ANSWERS: dict[str, tuple[str, list[dict[str, str]], int, str]] = {
    "200": (ACTIVE, ITEMS, 200, ""),
    "400": (ACTIVE, ELEVEN, 400, "InvalidInputException"),
    "404": (MISSING, ITEMS, 404, "ResourceNotFoundException"),
    "409": (IN_USE, ITEMS, 409, "ResourceInUseException"),
}
each_answer = pytest.mark.parametrize(
    ("arn", "items", "status", "code"), ANSWERS.values(), ids=ANSWERS
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving("--check-signatures") as url:
        yield url


def client(
    url: str, secret: str = SECRET, region: str = "us-east-1", verify: str | None = None
) -> Any:
    return boto3.client(
        "personalize-events",
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=KEY,
        aws_secret_access_key=secret,
        verify=verify,
        config=Config(retries={"total_max_attempts": 1}),
    )


def answered(url: str, arn: str, items: list[dict[str, str]], **more: str) -> tuple[int, str]:
    """Put items with boto3, and return the status and the error code."""
    try:
        response = client(url, **more).put_items(datasetArn=arn, items=items)
    except ClientError as error:
        failure: Any = error.response
        return failure["ResponseMetadata"]["HTTPStatusCode"], type(error).__name__
    return response["ResponseMetadata"]["HTTPStatusCode"], ""


@each_answer
def test_boto3_gets_each_documented_answer(
    url: str, arn: str, items: list[dict[str, str]], status: int, code: str
) -> None:
    assert answered(url, arn, items) == (status, code)


@each_answer
def test_the_aws_cli_gets_each_documented_answer(
    url: str, arn: str, items: list[dict[str, str]], status: int, code: str
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "awscli", "personalize-events", "put-items"),
            *("--endpoint-url", url, "--dataset-arn", arn, "--items", json.dumps(items)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(**CREDENTIALS),
        check=False,
    )

    assert (done.returncode == 0, done.stdout) == (status == 200, "")
    assert f"({code})" in done.stderr if code else not done.stderr


@each_answer
def test_curl_gets_each_documented_answer(
    url: str, arn: str, items: list[dict[str, str]], status: int, code: str, tmp_path: Path
) -> None:
    head = tmp_path / "head"
    done = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--max-time", "60", "--dump-header", str(head)),
            *("--aws-sigv4", "aws:amz:us-east-1:personalize", "--user", f"{KEY}:{SECRET}"),
            *("--header", "Content-Type: application/json", "--data-binary", "@-", f"{url}/items"),
        ],
        input=json.dumps({"datasetArn": arn, "items": items}).encode(),
        capture_output=True,
        timeout=90,
        check=True,
    )

    first, *rest = head.read_text().splitlines()
    assert first.split()[1] == str(status)
    if code:
        assert f"x-amzn-errortype: {code}".lower() in [line.lower() for line in rest]
        assert list(json.loads(done.stdout)) == ["message"]
    else:
        assert done.stdout == b""


def test_an_unsigned_request_is_rejected(url: str) -> None:
    done = subprocess.run(
        ["curl", "--silent", "--max-time", "60", "--data", "{}", "--include", f"{url}/items"],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )

    assert done.stdout.startswith("HTTP/1.1 403 ")
    assert "MissingAuthenticationTokenException" in done.stdout


@pytest.mark.parametrize("more", [{"secret": "another"}, {"region": "eu-west-1"}])
def test_a_request_with_a_wrong_signature_is_rejected(url: str, more: dict[str, str]) -> None:
    with pytest.raises(ClientError) as raised:
        client(url, **more).put_items(datasetArn=ACTIVE, items=ITEMS)
    response: Any = raised.value.response
    assert response["Error"]["Code"] == "InvalidSignatureException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403


# --- its output, and its arguments


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "serve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_the_url_is_printed_first_and_the_datasets_next() -> None:
    process = started()
    url, *datasets = [line(process) for _ in range(4)]
    process.kill()
    process.communicate()

    assert url.startswith("http://127.0.0.1:")
    assert {tuple(row.split()) for row in datasets} >= {("active", ACTIVE), ("in-use", IN_USE)}


def test_declared_datasets_replace_the_dummies() -> None:
    shop = "arn:aws:personalize:eu-west-1:123456789012:dataset/shop/ITEMS"
    busy = "arn:aws:personalize:eu-west-1:123456789012:dataset/busy/ITEMS"
    with serving("--dataset", shop, "--dataset", f"{busy}=in-use") as url:
        statuses = [answered(url, arn, ITEMS)[0] for arn in (shop, busy, ACTIVE)]

    assert statuses == [200, 409, 404]


def test_signatures_must_be_for_the_region_of_the_datasets() -> None:
    shop = "arn:aws:personalize:eu-west-1:123456789012:dataset/shop/ITEMS"
    with serving("--dataset", shop, "--check-signatures") as url:
        statuses = [
            answered(url, shop, ITEMS, region=region)[0] for region in ("eu-west-1", "us-east-1")
        ]

    assert statuses == [200, 403]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)]
)
def test_a_signal_ends_it_without_a_traceback(number: int, status: int) -> None:
    process = started()
    line(process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == status
    assert "Traceback" not in errors


# --- its store


def test_a_killed_service_has_stored_all_acknowledged_items(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    process = started("--store", path)
    url = line(process)
    for number in range(20):
        put = [{"itemId": f"{number}-{index}", "properties": "x" * 1000} for index in range(10)]
        assert answered(url, ACTIVE, put) == (200, "")
    process.kill()
    process.communicate()

    store = Store(path)
    stored = store.items(ACTIVE)
    store.close()
    assert stored == {
        f"{number}-{index}": "x" * 1000 for number in range(20) for index in range(10)
    }


def test_a_restarted_service_has_its_items_and_states(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    shop = "arn:aws:personalize:us-east-1:000000000000:dataset/shop/ITEMS"
    with serving("--store", path, "--dataset", f"{shop}=in-use") as url:
        assert answered(url, shop, ITEMS)[0] == 409
    with serving("--store", path, "--dataset", f"{shop}=active") as url:
        assert answered(url, shop, ITEMS)[0] == 200
    with serving("--store", path, "--dataset", f"{ACTIVE}=active") as url:
        assert answered(url, shop, [{"itemId": "2"}])[0] == 200

    store = Store(path)
    assert store.items(shop) == {"1": '{"category": "tea"}', "2": None}
    store.close()


# --- TLS, and usage errors


def listening() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def test_tls_has_a_trusted_certificate_until_the_server_ends() -> None:
    with subprocess.Popen(
        [*COMMAND, "serve", "--tls", "--fail", "reset"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout
        url, export = (process.stdout.readline().strip() for _ in range(2))
        bundle = Path(export.removeprefix("export AWS_CA_BUNDLE="))
        assert url.startswith("https://127.0.0.1:")
        for fault in (ConnectionClosedError, None):
            with pytest.raises(fault) if fault else contextlib.nullcontext():
                assert answered(url, ACTIVE, ITEMS, verify=str(bundle)) == (200, "")
        with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            answered(url, ACTIVE, ITEMS)
        process.terminate()
        assert process.wait(20) == 0
    assert not bundle.exists()


def test_tls_without_trustme_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    done = run("serve", "--tls")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "personalize-contract: --tls needs trustme: pip install trustme\n"


def test_a_port_in_use_is_a_usage_error() -> None:
    with listening() as listener:
        done = run("serve", "--port", str(listener.getsockname()[1]))

    assert (done.returncode, done.stdout) == (2, "")
    assert "choose another --port, or 0 for any" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--port", "tea"], "--port"),
        (["--port", "65536"], "65535"),
        (["--port", "-1"], "65535"),
        (["--host", "host.invalid"], "host.invalid"),
        (["--dataset", "shop"], "is not a Personalize ARN"),
        (["--dataset", f"{ACTIVE}=asleep"], "active, in-use, missing"),
        (["--store", "text"], "name a store of `serve`, or a new file"),
        (["--store", "nowhere/store.db"], "nowhere/store.db"),
        (["--tls", "text/folder"], "--tls"),
        (["--tls", "tls", "--port", "65536"], "65535"),
        (["--tea"], "--tea"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_usage_error_is_one_line_and_writes_nothing(
    arguments: list[str], problem: str, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("a shopping list")

    done = run("serve", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if path.name != "tls"] == ["text"]
    assert (tmp_path / "text").read_text() == "a shopping list"
