"""A request that breaks the contract fails its test, whatever the answer."""

from __future__ import annotations

import re

import pytest

from helpers.shop import Shop, text

BROKEN = "request.items.max-members is broken by this test's request"


@pytest.fixture(params=["recorded", "reference"])
def target(request: pytest.FixtureRequest) -> str:
    return f"--personalize-target={request.param}"


def test_report_has_clause_statement_source_path_and_line(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            put(11)
        """
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            BROKEN,
            "  says:   items has at most 10 members. [[]Request Body: items[]]",
            "  found:  items: it has 11 members",
            "  sent:   test_shop.py:16",
            '  if the test means it: violates=["request.items.max-members"] in its mark',
        ]
    )


def test_value_is_shortened_and_its_account_masked(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            put(arn="arn:aws:personalize:us-east-1:123456789012:" + "x" * 300)
        """
    )
    result = shop.run("--personalize-target=reference", "--tb=line")
    found_line = next(line for line in result.outlines if line.startswith("  found:  datasetArn"))
    assert "arn:aws:personalize:us-east-1:000000000000:" in found_line
    assert "123456789012" not in found_line
    assert len(found_line) < 200


def test_properties_are_never_shown(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            put(properties="-".join(["Ann"] * 10000))
        """
    )
    result = shop.run("--personalize-target=reference", "--tb=short")
    assert "  found:  items[0].properties: it has 39999 characters\n" in text(result)
    assert "Ann-Ann" not in text(result)


def test_violation_answered_with_200_still_fails_the_test(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            put(10)
        """
    )
    shop.record()
    # Eleven items answered with 200, as in an edited cassette or a mock.
    recorded = shop.cassette("test_it")
    eleventh = recorded.read_text().replace(
        '"tea-9", "properties": "{\\"category\\": \\"tea\\"}"}',
        '"tea-9", "properties": "{\\"category\\": \\"tea\\"}"}, '
        '{"itemId": "tea-10", "properties": "{\\"category\\": \\"tea\\"}"}',
    )
    assert eleventh != recorded.read_text()
    recorded.write_text(eleventh)
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            answer = put(11)
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        """
    )
    result = shop.run()
    result.assert_outcomes(failed=1)
    assert BROKEN in text(result)


def test_swallowed_exception_still_fails_the_test(shop: Shop, target: str) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            try:
                put(11)
            except Exception:
                pass
        """
    )
    result = shop.run(target)
    result.assert_outcomes(failed=1)
    assert BROKEN in text(result)


def test_swallowed_miss_still_fails_the_test(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            try:
                put(1)
            except Exception:
                pass
        """
    )
    result = shop.run()
    result.assert_outcomes(failed=1)
    assert "no recorded exchange answers this PutItems request" in text(result)
    assert "pytest test_shop.py::test_it --personalize-record reference" in text(result)


def test_thread_belongs_to_the_test_that_started_it(shop: Shop, target: str) -> None:
    shop.tests(
        """
        from concurrent.futures import ThreadPoolExecutor

        @pytest.mark.personalize_contract
        def test_it():
            with ThreadPoolExecutor() as pool:
                pool.submit(put, 11)

        @pytest.mark.personalize_contract
        def test_next():
            pass
        """
    )
    result = shop.run(target)
    result.assert_outcomes(passed=1, failed=1)
    assert BROKEN in text(result)
    assert "sent:   test_shop.py:16" in text(result)


def test_thread_may_send_during_the_teardown(shop: Shop, target: str) -> None:
    shop.tests(
        """
        import threading

        @pytest.fixture
        def worker():
            begin = threading.Event()

            def work():
                begin.wait(10)
                try:
                    put(11)
                except Exception:
                    pass

            thread = threading.Thread(target=work)
            thread.start()
            yield
            begin.set()
            thread.join(10)

        @pytest.mark.personalize_contract
        def test_it(worker):
            pass
        """
    )
    result = shop.run(target)
    result.assert_outcomes(passed=1, errors=1)
    assert BROKEN in text(result)


def test_each_call_site_is_reported_once(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            for count in (11, 12, 13):
                try:
                    put(count)
                except Exception:
                    pass
            try:
                client().put_items(datasetArn=ACTIVE, items=[{"itemId": "x"}] * 11)
            except Exception:
                pass
        """
    )
    result = shop.run("--personalize-target=reference")
    assert re.findall(r"sent:   (\S+)", text(result)) == ["test_shop.py:16", "test_shop.py:28"]
    assert "2 violations of the contract" in text(result)


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        pytest.param("pytest.skip('not today')", {"failed": 1}, id="skipped afterwards"),
        pytest.param("pytest.xfail('known')", {"xfailed": 1}, id="expected to fail"),
        pytest.param("assert False", {"failed": 1}, id="failed anyway"),
    ],
)
def test_outcome_follows_how_the_test_ends(shop: Shop, ends: str, outcome: dict[str, int]) -> None:
    shop.tests(
        f"""
        @pytest.mark.personalize_contract
        def test_it():
            try:
                put(11)
            except Exception:
                pass
            {ends}
        """
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(**outcome)
    if "failed" in outcome:
        assert BROKEN in text(result)


def test_violation_satisfies_xfail(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.xfail(strict=True)
        @pytest.mark.personalize_contract
        def test_it():
            try:
                put(11)
            except Exception:
                pass
        """
    )
    shop.run("--personalize-target=reference").assert_outcomes(xfailed=1)


def test_skipped_test_is_not_set_up(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.skip
        @pytest.mark.personalize_contract(violates=["no.such.clause"])
        def test_it():
            put(11)
        """
    )
    shop.run().assert_outcomes(skipped=1)


def test_finding_in_a_unittest_case_is_reported(shop: Shop) -> None:
    shop.tests(
        """
        import unittest

        @pytest.mark.personalize_contract
        class TestIt(unittest.TestCase):
            def test_raises(self):
                put(11)

            def test_swallows(self):
                try:
                    put(11)
                except Exception:
                    pass
        """
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=2)
    assert text(result).count(f"{BROKEN}\n  says:") == 2
