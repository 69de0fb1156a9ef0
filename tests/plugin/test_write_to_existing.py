"""`--personalize-write-to-existing` and `personalize_write_to_existing`: the permission."""

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
)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AK" + "I" * 14)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-of-this-test")


def test_existing_datasets_are_not_written_to_by_default(shop: Shop) -> None:
    shop.tests(TEST)
    result = shop.run(*AWS)
    result.assert_outcomes(errors=1)
    assert "add --personalize-write-to-existing to allow that" in text(result)


# The next missing option is the account, so the permission was accepted.


def test_option_allows_writing(shop: Shop) -> None:
    shop.tests(TEST)
    assert "account that may be written to" in text(
        shop.run(*AWS, "--personalize-write-to-existing")
    )


@pytest.mark.parametrize(("value", "leave"), [("true", True), ("false", False)])
def test_ini_key_allows_writing(shop: Shop, value: str, leave: bool) -> None:
    shop.tests(TEST)
    shop.ini(f"personalize_write_to_existing = {value}")
    assert ("account that may be written to" in text(shop.run(*AWS))) is leave
