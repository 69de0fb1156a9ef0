"""Redaction: written, masked and removed values, and secrets that prevent writing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.command import ACTIVE, IN_USE
from helpers.exchanges import URL, bodies, exchange, exchanges, put, request
from personalize_contract.errors import SecretFound
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.privacy.redaction import REDACTED, Redactor

REAL = "arn:aws:personalize:eu-west-1:123456789012:dataset/shop/ITEMS"


def body_of(body: bytes, **options: Any) -> bytes:
    return Redactor(**options).request(request(body)).body


def test_headers_are_kept_by_allow_list() -> None:
    sent = request(
        b"{}",
        authorization="AWS4-HMAC-SHA256 Credential=x",
        x_amz_security_token="token",
        user_agent="me",
        cookie="a=b",
        x_amz_date="20261124T203329Z",
        content_encoding="identity",
    )
    assert Redactor().request(sent).headers == {
        "content-type": "application/json",
        "content-encoding": "identity",
        "authorization": REDACTED,
    }
    answer = Response(200, "OK", {"set-cookie": "a=b", "x-amzn-requestid": "1", "via": "me"}, b"")
    assert Redactor().response(answer).headers == {"x-amzn-requestid": "1"}


def test_an_unsigned_request_stays_recognisable() -> None:
    assert "authorization" not in Redactor().request(request(b"{}")).headers


def test_the_host_is_replaced() -> None:
    sent = request(b"{}", url="https://vpce-1234.eu-west-1.vpce.amazonaws.com:444/items?a=1")
    assert Redactor().request(sent).url == f"{URL}?a=1"


def masked(text: str) -> str:
    return text.replace("123456789012", "000000000000")


MASKED = {
    "an ARN": REAL,
    "of another service": "arn:aws:iam::123456789012:role/x",
    "of another partition": "arn:aws-cn:s3:cn-north-1:123456789012:x",
    "in a text": f"User: {REAL} is not allowed",
    "two of them": f"{REAL} {REAL}",
    "percent-encoded": quote(REAL, safe=""),
}

UNTOUCHED = {
    "a number of 12 digits": '{"ean": 123456789012}',
    "a text of 12 digits": '{"ean": "123456789012"}',
    "an ARN with 13 digits": "arn:aws:iam::1234567890123:role/x",
    "an ARN with 11 digits": "arn:aws:iam::12345678901:role/x",
    "an ARN that ends there": "arn:aws:iam::123456789012",
    "an ARN without an account": "arn:aws:s3:::123456789012",
}


@pytest.mark.parametrize("case", MASKED)
def test_an_account_is_masked(case: str) -> None:
    real = MASKED[case]
    assert body_of(real.encode()) == masked(real).encode()
    assert body_of(put({"a": real})) == put({"a": masked(real)})
    answer = Response(400, "Bad Request", {"x-amzn-errortype": real}, real.encode())
    assert Redactor().response(answer).body == masked(real).encode()
    assert Redactor().response(answer).headers == {"x-amzn-errortype": masked(real)}
    sent = request(b"", url=f"{URL}?arn={real}")
    assert Redactor().request(sent).url == f"{URL}?arn={masked(real)}"


@pytest.mark.parametrize("case", UNTOUCHED)
def test_other_numbers_stay(case: str) -> None:
    assert body_of(UNTOUCHED[case].encode()) == UNTOUCHED[case].encode()


def test_a_declared_dataset_becomes_its_dummy() -> None:
    text = f"{REAL} of 123456789012, not 1234567890123"
    assert body_of(text.encode(), arns={REAL: ACTIVE}) == (
        f"{ACTIVE} of 000000000000, not 1234567890123".encode()
    )


@pytest.mark.parametrize(
    ("real", "text", "written"),
    [
        # In any sort order relative to the dummy, and with any number of colons in its name.
        (f"{REAL}:2", f"{REAL}:2 of 123456789012", f"{ACTIVE} of 000000000000"),
        (ACTIVE.replace("us-east-1", "us-west-2"), "dataset of us-west-2", "dataset of us-west-2"),
        # A value in the account field that isn't an account is not searched for elsewhere.
        ("arn:aws:personalize:eu-west-1:42:dataset/shop/ITEMS", "42 teas", "42 teas"),
        ("arn:aws:personalize:eu-west-1:1234567890123:dataset/a/ITEMS", *["1234567890123"] * 2),
        ("arn:aws:personalize:eu-west-1:twelve-chars:dataset/a/ITEMS", *["twelve-chars"] * 2),
    ],
)
def test_only_declared_arns_are_replaced(real: str, text: str, written: str) -> None:
    assert body_of(f"{real} {text}".encode(), arns={real: ACTIVE}) == f"{ACTIVE} {written}".encode()


def test_arns_with_a_common_prefix_are_replaced_completely() -> None:
    arns = {REAL: ACTIVE, f"{REAL}-2": IN_USE}
    assert body_of(f"{REAL}-2 {REAL}".encode(), arns=arns) == f"{IN_USE} {ACTIVE}".encode()


@given(exchanges, st.lists(st.sampled_from([b"", REAL.encode(), b"123456789012"]), max_size=3))
def test_redaction_is_idempotent_and_keeps_lengths(original: Exchange, more: list[bytes]) -> None:
    body = b" ".join([original.request.body, *more])
    redactor = Redactor()
    sent = redactor.request(replace(original.request, url=URL, body=body))
    received = redactor.response(replace(original.response, body=body))
    assert redactor.request(sent) == sent
    assert redactor.response(received) == received
    assert len(sent.body) == len(received.body) == len(body)


@given(bodies)
def test_redacting_members_is_idempotent(body: bytes) -> None:
    redactor = Redactor(paths=["items[].properties.a", "items[].itemId", "items[].properties.x.y"])
    sent = redactor.request(request(body))
    assert redactor.request(sent) == sent


# --- redacted members


def test_a_member_named_in_redact_is_not_written() -> None:
    body = put({"email": "me@example.org", "price": 1})
    assert body_of(body, paths=["items[].properties.email"]) == put({"email": REDACTED, "price": 1})


def test_an_echo_of_a_redacted_member_is_not_written() -> None:
    sent = put({"email": "me@example.org", "price": 1})
    answered = exchange(sent, 400, b'{"message": "me@example.org is not a price"}')
    redacted = Redactor(paths=["items[].properties.email"]).exchange(answered)
    assert redacted.response.body == b'{"message": "REDACTED is not a price"}'


@pytest.mark.parametrize(
    ("email", "message", "written"),
    [
        # Four matching bytes are an echo; three may be coincidence.
        ("a@b.", "a@b. is not a price", "REDACTED is not a price"),
        ("a@b", "a@b is not a price", "a@b is not a price"),
    ],
)
def test_a_coincidental_match_stays(email: str, message: str, written: str) -> None:
    answered = exchange(put({"email": email}), 400, message.encode())
    redacted = Redactor(paths=["items[].properties.email"]).exchange(answered)
    assert redacted.response.body == written.encode()


def test_values_with_a_common_prefix_are_removed_completely() -> None:
    sent = put({"email": "me@example.org"}, {"email": "me@example.org.uk"})
    answered = exchange(sent, 400, b"me@example.org.uk is not a price")
    redacted = Redactor(paths=["items[].properties.email"]).exchange(answered)
    assert redacted.response.body == b"REDACTED is not a price"


@pytest.mark.parametrize(
    ("body", "url"),
    [
        (put({"price": 1}).replace(b": ", b":   "), URL),
        (b"items: none; properties: none", URL),
        (put({"email": "me@example.org"}), URL.replace("/items", "/others")),
    ],
    ids=["without the member", "not JSON", "of another operation"],
)
def test_a_body_without_redacted_members_stays_unchanged(body: bytes, url: str) -> None:
    redactor = Redactor(paths=["items[].properties.email"])
    assert redactor.request(request(body, url)).body == body


@pytest.mark.parametrize(
    "body",
    [
        put("{email: me@example.org}"),
        put('{"email": "me@example.org", "email": "you@example.org"}'),
        b'{"items": [{"properties": "{\\"email\\": \\"me@example.org',
        b'{"items": [], "email": "me@example.org", "email": 1}',
    ],
)
def test_a_member_without_a_clear_end_removes_the_whole_text(body: bytes) -> None:
    assert b"example.org" not in body_of(body, paths=["items[].properties.email"])


# --- secrets

CANARY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYcanarykey1"

SHAPES = {
    "an AWS access key id": "AKIAIOSFODNN7EXAMPLE",
    "a temporary access key id": "ASIAIOSFODNN7EXAMPLE",
    "an AWS secret key": f'"SecretAccessKey": "{CANARY}"',
    "an AWS secret key in a file": f"aws_secret_access_key = {CANARY}",
    "an AWS session token": "IQoJb3JpZ2luX2Vj" + "A" * 60,
    "a SigV4 signature": "AWS4-HMAC-SHA256 Credential=x/y",
    "a signature in a URL": "X-Amz-Signature=" + "0" * 64,
    "a private key": "-----BEGIN RSA PRIVATE KEY-----",
    "a GitHub token": "ghp_" + "a1" * 18,
    "a fine-grained GitHub token": "github_pat_" + "a1" * 20,
    "a GitLab token": "glpat-" + "a1" * 10,
    "a Slack token": "xoxb-" + "1" * 12,
    "a Stripe key": "sk_live_" + "a1" * 12,
    "a Google API key": "AIza" + "a" * 35,
    "a JSON web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w",
    "a bearer token": "Bearer " + "a1" * 12,
    "a password in a URL": "https://me:secret@example.org/",
}

NO_SECRETS = {
    "a request id": "2e987eac-0737-4f23-a3d5-12a4c9afa9ae",
    "a URL": "https://example.org:8080/a@b",
    "words that begin like a secret": "AKIA tea, ASIA, xoxo, ghp_, sk_live_, AIza, Bearer of news",
    "a dummy ARN": ACTIVE,
    "a digest": "572c0fbcafdb614e" * 4,
}

PLACES: dict[str, Callable[[str], Exchange]] = {
    "request body": lambda text: exchange(text.encode()),
    "request body, JSON": lambda text: exchange(put({"a": text})),
    "request body, JSON in JSON": lambda text: exchange(put({"a": json.dumps({"b": text})})),
    "request body, not UTF-8": lambda text: exchange(b"\xff" + text.encode()),
    "request body, UTF-16": lambda text: exchange(text.encode("utf-16")),
    "request body, cut short": lambda text: exchange(put({"a": text})[:-4]),
    "response body": lambda text: exchange(b"{}", 400, text.encode()),
    "request header content-type": lambda text: with_type(text),
    "request URL": lambda text: Exchange(
        request(b"", url=f"{URL}?a={quote(text, safe='')}"), Response(200, "OK", {}, b"")
    ),
    "response reason": lambda text: Exchange(request(), Response(200, text, {}, b"")),
    "response header x-amzn-errortype": lambda text: Exchange(
        request(), Response(400, "", {"x-amzn-errortype": text}, b"")
    ),
}  # fmt: skip


def with_type(text: str) -> Exchange:
    sent = Request("POST", URL, {"content-type": text}, b"")
    return Exchange(sent, Response(200, "OK", {}, b""))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", SHAPES)
def test_a_secret_is_neither_written_nor_shown(case: str, place: str) -> None:
    secret = SHAPES[case]
    with pytest.raises(SecretFound, match=place.partition(",")[0]) as raised:
        Redactor().exchange(PLACES[place](secret))
    assert secret not in str(raised.value)


@pytest.mark.parametrize("case", NO_SECRETS)
def test_a_mere_prefix_of_a_secret_is_written(case: str) -> None:
    for make in PLACES.values():
        Redactor().exchange(make(NO_SECRETS[case]))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "name",
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"],
)
def test_a_credential_of_this_process_is_not_written(
    monkeypatch: pytest.MonkeyPatch, name: str, place: str
) -> None:
    monkeypatch.setenv(name, CANARY)
    with pytest.raises(SecretFound, match="a credential of this process") as raised:
        Redactor().exchange(PLACES[place](f"x{CANARY}x"))
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("secret", ['quo"te-secret', "back\\slash-secret", CANARY])
def test_an_additional_secret_is_not_written(secret: str) -> None:
    redactor = Redactor(secrets=[secret])
    for body in (secret.encode(), put({"a": secret}), put({"a": json.dumps({"b": secret})})):
        with pytest.raises(SecretFound):
            redactor.exchange(exchange(body))


ESCAPES = {
    "every character": "".join(f"\\u{ord(char):04x}" for char in CANARY),
    "one character": CANARY.replace("w", "\\u0077", 1),
    "its slash": CANARY.replace("/", "\\/"),
    "twice": CANARY.replace("w", "\\\\u0077", 1),
    "three times": CANARY.replace("w", "\\\\\\\\u0077", 1),
}


@pytest.mark.parametrize("case", ESCAPES)
def test_an_escaped_secret_is_found(case: str) -> None:
    with pytest.raises(SecretFound):
        Redactor(secrets=[CANARY]).exchange(exchange(f'{{"a": "{ESCAPES[case]}"}}'.encode()))


def test_an_unmaskable_account_is_not_written() -> None:
    escaped = REAL.replace(":", "\\u003a")
    with pytest.raises(SecretFound, match="an account id in an ARN"):
        Redactor().exchange(exchange(f'{{"a": "{escaped}"}}'.encode()))


def test_short_and_dummy_credentials_are_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "personalize-contract-dummy-secret")
    body = b"a test of personalize-contract-dummy-secret"
    assert Redactor().exchange(exchange(body)).request.body == body


@given(st.binary(max_size=60))
def test_any_bytes_can_be_searched(body: bytes) -> None:
    encoded = base64.b64encode(body)
    assert Redactor().exchange(exchange(encoded)).request.body == encoded
    Redactor().exchange(exchange(body, 400, body))


def test_an_upper_case_member_is_redacted_too() -> None:
    body = b'{"items": [{"itemId": "1", "properties": "{\\"EMAIL\\": \\"ann@example.com\\"}"}]}'
    sent = Request("POST", "http://x/items", {"content-type": "application/json"}, body)

    redacted = Redactor(paths=["items[].properties.EMAIL"]).request(sent)

    assert b"ann@example.com" not in redacted.body
    assert b"EMAIL" in redacted.body
