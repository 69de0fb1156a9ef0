"""SigV4 signatures, verified with botocore's own signer."""

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from personalize_contract.model.exchange import Request
from personalize_contract.service.signatures import rejection
from personalize_contract.targets import signing
from personalize_contract.targets.signing import DUMMY_CREDENTIALS

UNSIGNED = Request(
    "POST",
    "http://127.0.0.1:8000/items",
    {"content-type": "application/json"},
    b'{"datasetArn": "x", "items": []}',
)
INVALID = "InvalidSignatureException"
INCOMPLETE = "IncompleteSignatureException"
UNKNOWN = "UnrecognizedClientException"


def signed(
    request: Request = UNSIGNED,
    key: str = DUMMY_CREDENTIALS.access_key,
    secret: str = DUMMY_CREDENTIALS.secret_key,
    region: str = "us-east-1",
    token: str | None = None,
) -> Request:
    return signing.signed(request, Credentials(key, secret, token), region)


def with_header(name: str, change: Callable[[str], str]) -> Request:
    good = signed()
    return replace(good, headers={**good.headers, name: change(good.headers[name])})


def without(name: str) -> Request:
    good = signed()
    return replace(good, headers={n: v for n, v in good.headers.items() if n != name})


def test_a_valid_signature_is_accepted() -> None:
    assert rejection(signed()) is None


def test_a_signed_session_token_is_accepted() -> None:
    request = signed(token="a-session-token")

    assert "x-amz-security-token" in request.headers["authorization"]
    assert rejection(request) is None


def test_an_unsigned_header_may_be_added() -> None:
    good = signed()

    assert rejection(replace(good, headers={**good.headers, "x-forwarded-for": "10.0.0.1"})) is None


def test_a_correct_body_digest_is_accepted() -> None:
    digest = hashlib.sha256(UNSIGNED.body).hexdigest()

    assert rejection(signed_by_botocore(**{"X-Amz-Content-SHA256": digest})) is None


def signed_by_botocore(service: str = "personalize", **more: str) -> Request:
    """Return a request signed by botocore for a service, with additional signed headers."""
    aws_request = AWSRequest("POST", UNSIGNED.url, {**UNSIGNED.headers, **more}, UNSIGNED.body)
    SigV4Auth(DUMMY_CREDENTIALS, service, "us-east-1").add_auth(aws_request)
    headers = {name.lower(): value for name, value in aws_request.headers.items()}
    return replace(UNSIGNED, headers=headers)


def forged_digest() -> Request:
    """Return a request with the digest of the signed body, but another body."""
    digest = hashlib.sha256(UNSIGNED.body).hexdigest()
    good = signed_by_botocore(**{"X-Amz-Content-SHA256": digest})
    assert rejection(good) is None
    return replace(good, body=b'{"datasetArn": "y", "items": []}')


REFUSED: dict[str, tuple[Request, str]] = {
    "none": (UNSIGNED, "MissingAuthenticationTokenException"),
    "an unknown key": (signed(key="AKIDEXAMPLE"), UNKNOWN),
    "a wrong secret": (signed(secret="another-secret"), INVALID),
    "another region": (signed(region="eu-west-1"), INVALID),
    "another service": (signed_by_botocore("s3"), INVALID),
    "another day": (
        with_header("authorization", lambda text: re.sub(r"/\d{8}/", "/20200101/", text)),
        INVALID,
    ),
    "a changed signature": (
        with_header("authorization", lambda text: text[:-1] + ("0" if text[-1] != "0" else "1")),
        INVALID,
    ),
    "a changed body": (replace(signed(), body=UNSIGNED.body + b" "), INVALID),
    "a changed body under a signed digest": (forged_digest(), INVALID),
    "a changed path": (replace(signed(), url="http://127.0.0.1:8000/other"), INVALID),
    "a query added": (replace(signed(), url=UNSIGNED.url + "?a=1"), INVALID),
    "a changed method": (replace(signed(), method="PUT"), INVALID),
    "another host": (replace(signed(), url="http://127.0.0.1:8001/items"), INVALID),
    "a changed media type": (with_header("content-type", lambda text: "text/plain"), INVALID),
    "no date": (without("x-amz-date"), INCOMPLETE),
    "no date at all": (with_header("x-amz-date", lambda text: "yesterday"), INCOMPLETE),
    "a date that was not signed": (
        with_header("authorization", lambda text: text.replace(";x-amz-date", "")),
        INCOMPLETE,
    ),
    "a host that was not signed": (
        with_header("authorization", lambda text: text.replace("host;", "")),
        INCOMPLETE,
    ),
    "a password": (with_header("authorization", lambda text: "Basic dGVhOnRlYQ=="), INCOMPLETE),
    "half of it": (with_header("authorization", lambda text: text[:60]), INCOMPLETE),
}


@pytest.mark.parametrize(("request_", "code"), REFUSED.values(), ids=REFUSED)
def test_an_invalid_signature_is_rejected(request_: Request, code: str) -> None:
    error = rejection(request_)

    assert error
    assert error[0] == code


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_expires(minutes: int) -> None:
    now = dt.datetime.now(dt.UTC)

    assert rejection(signed(), now + dt.timedelta(minutes=minutes / 2)) is None
    error = rejection(signed(), now + dt.timedelta(minutes=minutes))
    assert error
    assert error[0] == INVALID
    assert "expired" in error[1]


def test_a_service_accepts_its_regions() -> None:
    assert rejection(signed(region="eu-west-1"), regions=["us-east-1", "eu-west-1"]) is None
    assert rejection(signed(), regions=["eu-west-1"]) is not None


def test_no_error_shows_a_secret() -> None:
    for request, _ in REFUSED.values():
        error = rejection(request)
        assert error
        assert DUMMY_CREDENTIALS.secret_key not in error[1]
        assert request.headers.get("authorization", "Signature=")[-40:] not in error[1]
