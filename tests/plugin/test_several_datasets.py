"""Several datasets of one state: each has a dummy ARN of its own, by the order of declaration."""

from __future__ import annotations

import re

import pytest

from helpers.shop import Shop, text

VIDEOS = "arn:aws:personalize:eu-west-1:111122223333:dataset/videos/ITEMS"
NEWS = "arn:aws:personalize:eu-west-1:111122223333:dataset/news/ITEMS"

TWO = """
@pytest.mark.personalize_contract
def test_it():
    put(1, arn="FIRST")
    put(1, arn="SECOND", first=5)
"""


def declare(shop: Shop, *arns: str) -> None:
    shop.ini("personalize_dataset =", *(f"  {arn}=active" for arn in arns))


@pytest.fixture
def recorded(shop: Shop) -> Shop:
    declare(shop, VIDEOS, NEWS)
    shop.tests(TWO.replace("FIRST", VIDEOS).replace("SECOND", NEWS))
    shop.record().assert_outcomes(passed=1)
    return shop


def test_dummies_are_numbered_from_the_second_dataset_on(recorded: Shop) -> None:
    written = recorded.cassette("test_it").read_text()
    assert re.findall(r"dataset/(contract-[a-z0-9-]+)/ITEMS", written) == [
        "contract-active",
        "contract-active-2",
    ]
    result = recorded.run()
    result.assert_outcomes(passed=1)
    assert "shared-dummy" not in text(result)


def test_items_sent_to_the_wrong_dataset_miss(recorded: Shop) -> None:
    recorded.tests(TWO.replace("FIRST", NEWS).replace("SECOND", VIDEOS))
    result = recorded.run()
    result.assert_outcomes(failed=1)
    assert "the same request is recorded for another dataset of this state" in text(result)


def test_changed_order_of_declaration_misses_with_a_hint(recorded: Shop) -> None:
    declare(recorded, NEWS, VIDEOS)
    result = recorded.run()
    result.assert_outcomes(failed=1)
    assert "or the order of personalize_dataset changed" in text(result)


def test_cassette_with_one_dummy_for_both_datasets_replays(recorded: Shop) -> None:
    path = recorded.cassette("test_it")
    written = path.read_text()
    path.write_text(
        written.replace("contract-active-2", "contract-active").replace(
            "  datasets: numbered\n", ""
        )
    )
    result = recorded.run()
    result.assert_outcomes(passed=1)
    assert text(result).count("shared-dummy: recorded with one dummy ARN") == 1


def test_one_dataset_of_each_state_needs_no_numbers(shop: Shop) -> None:
    shop.ini("personalize_dataset =", f"  {VIDEOS}=active", f"  {NEWS}=in-use")
    shop.tests(f'@pytest.mark.personalize_contract\ndef test_it():\n    put(1, arn="{VIDEOS}")\n')
    shop.record().assert_outcomes(passed=1)
    assert "datasets:" not in shop.cassette("test_it").read_text()
