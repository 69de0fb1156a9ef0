"""The name of a header makes it a credential, unless its value is a placeholder."""

from __future__ import annotations

import pytest

from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.privacy.credentials import (
    is_credential_header,
    is_credential_name,
    is_placeholder,
)
from personalize_contract.privacy.redaction import Redactor

NAMES = [
    *("authorization", "Proxy-Authorization", "X-Authorization", "cookie", "Set-Cookie", "cookie2"),
    *("X-Api-Key", "x-goog-api-key", "apikey", "Api_Key", "Ocp-Apim-Subscription-Key"),
    *("X-Auth-Token", "X-Shopify-Access-Token", "Private-Token", "x-amz-security-token"),
    *("X-Vault-Token", "X-Hub-Signature-256", "X-Session-Id", "X-Functions-Key", "DD-API-KEY"),
]
OTHERS = [
    *("content-type", "WWW-Authenticate", "x-ratelimit-remaining-tokens", "Idempotency-Key"),
    *("Sec-WebSocket-Key", "Surrogate-Key", "x-amzn-requestid", "etag", "Vary", "X-Monkeys"),
    *("access-control-allow-headers", "x-oauth-scopes", "authentication-info", "X-Next-Token"),
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_credentials_are_recognised(name: str) -> None:
    for spelled in (name, name.lower(), name.upper(), name.replace("-", "_")):
        assert is_credential_name(spelled)


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_are_not_credentials(name: str) -> None:
    assert not is_credential_name(name)


PLACEHOLDERS = [
    *("", "REDACTED", "redacted", "**REDACTED**", "<token>", "[FILTERED]", "{{ token }}"),
    *(
        "${TOKEN}",
        "$TOKEN",
        "%TOKEN%",
        "__TOKEN__",
        "xxxxxxxx",
        "XXXX-XXXX",
        "***",
        "-",
        "00000000",
    ),
    *("fake", "fake-token", "test", "test_token_123", "DUMMY", "dummy_key", "mock-secret"),
    *("your-api-key", "placeholder", "None", "null", "true", "123456", "AKIDEXAMPLE", "foo"),
]
SECRETS = [
    *("hunter2", "8f14e45fceea167a", "dXNlcjpodW50ZXIy", "sk-proj-8f14e45fceea167a5a36dedd"),
    *("acme-test-8f14e45fceea167a", "my-8f14e45fceea167a", "correct-horse-battery-staple"),
]


@pytest.mark.parametrize("value", PLACEHOLDERS)
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("authorization", "{}"),
        ("authorization", "Bearer {}"),
        ("authorization", "Basic {}"),
        ("authorization", "token {}"),
        ("x-api-key", "{}"),
        ("cookie", "session={}; theme={}"),
        ("set-cookie", "session={}; Path=/; Max-Age=3600; Expires=Wed, 09 Jun 2027 10:18:14 GMT"),
    ],
)
def test_a_placeholder_is_not_a_credential(name: str, form: str, value: str) -> None:
    assert not is_credential_header(name, form.replace("{}", value))


@pytest.mark.parametrize("value", SECRETS)
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("authorization", "{}"),
        ("authorization", "Bearer {}"),
        ("authorization", "APIKEY {}"),
        ("x-api-key", "{}"),
        ("cookie", "theme=dummy; session={}"),
        ("cookie", "{}"),
        ("set-cookie", "session={}; Path=/; HttpOnly"),
    ],
)
def test_every_other_value_is_a_credential(name: str, form: str, value: str) -> None:
    assert is_credential_header(name, form.replace("{}", value))


def test_a_value_can_be_allowed() -> None:
    assert not is_credential_header("x-api-key", "hunter2", ["hunter2"])
    assert not is_credential_header("authorization", "Bearer hunter2", ["hunter2"])
    assert is_placeholder("hunter2", ["hunter2"])
    assert not is_placeholder("hunter3", ["hunter2"])


def test_all_credentials_in_an_exchange_are_listed() -> None:
    sent = {
        "authorization": "Basic dXNlcjpodW50ZXIy",
        "cookie": "session=8f14e45f",
        "x-api-key": "hunter2",
        "user-agent": "me",
    }
    answered = {"set-cookie": "session=9f14e45f; Path=/"}
    body = b'{"jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w"}'
    url = "https://example.org/?api_key=hunter2hunter2"
    exchange = Exchange(Request("GET", url, sent, b""), Response(200, "OK", answered, body))
    assert sorted(Redactor().secrets_at(exchange)) == [
        ("a JSON web token", "response body"),
        ("a credential, by its name,", "request URL, parameter api_key"),
        ("a credential, by its name,", "request header cookie"),
        ("a credential, by its name,", "request header x-api-key"),
        ("a credential, by its name,", "response header set-cookie"),
        ("a user and a password (Basic)", "request header authorization"),
    ]
