"""No secret on disk: after recordings with canaries as credentials and account, no file has one.

Files, journals, reports and all that is printed are searched for each canary as it is, escaped,
percent-encoded and in base64.
"""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from helpers.command import environment, run
from personalize_contract.model.exchange import Request, Response
from personalize_contract.service import core
from personalize_contract.service.http_server import HttpServer
from personalize_contract.service.store import Store

ACCOUNT = "314159265358"
CANARIES = {
    "AWS_ACCESS_KEY_ID": "CANARYKEYOFNOBODY271",
    "AWS_SECRET_ACCESS_KEY": "canary/secret+of/nobody/2718281828459045",
    "AWS_SESSION_TOKEN": "canary/token+of/nobody=" * 4,
}
EMAIL = "canary@example.org"


def arn(state: str) -> str:
    return f"arn:aws:personalize:eu-west-1:{ACCOUNT}:dataset/canary-{state}/ITEMS"


DATASETS = {state: arn(state) for state in ("active", "in-use", "missing")}


def forms_of(canary: str) -> set[bytes]:
    """Return the forms of a canary in a file."""
    escaped = {json.dumps(canary)[1:-1], canary.replace("/", "\\/"), quote(canary, safe="")}
    # One of these occurs in the encoded text, at any offset of the canary.
    coded = {b64encode(b"x" * n + canary.encode())[4:-8] for n in range(3)}
    forms = {canary.encode(), *(form.encode() for form in escaped), *coded}
    return {form for form in forms if len(form) >= SHORTEST}


SHORTEST = 8

LOOKED_FOR = {
    canary: forms_of(canary) for canary in (*CANARIES.values(), ACCOUNT, EMAIL, "canary-active")
}


def leaks(where: str, data: bytes) -> list[str]:
    return [
        f"{canary} in {where}"
        for canary, forms in LOOKED_FOR.items()
        if any(form in data for form in forms)
    ]


def echoing(request: Request, store: Store) -> Response:
    """Return the service's answer with everything that it knows about the sender."""
    response = core.respond(request, store)
    headers = {
        **response.headers,
        "x-amzn-errortype": response.headers.get("x-amzn-errortype", ""),
        "set-cookie": f"session={request.headers.get('x-amz-security-token', '')}",
        "x-amzn-trace-id": request.headers.get("authorization", ""),
    }
    if response.status < 300:
        del headers["x-amzn-errortype"]
        return Response(response.status, response.reason, headers, response.body)
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/me/you"
    body = json.dumps({"message": f"{who} may not ask for {arn('active')}"}).encode()
    headers["content-length"] = str(len(body))
    return Response(response.status, response.reason, headers, body)


@pytest.fixture
def url() -> Iterator[str]:
    store = Store()
    for state, name in DATASETS.items():
        if state != "missing":
            store.add_dataset(name, "active" if state == "active" else "in-use")
    with HttpServer(lambda request: echoing(request, store)) as server:
        yield server.url
    store.close()


SHOP = """
import json, logging, os, signal

import boto3
import pytest

for name in ("botocore", "boto3", "urllib3"):
    logging.getLogger(name).setLevel(logging.WARNING)  # theirs: they log what they send

ARN = os.environ["CANARY_ARN"]
ACCOUNT = ARN.split(":")[4]
SECRET = os.environ.get("CANARY_SECRET", "")
marked = pytest.mark.personalize_contract


def put(properties="{}", arn=ARN, count=1):
    items = [{"itemId": f"tea-{n}", "properties": properties} for n in range(count)]
    boto3.client("personalize-events").put_items(datasetArn=arn, items=items)


@marked
def test_plain():
    put()


@marked
def test_in_properties():
    put(json.dumps({"role": f"arn:aws:iam::{ACCOUNT}:role/x", "of": ARN}))


@marked(redact=["items[].properties.email"])
def test_redacted():
    put(json.dumps({"email": os.environ["CANARY_EMAIL"]}))


@marked(violates=["request.items.max-members"])
def test_refused():
    with pytest.raises(Exception):
        put(count=11)


@marked
def test_violation():
    try:
        put(count=11)
    except Exception:
        pass  # pytest would show it, with the answer of the service


@marked
def test_missing():
    with pytest.raises(Exception):
        put(arn=ARN.replace("active", "missing"))


@marked
def test_secret():
    put(json.dumps({"password": SECRET}))


@marked
def test_escaped_secret():
    put(json.dumps({"password": SECRET}).replace("/", chr(92) + "/"))


@marked
def test_killed():
    put()
    os.kill(os.getpid(), signal.SIGKILL)
"""
KILLED = "test_shop.py::test_killed"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "test_shop.py").write_text(SHOP)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nlog_file = all.log\nlog_file_level = DEBUG\naddopts = --tb=short\n"
    )
    return tmp_path


def ran(shop: Path, *arguments: str) -> str:
    """Run the tests with canaries as credentials; return the printed text."""
    secret = CANARIES["AWS_SECRET_ACCESS_KEY"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", *arguments],
        cwd=shop,
        env=environment(
            **CANARIES,
            CANARY_ARN=arn("active"),
            CANARY_EMAIL=EMAIL,
            CANARY_SECRET=secret,
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
            PYTEST_PLUGINS="personalize_contract.plugin",
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


DECLARED = [f"--personalize-dataset={arn}={state}" for state, arn in DATASETS.items()]


def search(folder: Path, *printed: str) -> None:
    """Check that no file and no printed text has a canary."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "test_shop.py"]
    leaked = [leak for path in files for leak in leaks(path.name, path.read_bytes())]
    leaked += [leak for text in printed for leak in leaks("the output", text.encode())]
    assert leaked == []


@pytest.mark.parametrize("target", ["reference", "live"])
def test_recording_and_replay_hold_no_canary(target: str, shop: Path, url: str) -> None:
    record = ["--personalize-record", target, *DECLARED]
    if target == "live":
        record.append(f"--personalize-endpoint-url={url}")
    printed = [ran(shop, *record, f"--deselect={KILLED}"), ran(shop, *record, KILLED)]
    cassettes = {path.name.partition(".")[0] for path in shop.rglob("*.personalize.yaml")}
    assert {"test_plain", "test_in_properties", "test_redacted", "test_refused"} <= cassettes
    assert not {"test_secret", "test_escaped_secret"} & cassettes
    assert [path.name for path in shop.rglob("*.jsonl")]
    assert "a credential of this process is in the request body" in printed[0]
    printed.append(ran(shop, f"--deselect={KILLED}"))
    assert (
        "no recorded exchange answers" in printed[-1] or "no cassette in this folder" in printed[-1]
    )
    search(shop, *printed)
    runs = [run(name, shop, env=environment(**CANARIES)) for name in ("lint", "recover", "lint")]
    search(shop, *(done.stdout + done.stderr for done in runs))


def test_verify_and_its_reports_hold_no_canary(tmp_path: Path, url: str) -> None:
    reports = [f"--report={tmp_path / f'report.{kind}'}" for kind in ("json", "md", "html", "xml")]
    datasets = [f"--dataset={arn}={state}" for state, arn in DATASETS.items()]
    done = run(
        "verify",
        *("--target", "live", "--target", "recorded", "--endpoint-url", url, *datasets),
        *("--record", f"--cassettes={tmp_path / 'cassettes'}", *reports),
        *("-k", "items or missing or arn"),
        env=environment(**CANARIES),
    )
    assert done.returncode in (0, 1, 3), done.stderr
    assert len([*tmp_path.glob("report.*")]) == 4
    assert len([*tmp_path.rglob("*.personalize.yaml")]) > 4
    search(tmp_path, done.stdout, done.stderr)


def test_search_finds_every_form_of_a_canary() -> None:
    secret = CANARIES["AWS_SECRET_ACCESS_KEY"]
    for text in (secret, json.dumps({"a": json.dumps(secret)}), quote(secret, safe="")):
        assert leaks("here", text.encode())
    for begin in range(3):
        assert leaks("here", b64encode(b"0123456789"[:begin] + secret.encode() + b"more"))
