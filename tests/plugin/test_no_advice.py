"""`personalize_no_advice`: one piece of advice turned off by its name."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

SNAKE = """
@pytest.mark.personalize_contract
def test_it():
    put(properties='{"unit_price": [1]}')
"""


def test_only_the_named_advice_is_off(shop: Shop) -> None:
    shop.tests(SNAKE)
    shop.ini("personalize_no_advice =", "    key-case")
    result = shop.run("--personalize-target=reference")
    assert "key-case" not in text(result)
    assert "array-value" in text(result)


def test_advice_that_is_off_does_not_fail_strict_runs(shop: Shop) -> None:
    shop.tests(SNAKE)
    shop.ini("personalize_no_advice =", "    key-case", "    array-value")
    shop.run("--personalize-target=reference", "--personalize-strict").assert_outcomes(passed=1)


def test_an_unknown_name_is_a_usage_error(shop: Shop) -> None:
    shop.tests(SNAKE)
    shop.ini("personalize_no_advice = keycase")
    result = shop.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: personalize_no_advice: there is no advice 'keycase'; did you mean" in text(
        result
    )
