"""`unused` in the mark: an exchange that was recorded and not asked for."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract{mark}
def test_it():
    for first in range({batches}):
        put(first=first * 2)
"""


def shorter(shop: Shop, mark: str) -> pytest.RunResult:
    """Record three batches, and lose the last one."""
    shop.tests(TEST.format(mark=mark, batches=3))
    shop.record()
    shop.tests(TEST.format(mark=mark, batches=2))
    return shop.run()


@pytest.mark.parametrize("mark", ["", "(unused='fail')"])
def test_a_lost_last_batch_does_not_pass(shop: Shop, mark: str) -> None:
    result = shorter(shop, mark)
    result.assert_outcomes(passed=1, errors=1)
    assert (
        "1 of the 3 exchanges recorded in cassettes/test_shop/test_it.personalize.yaml "
        "were not asked for"
    ) in text(result)
    assert 'say unused="report" in its mark' in text(result)


def test_it_may_only_be_reported(shop: Shop) -> None:
    result = shorter(shop, "(unused='report')")
    result.assert_outcomes(passed=1)
    assert "2 replayed: 2 reference" in text(result)
    assert "unused: 1 exchange recorded in cassettes/test_shop/test_it.personalize.yaml" in text(
        result
    )


def test_a_test_that_fails_anyway_is_not_told(shop: Shop) -> None:
    shop.tests(TEST.format(mark="", batches=3))
    shop.record()
    shop.tests(TEST.format(mark="", batches=2) + "    assert False\n")
    result = shop.run()
    result.assert_outcomes(failed=1)
    assert "not asked for" not in text(result)


def test_there_is_nothing_else_to_say(shop: Shop) -> None:
    shop.tests(TEST.format(mark="(unused='ignore')", batches=1))
    result = shop.run()
    result.assert_outcomes(errors=1)
    assert "unused is 'fail' or 'report', not 'ignore'" in text(result)


def test_a_test_that_was_not_run_is_not_told(shop: Shop) -> None:
    shop.tests(TEST.format(mark="", batches=1))
    shop.record()
    shop.run("--setup-only").assert_outcomes()
