"""An empty setting counts as unset: secrets are empty in a fork's pull request."""

from __future__ import annotations

import pytest

from adversary.listening import served
from adversary.service import right
from helpers.command import ACTIVE
from helpers.shop import Shop, text
from personalize_contract.plugin import options, run_settings
from personalize_contract.settings import Settings

TEST = """
@pytest.mark.personalize_contract
def test_it():
    put(1)
"""
INI_KEYS = [*options._BOTH, *options._FLAGS, *options._INI]
OPTIONS = [*options._BOTH, "operation"]
VARIABLES = [
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"),
    *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS", "AWS_CONFIG_FILE"),
    *("AWS_SHARED_CREDENTIALS_FILE", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_DEFAULTS_MODE"),
    *("AWS_METADATA_SERVICE_TIMEOUT", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    *("AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_DATA_PATH", "AWS_ACCOUNT_ID_ENDPOINT_MODE"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"),
    *("PYTEST_XDIST_WORKER_COUNT", "GITHUB_ACTIONS"),
]


@pytest.fixture
def recorded(shop: Shop) -> Shop:
    shop.ini()
    shop.tests(TEST)
    shop.record().assert_outcomes(passed=1)
    return shop


def test_empty_variable_is_unset(recorded: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        with monkeypatch.context() as patch:
            patch.setenv(name, "")
            recorded.run().assert_outcomes(passed=1)


def test_blank_variables_are_unset(recorded: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, " ")
    recorded.run().assert_outcomes(passed=1)


def test_empty_variables_are_unset_in_a_live_run(
    recorded: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    with served(right()) as url:
        live = (
            *("--personalize-target=live", f"--personalize-endpoint-url={url}"),
            f"--personalize-dataset={ACTIVE}=active",
        )
        recorded.run(*live).assert_outcomes(passed=1)


@pytest.mark.parametrize("key", INI_KEYS)
def test_empty_ini_key_is_unset(recorded: Shop, key: str) -> None:
    recorded.ini(f"personalize_{key} =")
    recorded.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("value", ["", " "])
def test_empty_option_falls_back_to_the_ini_key(recorded: Shop, value: str) -> None:
    for name in OPTIONS:
        recorded.run(f"--personalize-{name.replace('_', '-')}={value}").assert_outcomes(passed=1)
    recorded.ini("personalize_target = reference", "personalize_strict = yes")
    result = recorded.run(f"--personalize-target={value}", f"--personalize-record={value}")
    assert "answered, not recorded" in text(result)


def test_all_keys_empty_give_the_defaults(recorded: Shop) -> None:
    recorded.ini(*(f"personalize_{key} =" for key in INI_KEYS))
    config = recorded.pytester.parseconfig()
    assert run_settings.read(config)._replace(option_prefix="") == Settings()._replace(
        option_prefix=""
    )


def test_flag_that_is_not_boolean_is_a_usage_error(recorded: Shop) -> None:
    recorded.ini("personalize_strict = perhaps")
    result = recorded.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "personalize_strict: invalid truth value 'perhaps'; it must be true or false" in text(
        result
    )
