"""`--personalize-account` and `personalize_account`: the account that may be written to.

That it must be the one STS names is tested where live runs are.
"""

from __future__ import annotations

import pytest

from helpers.command import ACTIVE
from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract
def test_it(personalize_dataset):
    put(arn=personalize_dataset.active)
"""
AWS = (
    "--personalize-target=live",
    "--personalize-region=us-east-1",
    f"--personalize-dataset={ACTIVE}=active",
    "--personalize-write-to-existing",
)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK" + "I" * 14)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-of-this-test")


def test_writing_to_aws_requires_the_account_option(shop: Shop) -> None:
    shop.tests(TEST)
    result = shop.run(*AWS)
    result.assert_outcomes(errors=1)
    assert "add --personalize-account ID, the account that may be written to" in text(result)
    assert "canary-of-this-test" not in text(result)


@pytest.mark.parametrize("value", ["123", "12345678901x", "arn:aws:iam::123456789012:user/x"])
def test_invalid_account_id_is_a_usage_error(shop: Shop, value: str) -> None:
    shop.tests(TEST)
    result = shop.run(*AWS, f"--personalize-account={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --personalize-account: the value is not an account id; write its" in text(result)
    assert value not in text(result)
    shop.ini(f"personalize_account = {value}")
    assert shop.run(*AWS).ret == pytest.ExitCode.USAGE_ERROR
