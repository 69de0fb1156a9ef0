"""`items_any_order` in the mark."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract{mark}
def test_it():
    items = [{{"itemId": item_id}} for item_id in {ids}]
    client().put_items(datasetArn=ACTIVE, items=items)
"""


@pytest.mark.parametrize(
    ("mark", "passed"), [("", 0), ("(items_any_order=True)", 1), ("(items_any_order=False)", 0)]
)
def test_items_may_be_reordered(shop: Shop, mark: str, passed: int) -> None:
    shop.tests(TEST.format(mark=mark, ids=["a", "b", "c"]))
    shop.record()
    shop.tests(TEST.format(mark=mark, ids=["c", "a", "b"]))
    shop.run().assert_outcomes(passed=passed, failed=1 - passed)


def test_any_order_still_needs_the_same_items(shop: Shop) -> None:
    shop.tests(TEST.format(mark="(items_any_order=True)", ids=["a", "b"]))
    shop.record()
    shop.tests(TEST.format(mark="(items_any_order=True)", ids=["b", "b"]))
    shop.run().assert_outcomes(failed=1)


def test_items_any_order_must_be_boolean(shop: Shop) -> None:
    shop.tests(TEST.format(mark="(items_any_order='yes')", ids=["a"]))
    result = shop.run()
    result.assert_outcomes(errors=1)
    assert "the mark personalize_contract: items_any_order must be of type bool, not 'yes'" in text(
        result
    )
