"""`--personalize-target` and `personalize_target`: the target that answers."""

from __future__ import annotations

import pytest

from adversary.listening import served
from adversary.service import right
from helpers.command import ACTIVE
from helpers.shop import Shop, text

PUTS = """
@pytest.mark.personalize_contract
def test_it():
    put()
"""


def test_cassettes_answer_by_default(shop: Shop) -> None:
    shop.tests(PUTS)
    shop.record()
    result = shop.run()
    result.assert_outcomes(passed=1)
    assert "1 exchange replayed (reference 1, aws 0)" in text(result)


def test_the_reference_service_answers_without_a_cassette(shop: Shop) -> None:
    shop.tests(PUTS)
    result = shop.run("--personalize-target", "reference")
    result.assert_outcomes(passed=1)
    assert "1 exchange answered, not recorded (reference 1, aws 0)" in text(result)
    assert shop.cassettes() == []


def test_live_target_is_the_endpoint_of_the_option(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it(personalize_dataset):
            put(arn=personalize_dataset.active)
        """
    )
    with served(right()) as url:
        result = shop.run(
            "--personalize-target=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={ACTIVE}=active",
        )
    result.assert_outcomes(passed=1)
    assert "1 exchange answered, not recorded (endpoint 1, aws 0)" in text(result)


def test_ini_key_has_the_same_effect(shop: Shop) -> None:
    shop.tests(PUTS)
    shop.ini("personalize_target = reference")
    shop.run().assert_outcomes(passed=1)


def test_option_overrides_the_ini_key(shop: Shop) -> None:
    shop.tests(PUTS)
    shop.ini("personalize_target = reference")
    result = shop.run("--personalize-target=recorded")
    result.assert_outcomes(failed=1)
    assert "no recorded exchange answers" in text(result)


@pytest.mark.parametrize(
    ("arguments", "ini", "message"),
    [
        (["--personalize-target=mars"], [], "--personalize-target mars: no such target"),
        ([], ["personalize_target = mars"], "personalize_target = mars: no such target"),
    ],
)
def test_unknown_target_is_a_usage_error(
    shop: Shop, arguments: list[str], ini: list[str], message: str
) -> None:
    shop.tests(PUTS)
    shop.ini(*ini)
    result = shop.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {message}; it must be recorded or reference or live" in text(result)
    assert "Traceback" not in text(result)
