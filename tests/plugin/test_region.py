"""`--personalize-region` and `personalize_region`: where the live service is."""

from __future__ import annotations

import pytest

from adversary.listening import served
from adversary.service import right
from helpers.command import ACTIVE
from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract
def test_it(personalize_dataset, personalize_client):
    assert client().meta.region_name == {region!r}
    assert personalize_client.meta.region_name == {region!r}
    put(arn=personalize_dataset.active)
"""


def test_region_applies_to_the_users_clients(shop: Shop) -> None:
    shop.tests(TEST.format(region="eu-west-1"))
    with served(right()) as url:
        live = (
            "--personalize-target=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={ACTIVE}=active",
        )
        shop.run(*live, "--personalize-region=eu-west-1").assert_outcomes(passed=1)
        shop.ini("personalize_region = eu-west-1")
        shop.run(*live).assert_outcomes(passed=1)
        shop.ini("personalize_region = us-west-2")
        shop.run(*live, "--personalize-region=eu-west-1").assert_outcomes(passed=1)


def test_missing_region_names_the_option_to_add(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    shop.tests(TEST.format(region="eu-west-1"))
    result = shop.run("--personalize-target=live", f"--personalize-dataset={ACTIVE}=active")
    assert "add --personalize-region, or set AWS_REGION" in text(result)


def test_recording_has_the_region(shop: Shop) -> None:
    shop.tests(TEST.format(region="eu-west-1"))
    with served(right()) as url:
        shop.run(
            "--personalize-record=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={ACTIVE}=active",
            "--personalize-region=eu-west-1",
        ).assert_outcomes(passed=1)
    assert "region: eu-west-1" in shop.cassette("test_it").read_text()


def test_recording_of_one_region_replays_in_another(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            put()
        """
    )
    shop.record()
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it(monkeypatch):
            monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-2")
            assert client().meta.region_name == "ap-southeast-2"
            put(arn=ACTIVE.replace("us-east-1", "ap-southeast-2"))
        """
    )
    shop.run().assert_outcomes(passed=1)
