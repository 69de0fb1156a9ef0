"""A marked test runs with dummy credentials and a region in the environment."""

from __future__ import annotations

import os

import pytest

from helpers.shop import Shop

MARKED = """
import os

@pytest.mark.personalize_contract
def test_it():
    put()
    assert os.environ["AWS_ACCESS_KEY_ID"].startswith("personalize-contract")
    assert "AWS_PROFILE" not in os.environ
    assert "AWS_SESSION_TOKEN" not in os.environ

def test_unmarked():
    assert os.environ.get("AWS_ACCESS_KEY_ID") == {key!r}
    assert os.environ.get("AWS_PROFILE") == {profile!r}
    assert os.environ.get("AWS_DEFAULT_REGION") == {region!r}
"""


def test_no_real_credentials_are_needed(shop: Shop) -> None:
    shop.tests(MARKED.format(key=None, profile=None, region=None))
    shop.record().assert_outcomes(passed=2)
    shop.run().assert_outcomes(passed=2)
    assert not [name for name in os.environ if name.startswith("AWS_ACCESS")]


def test_real_credentials_are_hidden_and_restored(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = {
        "AWS_ACCESS_KEY_ID": "canary-key",
        "AWS_SECRET_ACCESS_KEY": "canary-secret",
        "AWS_SESSION_TOKEN": "canary-token",
        "AWS_PROFILE": "canary-profile",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    shop.tests(MARKED.format(key="canary-key", profile="canary-profile", region="eu-central-1"))
    shop.record().assert_outcomes(passed=2)
    assert {name: os.environ[name] for name in real} == real
    assert "canary" not in shop.cassette("test_it").read_text()


def test_users_region_is_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            assert client().meta.region_name == "eu-central-1"
        """
    )
    shop.run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "arguments", [{}, {"aws_access_key_id": "a", "aws_secret_access_key": "b"}]
)
def test_client_created_before_the_test_works(shop: Shop, arguments: dict[str, str]) -> None:
    shop.tests(
        f"""
        BEFORE = boto3.Session().client("personalize-events", "us-east-1", **{arguments})

        @pytest.mark.personalize_contract
        def test_it():
            BEFORE.put_items(datasetArn=ACTIVE, items=[{{"itemId": "tea"}}])
        """
    )
    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)
