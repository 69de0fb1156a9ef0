"""`--personalize-dataset` and `personalize_dataset`: the real datasets and their states."""

from __future__ import annotations

import pytest

from adversary.dialects import dialects
from adversary.listening import served
from helpers.shop import Shop, text

REAL = "arn:aws:personalize:eu-west-1:123456789012:dataset/shop/ITEMS"
USES = """
@pytest.mark.personalize_contract
def test_it(personalize_dataset):
    assert personalize_dataset.active == {arn!r}
    put(arn=personalize_dataset.active)
"""
DUMMY = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"

# The user's own datasets, unlike the dummies.
ANYBODYS = dialects()["states: every dataset of anybody is active"].service


def test_fixture_returns_the_dataset_of_each_state(shop: Shop) -> None:
    shop.tests(USES.format(arn=REAL))
    with served(ANYBODYS) as url:
        live = ("--personalize-target=live", f"--personalize-endpoint-url={url}")
        shop.run(*live, f"--personalize-dataset={REAL}=active").assert_outcomes(passed=1)
        shop.ini(f"personalize_dataset = {REAL}=active")
        shop.run(*live).assert_outcomes(passed=1)
        other = REAL.replace("shop", "other")
        result = shop.run(*live, f"--personalize-dataset={other}=active")
        result.assert_outcomes(failed=1)


def test_failures_mask_the_account(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it(personalize_dataset):
            personalize_dataset.inactive
        """
    )
    with served(ANYBODYS) as url:
        result = shop.run(
            "--personalize-target=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={REAL}=active",
        )
    result.assert_outcomes(failed=1)
    assert "Datasets(active='arn:aws:personalize:eu-west-1:000000000000" in text(result)
    assert "123456789012" not in text(result)
    assert "'inactive' is not a state of a dataset; use one of active, in_use, missing" in text(
        result
    )


def test_recording_names_a_dataset_by_its_state(shop: Shop) -> None:
    shop.tests(USES.format(arn=REAL))
    with served(ANYBODYS) as url:
        shop.run(
            "--personalize-record=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={REAL}=active",
        ).assert_outcomes(passed=1)
    assert "123456789012" not in shop.cassette("test_it").read_text()
    assert DUMMY in shop.cassette("test_it").read_text()
    shop.tests(USES.format(arn=DUMMY))
    shop.run().assert_outcomes(passed=1)


def test_undeclared_state_names_the_option_to_add(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it(personalize_dataset):
            personalize_dataset.in_use
        """
    )
    with served(ANYBODYS) as url:
        result = shop.run(
            "--personalize-target=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={REAL}=active",
        )
    result.assert_outcomes(failed=1)
    assert "add --personalize-dataset ARN=in-use" in text(result)


@pytest.mark.parametrize("value", ["shop=active", REAL, f"{REAL}=busy"])
def test_value_without_a_dataset_is_a_usage_error(shop: Shop, value: str) -> None:
    shop.tests(USES.format(arn=DUMMY))
    result = shop.run(f"--personalize-dataset={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --personalize-dataset: " in text(result)
    assert "Traceback" not in text(result)
