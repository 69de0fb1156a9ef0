"""`--personalize-strict` and `personalize_strict`: advice fails."""

from __future__ import annotations

from helpers.shop import Shop, text

SNAKE = """
@pytest.mark.personalize_contract
def test_it():
    try:
        put(properties='{"unit_price": 4711}')
    except Exception:
        pass
"""


def test_strict_advice_fails_its_test(shop: Shop) -> None:
    shop.tests(SNAKE)
    shop.record().assert_outcomes(passed=1)
    result = shop.run("--personalize-strict")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "key-case: a key of properties is not in camel case",
            "  instead: write a schema field such as NUMBER_OF_RATINGS as numberOfRatings*",
            "  found:   items?0?.properties.unit_price",
            "  sent:    test_shop.py:16",
            "*personalize_no_advice = key-case in the ini file turns this one off",
        ]
    )
    assert "4711" not in text(result).partition("key-case")[2]


def test_ini_key_has_the_same_effect(shop: Shop) -> None:
    shop.tests(SNAKE)
    shop.record()
    shop.ini("personalize_strict = true")
    shop.run().assert_outcomes(failed=1)


def test_requests_without_advice_pass(shop: Shop) -> None:
    shop.tests(SNAKE.replace("unit_price", "unitPrice"))
    shop.record()
    shop.run("--personalize-strict").assert_outcomes(passed=1)


def test_each_call_site_is_reported_once(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            for first in (0, 10):
                put(properties='{"unit_price": 1}', first=first)
        """
    )
    result = shop.run("--personalize-target=reference", "--personalize-strict")
    result.assert_outcomes(failed=1)
    assert text(result).count("advice fails because of --personalize-strict") == 1
