"""`ignore` in the mark, and `personalize_ignore`: members that replay doesn't match on."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract{mark}
def test_it():
    put(properties='{{"price": {price}, "category": "{category}"}}')
"""
PRICE = "items[].properties.price"


def change(shop: Shop, mark: str, category: str = "tea") -> pytest.RunResult:
    """Record at one price, replay at another."""
    shop.tests(TEST.format(mark=mark, price=1, category="tea"))
    shop.record()
    shop.tests(TEST.format(mark=mark, price=2, category=category))
    return shop.run()


def test_every_member_is_matched_by_default(shop: Shop) -> None:
    result = change(shop, "")
    result.assert_outcomes(failed=1)
    assert f"{PRICE.replace('[]', '[0]')}: sent 2, recorded 1" in text(result)


def test_mark_ignores_members(shop: Shop) -> None:
    change(shop, f"(ignore=['{PRICE}'])").assert_outcomes(passed=1)


def test_ini_file_ignores_members(shop: Shop) -> None:
    shop.ini(f"personalize_ignore = {PRICE}")
    change(shop, "").assert_outcomes(passed=1)


def test_other_members_are_still_matched(shop: Shop) -> None:
    change(shop, f"(ignore=['{PRICE}'])", "coffee").assert_outcomes(failed=1)


def test_mark_and_ini_file_are_combined(shop: Shop) -> None:
    shop.ini(f"personalize_ignore = {PRICE}")
    change(shop, "(ignore=['items[].properties.category'])", "coffee").assert_outcomes(passed=1)
