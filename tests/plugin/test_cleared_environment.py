"""A client of a marked test needs nothing from the environment, cleared or not."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

CLEARED = {
    "all but a region": '{"TABLE": "x", "AWS_DEFAULT_REGION": "eu-west-1"}',
    "all": "{}",
    "an empty region and empty keys": (
        '{"AWS_DEFAULT_REGION": "", "AWS_REGION": "", "AWS_ACCESS_KEY_ID": "", '
        '"AWS_SECRET_ACCESS_KEY": ""}'
    ),
    "a container's credentials": '{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"}',
    "a profile that is not there": '{"AWS_PROFILE": "shop"}',
    "a mode that asks for the region": '{"AWS_DEFAULTS_MODE": "auto"}',
    "an empty profile": '{"AWS_PROFILE": ""}',
    "a web identity": (
        '{"AWS_ROLE_ARN": "arn:aws:iam::1:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "nowhere"}'
    ),
}


@pytest.mark.parametrize("environment", CLEARED.values(), ids=CLEARED)
@pytest.mark.parametrize("client", ["boto3", "a session of its own", "aiobotocore"])
def test_environment_cleared_by_the_test_does_not_matter(
    shop: Shop, environment: str, client: str
) -> None:
    puts = {
        "boto3": 'boto3.client("personalize-events").put_items(**CALL)',
        "a session of its own": 'boto3.Session().client("personalize-events").put_items(**CALL)',
        "aiobotocore": "asyncio.run(put_async())",
    }
    shop.tests(
        f"""
import asyncio
import os
from unittest import mock
from aiobotocore.session import AioSession

CALL = {{"datasetArn": ACTIVE, "items": [{{"itemId": "1"}}]}}


async def put_async():
    async with AioSession().create_client("personalize-events") as client:
        await client.put_items(**CALL)


@pytest.mark.personalize_contract
@mock.patch.dict(os.environ, {environment}, clear=True)
def test_it():
    {puts[client]}
"""
    )
    result = shop.run("--personalize-target=reference")
    assert result.ret == 0, text(result)


def test_credentials_set_by_the_test_win(shop: Shop) -> None:
    shop.tests(
        """
@pytest.mark.personalize_contract
def test_it(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    session = boto3.Session()
    assert session.get_credentials().access_key == "testing"
    assert session.region_name == "eu-west-1"
    put()
"""
    )
    shop.run("--personalize-target=reference").assert_outcomes(passed=1)


def test_session_outliving_the_test_keeps_no_dummy_credentials(shop: Shop) -> None:
    shop.tests(
        """
SESSION = boto3.Session()


@pytest.mark.personalize_contract
def test_one():
    assert SESSION.get_credentials().access_key == "personalize-contract"
    put()


def test_two():
    assert SESSION.get_credentials() is None
"""
    )
    shop.run("--personalize-target=reference").assert_outcomes(passed=2)


def test_profile_in_the_code_need_not_exist(shop: Shop) -> None:
    shop.tests(
        """
@pytest.mark.personalize_contract
def test_it():
    client = boto3.Session(profile_name="shop").client("personalize-events")
    client.put_items(datasetArn=ACTIVE, items=[{"itemId": "tea"}])
"""
    )
    shop.run("--personalize-target=reference").assert_outcomes(passed=1)
