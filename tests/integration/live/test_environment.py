"""Problems of the environment are reported as such, and never as a broken contract."""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from adversary.listening import served
from adversary.service import right
from helpers.command import ACTIVE, environment, run
from helpers.stand_in import ACCOUNT, StandIn
from helpers.tls import over_tls, proxy, trusted
from personalize_contract.errors import ControlPlaneRefused, NoAnswer, TargetUnavailable
from personalize_contract.fake_account import aws_json, sts
from personalize_contract.live.control import Control
from personalize_contract.live.rate_limit import RateLimiter
from personalize_contract.live.retry import RetryPolicy
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.failures import in_response, why
from personalize_contract.service import core
from personalize_contract.service.signatures import rejection
from personalize_contract.settings import Settings
from personalize_contract.targets.connection import live
from personalize_contract.targets.endpoint import Endpoint

# Status, code, text of the message, and class of the error.
ERRORS_ABOUT_THE_SENDER = [
    (403, "MissingAuthenticationToken", "", "no credentials"),
    (403, "MissingAuthenticationTokenException", "", "no credentials"),
    (403, "ExpiredTokenException", "", "credentials expired"),
    (400, "ExpiredToken", "", "credentials expired"),
    (400, "UnrecognizedClientException", "", "credentials refused"),
    (403, "InvalidClientTokenId", "", "credentials refused"),
    (403, "SignatureDoesNotMatch", "", "credentials refused"),
    (403, "InvalidSignatureException", "The signature does not match", "credentials refused"),
    (403, "OptInRequired", "", "credentials refused"),
    (403, "InvalidSignatureException", "Signature expired: 2026 is now earlier", "clock skew"),
    (403, "SignatureDoesNotMatch", "Signature not yet current: 2026", "clock skew"),
    (400, "RequestExpired", "", "clock skew"),
    (403, "RequestTimeTooSkewed", "", "clock skew"),
    (403, "AccessDeniedException", "", "access denied"),
    (400, "AccessDeniedException", "", "access denied"),
    (400, "NotAuthorized", "", "access denied"),
    (401, "NotAuthorized", "", "access denied"),
    (429, None, "", "throttling"),
    (429, "TooManyRequestsException", "", "throttling"),
    (400, "ThrottlingException", "", "throttling"),
    (400, "Throttling", "", "throttling"),
    (503, None, "", "service unavailable"),
    (503, "ServiceUnavailable", "", "service unavailable"),
]

# Answers that are the service's own, right or wrong.
ANSWERS = [
    (200, None),
    (400, "InvalidInputException"),
    (404, "ResourceNotFoundException"),
    (404, "AccessDeniedException"),
    (409, "ResourceInUseException"),
    (403, None),
    (403, "ResourceInUseException"),
    (500, "InternalFailure"),
    (500, None),
    (502, None),
    (504, None),
]


def response(status: int, code: str | None, message: str = "") -> Response:
    headers = {} if code is None else {"x-amzn-errortype": code}
    return Response(status, "", headers, json.dumps({"message": message}).encode())


@pytest.mark.parametrize(("status", "code", "message", "name"), ERRORS_ABOUT_THE_SENDER)
def test_error_about_the_sender_has_a_class(
    status: int, code: str | None, message: str, name: str
) -> None:
    reason = why(response(status, code, message))

    assert reason
    assert reason.startswith(f"{name}: the service ")
    assert (code or str(status)) in reason
    assert "; " in reason


@pytest.mark.parametrize(("status", "code"), ANSWERS)
def test_any_other_error_is_about_the_operation(status: int, code: str | None) -> None:
    assert in_response(response(status, code)) is None


# --- each class in the output of the command; every server here is real


@contextlib.contextmanager
def closed_port(_: Path) -> Iterator[list[str]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    yield [f"http://127.0.0.1:{port}"]


@contextlib.contextmanager
def unknown_name(_: Path) -> Iterator[list[str]]:
    yield ["http://nothing.invalid"]


@contextlib.contextmanager
def unknown_authority(_: Path) -> Iterator[list[str]]:
    with StandIn().served() as stand_in, over_tls(stand_in.url) as url:
        yield [url]


@contextlib.contextmanager
def other_authority(tmp: Path) -> Iterator[list[str]]:
    with StandIn().served() as stand_in, over_tls(stand_in.url, authority=trustme.CA()) as url:
        yield [url, f"AWS_CA_BUNDLE={trusted(tmp)}"]


@contextlib.contextmanager
def other_name(tmp: Path) -> Iterator[list[str]]:
    with StandIn().served() as stand_in, over_tls(stand_in.url, "other.example") as url:
        yield [url, f"AWS_CA_BUNDLE={trusted(tmp)}"]


@contextlib.contextmanager
def without_tls(_: Path) -> Iterator[list[str]]:
    with served(right()) as url:
        yield [url.replace("http:", "https:")]


@contextlib.contextmanager
def dead_proxy(tmp: Path) -> Iterator[list[str]]:
    with closed_port(tmp) as (url,):
        yield ["https://service.example", f"HTTPS_PROXY={url}"]


@contextlib.contextmanager
def forbidding_proxy(_: Path) -> Iterator[list[str]]:
    proxied: list[str] = []
    with proxy("http://127.0.0.1:1", proxied, "407 Proxy Authentication Required") as url:
        yield ["https://service.example", f"HTTPS_PROXY={url}"]
    assert set(proxied) == {"service.example"}


def answering(
    status: int, code: str
) -> Callable[[Path], contextlib.AbstractContextManager[list[str]]]:
    @contextlib.contextmanager
    def environment_of(_: Path) -> Iterator[list[str]]:
        error = core.error(400, code, "")
        stand_in = StandIn(before=lambda name, request: replace(error, status=status))
        with stand_in.served():
            yield [stand_in.url]

    return environment_of


@contextlib.contextmanager
def wrong_clock(_: Path) -> Iterator[list[str]]:
    import datetime as dt

    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    stand_in = StandIn(authenticate=lambda request, service="": rejection(request, later))
    with stand_in.served():
        yield [stand_in.url]


@contextlib.contextmanager
def unknown_key(_: Path) -> Iterator[list[str]]:
    stand_in = StandIn(authenticate=lambda request, service="": rejection(request))
    with stand_in.served():
        yield [stand_in.url, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=tea"]


BROKEN = {
    "a closed port": ("network", closed_port),
    "an unknown name": ("DNS", unknown_name),
    "a certificate of an untrusted CA": ("TLS", unknown_authority),
    "a certificate of another CA": ("TLS", other_authority),
    "a certificate for another name": ("TLS", other_name),
    "plain HTTP at an https URL": ("TLS", without_tls),
    "a dead proxy": ("proxy", dead_proxy),
    "a proxy that rejects the sender": ("proxy", forbidding_proxy),
    "a clock that is off by an hour": ("clock skew", wrong_clock),
    "an unknown key": ("credentials refused", unknown_key),
    "a missing signature": ("no credentials", answering(403, "MissingAuthenticationToken")),
    "an expired token": ("credentials expired", answering(403, "ExpiredTokenException")),
    "a denial": ("access denied", answering(403, "AccessDeniedException")),
    "throttling": ("throttling", answering(400, "ThrottlingException")),
    "503": ("service unavailable", answering(503, "ServiceUnavailable")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_environment_is_one_line_and_breaks_no_clause(case: str, tmp_path: Path) -> None:
    name, broken = BROKEN[case]
    report = tmp_path / "report.json"
    with broken(tmp_path) as (url, *more):
        done = run(
            "verify",
            "--target=live",
            f"--endpoint-url={url}",
            f"--dataset={ACTIVE}=active",
            f"--report={report}",
            "-ksuccess-at-the-end",
            env=environment(**dict(variable.split("=", 1) for variable in more), NO_PROXY=""),
        )

    assert done.returncode == 2
    *_, last = done.stderr.splitlines()
    assert last.startswith(f"personalize-contract: could not be done: {name}: ")
    assert "; " in last
    assert "Traceback" not in done.stderr + done.stdout
    shown = json.loads(report.read_text())
    assert shown["summary"]["live"]["broken"] == 0
    reasons = {clause["targets"]["live"]["why"] for clause in shown["clauses"]}
    assert any(f"success-at-the-end: {name}: " in reason for reason in reasons)


# --- the check of the account

CONFIG = """
[profile sso]
sso_session = shop
sso_account_id = 111122223333
sso_role_name = tea
[sso-session shop]
sso_region = eu-west-1
sso_start_url = https://shop.example/start
[profile broken]
credential_process = /bin/false
[profile half]
aws_access_key_id = AKIDEXAMPLE
"""


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ("nobody", "no credentials"),
        ("sso", "credentials expired"),
        ("broken", "no credentials"),
        ("half", "no credentials"),
        ("", "no credentials"),
    ],
)
def test_missing_credentials_are_reported(profile: str, name: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(CONFIG, "utf-8")
    done = run(
        "verify",
        "--target=live",
        "--provision",
        "--region=eu-west-1",
        f"--account={ACCOUNT}",
        env=environment(AWS_CONFIG_FILE=str(config), HOME=str(tmp_path))
        | ({"AWS_PROFILE": profile} if profile else {}),
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"personalize-contract: {name}: ")
    assert "; " in done.stderr
    assert done.stderr.count("\n") == 1


@contextlib.contextmanager
def expired(_: Path) -> Iterator[list[str]]:
    error = sts.error(403, "ExpiredToken", "The security token included in the request is expired")
    with StandIn(before=lambda name, request: error).served() as stand_in:
        yield [stand_in.url]


ASKING_STS = {
    name: BROKEN[name]
    for name in (
        "a closed port",
        "an unknown name",
        "a certificate of another CA",
        "a dead proxy",
        "a clock that is off by an hour",
        "an unknown key",
    )
} | {"an expired token": ("credentials expired", expired)}


@pytest.mark.parametrize("command", ["verify", "sweep"])
@pytest.mark.parametrize("case", ASKING_STS)
def test_failed_check_of_the_account_is_reported(case: str, command: str, tmp_path: Path) -> None:
    name, broken = ASKING_STS[case]
    more = ["--target=live", "--provision"] if command == "verify" else ["--yes"]
    with broken(tmp_path) as (url, *variables):
        done = run(
            command,
            *more,
            f"--endpoint-url={url}",
            f"--account={ACCOUNT}",
            env=environment(**dict(variable.split("=", 1) for variable in variables), NO_PROXY=""),
        )
    assert done.returncode == 2
    assert done.stderr.startswith(f"personalize-contract: {name}: GetCallerIdentity ")
    assert "; " in done.stderr
    assert done.stderr.count("\n") == 1


def test_lasting_denial_names_the_policy(tmp_path: Path) -> None:
    denied = aws_json.error("AccessDeniedException", "User: arn:aws:iam::1:user/tea is not")
    stand_in = StandIn(
        before=lambda name, request: denied if name == "CreateDatasetGroup" else None, step=200
    )
    notices: list[str] = []
    slept: list[float] = []
    with stand_in.served():
        control = Control(
            live(Settings(endpoint_url=stand_in.url)),
            RateLimiter(),
            RetryPolicy(notices.append, slept.append, lambda: sum(slept)),
        )
        with pytest.raises(TargetUnavailable) as caught:
            control.call("CreateDatasetGroup", name="shop")
    assert str(caught.value).startswith("access denied: CreateDatasetGroup denied access (")
    assert "--dry-run" in str(caught.value)
    assert "user/tea" not in str(caught.value)
    assert notices[-1] == "CreateDatasetGroup: access denied did not pass in 120 s"


def test_control_plane_errors_are_shown_without_account_ids() -> None:
    with StandIn().served() as stand_in:
        control = Control(
            live(Settings(endpoint_url=stand_in.url)), RateLimiter(), RetryPolicy(print)
        )
        arn = f"arn:aws:personalize:us-east-1:{ACCOUNT}:schema/tea"
        with pytest.raises(ControlPlaneRefused) as caught:
            control.call("DeleteSchema", schemaArn=arn)
    assert "schema/tea" in str(caught.value)
    assert ACCOUNT not in str(caught.value)


def test_ca_bundle_is_trusted(tmp_path: Path) -> None:
    with StandIn().served() as stand_in, over_tls(stand_in.url) as url:
        stand_in.store.add_dataset(ACTIVE)
        done = run(
            "verify",
            "--target=live",
            f"--endpoint-url={url}",
            f"--dataset={ACTIVE}=active",
            "-ksuccess-at-the-end",
            env=environment(AWS_CA_BUNDLE=trusted(tmp_path)),
        )
    assert done.returncode == 0, done.stderr
    assert "all 2 clauses asked about hold on live" in done.stdout


def test_missing_ca_bundle_is_reported() -> None:
    done = run(
        "verify",
        "--target=live",
        "--endpoint-url=https://127.0.0.1:1",
        f"--dataset={ACTIVE}=active",
        env=environment(AWS_CA_BUNDLE=os.devnull + "/none.pem"),
    )
    assert done.returncode == 2
    assert "AWS_CA_BUNDLE" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("personalize-contract: AWS_CA_BUNDLE ")


def test_unanswered_handshake_is_a_tls_problem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        target = Endpoint(url, "endpoint", timeout=0.2)
        with pytest.raises(TargetUnavailable, match=r"^TLS: ") as caught:
            target.answer(Request("POST", f"{url}/items", {}, b""))
    assert not isinstance(caught.value, NoAnswer)
