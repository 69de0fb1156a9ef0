"""A secret is found with any spelling of its name and any escaping of its text."""

from __future__ import annotations

import html
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.exchanges import URL, exchange
from personalize_contract.errors import SecretFound
from personalize_contract.model.exchange import Exchange, Request, Response
from personalize_contract.privacy.redaction import Redactor, mask_accounts
from personalize_contract.privacy.secrets import TOO_DEEP, Secrets

VALUE = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYcanarykey1"
NAMES = [
    "SecretAccessKey",
    "secretAccessKey",
    "secretaccesskey",
    "SECRETACCESSKEY",
    "secret_access_key",
    "AWS_SECRET_ACCESS_KEY",
    "aws-secret-access-key",
    "Secret Access Key",
    "secret  access _ key",
    "aws_secret_key",
]
WRITTEN: dict[str, Callable[[str, str], str]] = {
    "JSON": lambda name, value: json.dumps({name: value}),
    "an ini file": lambda name, value: f"{name} = {value}",
    "a form": lambda name, value: f"{quote(name)}={quote(value, safe='')}&a=b",
    "XML": lambda name, value: f"<{name}>{value}</{name}>",
    "YAML": lambda name, value: f"{name}: '{value}'",
    "HTML": lambda name, value: html.escape(json.dumps({name: value})),
    "HTML, by number": lambda name, value: f'"{name}"&#58; "{value.replace("/", "&#x2F;")}"',
}  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_found_by_its_name_in_any_spelling(name: str, written: str) -> None:
    assert Secrets().found_in(WRITTEN[written](name, VALUE)) == "an AWS secret key"


OTHER_NAMES = [
    *("api_key", "apiKey", "APIKEY", "Api Key", "x-api-key", "access_token", "refreshToken"),
    *("client_secret", "private-key", "Ocp-Apim-Subscription-Key", "sessionToken", "password1"),
    *("pwd", "Pass Word", "pass-phrase", "pass_word", "Authorization"),
]
RANDOM = "8f14e45fceea167a5a36dedd4bea2543"


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_value_is_found_by_the_name_of_a_credential(name: str, written: str) -> None:
    kind = Secrets().found_in(WRITTEN[written](name, RANDOM))
    assert kind == "a value with the name of a credential"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"nextToken": RANDOM}),
        json.dumps({"idempotency_key": RANDOM}),
        json.dumps({"apiKeyOf": RANDOM}),
        json.dumps({"tokens": RANDOM}),
        json.dumps({"keywords": "teapots-made-of-porcelain-2026"}),
        json.dumps({"api_key": "REDACTED", "password": "<password>", "token": "x" * 32}),
        json.dumps({"password": "at least eight characters"}),
        "Basic authentication is not supported",
        "the bearer of this ticket",
        "eyJhbGciOi.is.nothing",
        "redis://user:REDACTED@host and https://me:***@host",
    ],
)
def test_look_alikes_are_not_secrets(text: str) -> None:
    assert Secrets().found_in(text) is None


def nested(text: str, depth: int) -> str:
    for _ in range(depth):
        text = json.dumps({"a": text})
    return text


@pytest.mark.parametrize("secret", ["ghp_" + "a1" * 18, VALUE, 'quo"te-secret', "back\\slash-one"])
@pytest.mark.parametrize("depth", [0, 1, 4, 5, 9])
def test_json_in_json_hides_nothing_at_any_depth(secret: str, depth: int) -> None:
    secrets = Secrets([secret])
    assert secrets.found_in(nested(secret, depth))
    escaped = json.dumps(secret)[1:-1].replace("a", "\\u0061").replace("/", "\\/")
    assert secrets.found_in(nested(escaped, depth))


def wide(text: str) -> str:
    """Replace each letter by its look-alike of full width."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


ENCODERS = [
    lambda text: json.dumps({"a": text}),
    lambda text: quote(text, safe=""),
    html.escape,
    lambda text: "".join(
        f"&#{ord(character)};" if character > "\0" else "\0" for character in text
    ),
    lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    lambda text: text.encode("utf-16-le").decode("latin-1"),
]


@given(st.lists(st.sampled_from(ENCODERS), max_size=4))
def test_encodings_in_any_order_hide_nothing(encoders: list[Callable[[str], str]]) -> None:
    text = "AKIAIOSFODNN7CANARYX"
    for encode in encoders:
        text = encode(text)
    assert Secrets().found_in(text) == "an AWS access key id"


@pytest.mark.parametrize("disguised", [wide, "\u200b".join, "\u00ad".join])
@pytest.mark.parametrize("text", ["AKIAIOSFODNN7CANARYX", f'"password": "{RANDOM}"'])
def test_look_alike_and_invisible_characters_hide_nothing(
    text: str, disguised: Callable[[str], str]
) -> None:
    assert Secrets().found_in(disguised(text)) == Secrets().found_in(text) is not None
    assert Secrets().found_in(json.dumps({"a": disguised(text)}))


def test_escapes_nested_too_deeply_count_as_a_secret() -> None:
    assert Secrets().found_in("%" + "25" * 500) == TOO_DEEP


def token(header: dict[str, str], parts: int = 3) -> str:
    head = urlsafe_b64encode(json.dumps(header, indent=1).encode()).decode().rstrip("=")
    return ".".join([head, *["c2lnbmVk"] * (parts - 1)])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("bearer " + "a1" * 12, "a bearer token"),
        ("BEARER  " + "a1" * 12, "a bearer token"),
        ("Bearer+" + "a1" * 12, "a bearer token"),
        ("basic dXNlcjpodW50ZXIy", "a user and a password (Basic)"),
        ("BASIC dXNlcjpodW50ZXIy", "a user and a password (Basic)"),
        ("aws4-hmac-sha256 credential=x/y", "a SigV4 signature"),
        ("x-amz-signature=" + "0f" * 32, "a SigV4 signature"),
        ("redis://:hunter2@cache", "a password in a URL"),
        (token({"alg": "HS256"}), "a JSON web token"),
        (token({"typ": "JWT", "alg": "none"}), "a JSON web token"),
        (token({"enc": "A128GCM", "alg": "RSA-OAEP"}, 5), "a JSON web token"),
    ],
)
def test_schemes_match_in_any_case_and_tokens_by_shape(text: str, kind: str) -> None:
    assert Secrets().found_in(f'{{"a": "{text}"}}') == kind


@pytest.mark.parametrize(
    "query",
    [
        f"X-Amz-Security-Token={RANDOM}",
        f"x-amz-security-token={RANDOM}",
        f"api_key={RANDOM}",
        f"a=b&apikey={RANDOM}",
        f"ApiKey={RANDOM}&a=b",
        f"access%5Ftoken={RANDOM}",
        "key=hunter2hunter",
        "sig=hunter%2F2hunter",
    ],
)
def test_a_credential_in_a_query_is_not_written(query: str) -> None:
    sent = Request("POST", f"{URL}?{query}", {}, b"")
    with pytest.raises(SecretFound, match="request URL"):
        Redactor().exchange(Exchange(sent, Response(200, "OK", {}, b"")))


ACCOUNT = "123456789012"
ARNS = [
    "arn:aws:personalize:eu-west-1:{}:dataset/a/ITEMS",
    "arn:aws:personalize:*:{}:*",
    "arn:*:personalize:*:{}:dataset/*",
    "arn:aws:*:*:{}:*",
    "arn:aws-us-gov:iam::{}:role/a",
    "arn::::{}:a",
    "arn:aws:person?lize:eu-west-?:{}:dataset/a",
    "arn%3Aaws%3Apersonalize%3A%2A%3A{}%3Adataset",
]


@pytest.mark.parametrize("arn", ARNS)
def test_an_account_is_masked_in_an_arn_with_wildcards_or_empty_fields(arn: str) -> None:
    masked = mask_accounts(arn.format(ACCOUNT).encode()).decode()
    if "%2A" in arn:  # an encoded wildcard can't be masked, so it is not written
        with pytest.raises(SecretFound):
            Redactor().exchange(exchange(arn.format(ACCOUNT).encode()))
    else:
        assert masked == arn.format("0" * 12)
        assert Secrets().found_in(masked) is None
        assert Secrets().found_in(arn.format(ACCOUNT)) == "an account id in an ARN"


def test_an_allowed_value_is_not_a_secret() -> None:
    known = "ghp_" + "a1" * 18
    allowed = Secrets(placeholders=[known])
    assert allowed.found_in(f'{{"token": "{known}"}}') is None
    assert allowed.found_in(f'{{"token": "{known[:-1]}b"}}') == "a GitHub token"


def test_masking_replaces_each_secret_by_its_kind() -> None:
    github = "ghp_" + "a1" * 18
    shown = Secrets([VALUE]).masked(f"{VALUE} and {github}, https://me:hunter2@host/")
    assert shown == (
        "(a credential of this process) and (a GitHub token), "
        "https://me:(a password in a URL)@host/"
    )
    hidden = "".join(f"\\u{ord(character):04x}" for character in github)
    assert Secrets().masked(f"it is {hidden}") == "(not shown: it holds a GitHub token)"
