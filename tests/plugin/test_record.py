"""`--personalize-record` and `personalize_record`: passing tests are recorded."""

from __future__ import annotations

import pytest

from adversary.listening import served
from adversary.service import right
from helpers.command import ACTIVE
from helpers.shop import Shop, text

PUTS = """
@pytest.mark.personalize_contract
def test_it():
    put({count})
"""


def test_a_passing_test_gets_a_cassette(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2))
    result = shop.record()
    result.assert_outcomes(passed=1)
    assert "1 exchange recorded (reference 1, aws 0)" in text(result)
    assert shop.cassettes() == ["cassettes/test_shop/test_it.personalize.yaml"]
    assert "answered_by: reference" in shop.cassette("test_it").read_text()


def test_a_passing_test_replaces_its_cassette(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2))
    shop.record()
    shop.tests(PUTS.format(count=3))
    shop.record()
    shop.run().assert_outcomes(passed=1)
    assert "tea-2" in shop.cassette("test_it").read_text()


def test_only_the_selected_tests_are_recorded(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2) + PUTS.format(count=2).replace("test_it", "test_other"))
    shop.record("-k", "test_it")
    assert shop.cassettes() == ["cassettes/test_shop/test_it.personalize.yaml"]


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param("assert False", id="it fails"),
        pytest.param("pytest.skip('no')", id="it is skipped"),
        pytest.param("pytest.xfail('no')", id="it is expected to fail"),
        pytest.param("put(11)", id="it breaks the contract"),
    ],
)
def test_a_test_that_does_not_pass_leaves_the_old_cassette(shop: Shop, ends: str) -> None:
    shop.tests(PUTS.format(count=2))
    shop.record()
    before = shop.cassette("test_it").read_bytes()
    shop.tests(PUTS.format(count=3) + f"    {ends}\n")
    result = shop.record()
    assert shop.cassette("test_it").read_bytes() == before
    assert " recorded (" not in text(result).replace("not recorded", "")
    assert list(shop.path.rglob("*.partial.jsonl")) == []


EXPECTED = {
    "pytest.xfail": "@MARK\ndef test_it():\n    put()\n    pytest.xfail('no')",
    "raises": (
        "@MARK\n@pytest.mark.xfail(raises=ZeroDivisionError)\ndef test_it():\n    put()\n    1 / 0"
    ),
    "unittest": (
        "import unittest\n\n@MARK\nclass TestIt(unittest.TestCase):\n"
        "    def setUp(self):\n        put()\n\n"
        "    @unittest.expectedFailure\n    def test_it(self):\n        1 / 0"
    ),
}


@pytest.mark.parametrize("source", EXPECTED.values(), ids=EXPECTED)
def test_a_test_that_fails_as_expected_is_recorded_once(shop: Shop, source: str) -> None:
    shop.tests(source.replace("@MARK", "@pytest.mark.personalize_contract"))
    shop.record().assert_outcomes(xfailed=1)
    shop.run().assert_outcomes(xfailed=1)
    (path,) = shop.path.rglob("*.personalize.yaml")
    before = path.read_bytes()
    shop.record().assert_outcomes(xfailed=1)
    assert path.read_bytes() == before


def test_a_failing_teardown_leaves_the_old_cassette(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2))
    shop.record()
    before = shop.cassette("test_it").read_bytes()
    shop.tests(
        """
        @pytest.fixture
        def thing():
            yield
            raise RuntimeError("torn")

        @pytest.mark.personalize_contract
        def test_it(thing):
            put(3)
        """
    )
    shop.record().assert_outcomes(passed=1, errors=1)
    assert shop.cassette("test_it").read_bytes() == before


def test_a_test_that_sends_nothing_gets_no_cassette(shop: Shop) -> None:
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    pass\n")
    shop.record().assert_outcomes(passed=1)
    assert shop.cassettes() == []


def test_empty_recording_does_not_replace_a_cassette(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2))
    shop.record()
    (before,) = [path.read_bytes() for path in shop.path.rglob("*.personalize.yaml")]
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    pass\n")
    result = shop.record()
    result.assert_outcomes(failed=1)
    assert "nothing was recorded, so cassettes/test_shop/test_it" in text(result)
    assert [path.read_bytes() for path in shop.path.rglob("*.personalize.yaml")] == [before]


def test_unused_report_allows_an_empty_recording(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2))
    shop.record()
    shop.tests('@pytest.mark.personalize_contract(unused="report")\ndef test_it():\n    pass\n')
    result = shop.record()
    result.assert_outcomes(passed=1)
    assert "test_it.personalize.yaml has 1 exchange fewer than before" in text(result)


def test_recording_fewer_exchanges_than_before_is_reported(shop: Shop) -> None:
    mark = "@pytest.mark.personalize_contract\n"
    shop.tests(f"{mark}def test_it():\n    put()\n    put(first=5)\n    put(first=9)\n")
    shop.record()
    shop.tests(f"{mark}def test_it():\n    put()\n")
    result = shop.record()
    result.assert_outcomes(passed=1)
    assert "personalize.yaml has 2 exchanges fewer than before" in text(result)


def test_ignored_member_that_no_request_has_is_reported(shop: Shop) -> None:
    ignore = 'ignore=["items[].properties.category", "items[].properties.catgory"]'
    shop.tests(f"@pytest.mark.personalize_contract({ignore})\ndef test_it():\n    put()\n")
    output = text(shop.record())
    assert "ignore: no recorded request has items[].properties.catgory; " in output
    assert "has items[].properties.category" not in output


def test_weaker_provenance_does_not_replace_a_cassette(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2))
    with served(right()) as url:
        result = shop.run(
            "--personalize-record=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={ACTIVE}=active",
        )
    assert "1 exchange recorded (endpoint 1, aws 0)" in text(result)
    before = shop.cassette("test_it").read_bytes()
    result = shop.record()
    result.assert_outcomes(passed=1)
    assert shop.cassette("test_it").read_bytes() == before
    assert "kept: not overwritten" in text(result)
    assert "  cassettes/test_shop/test_it.personalize.yaml" in text(result)


def test_ini_key_has_the_same_effect(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2))
    shop.ini("personalize_record = reference")
    shop.run().assert_outcomes(passed=1)
    assert shop.cassettes() != []


def test_target_or_record_on_the_command_line_overrides_both_keys(shop: Shop) -> None:
    shop.tests(PUTS.format(count=2))
    shop.ini("personalize_target = live")
    shop.record().assert_outcomes(passed=1)
    shop.ini("personalize_record = reference")
    result = shop.run("--personalize-target=recorded")
    assert "1 exchange replayed" in text(result)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--personalize-record=recorded"], "no such target; it must be reference or live"),
        (
            ["--personalize-record=reference", "--personalize-target=live"],
            "--personalize-record reference and --personalize-target live conflict; drop one",
        ),
    ],
)
def test_contradictory_options_are_usage_errors(
    shop: Shop, arguments: list[str], message: str
) -> None:
    shop.tests(PUTS.format(count=2))
    result = shop.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert message in text(result)
    assert "Traceback" not in text(result)
