"""A mark covers its test from the first fixture's set-up to the last one's teardown."""

from __future__ import annotations

from helpers.shop import Shop, text

FIXTURES = """
@pytest.fixture
def catalogue():
    put(2, first=0)
    yield
    put(2, first=2)
"""


def test_fixtures_are_answered_and_recorded(shop: Shop) -> None:
    shop.tests(
        FIXTURES
        + """
@pytest.mark.personalize_contract
def test_it(catalogue):
    pass
"""
    )
    shop.record().assert_outcomes(passed=1)
    assert shop.cassette("test_it").read_text().count("- request:") == 2
    result = shop.run()
    result.assert_outcomes(passed=1)
    assert "2 exchanges replayed" in text(result)


def test_a_violation_in_a_set_up_fails_the_test(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.fixture
        def catalogue():
            try:
                put(11)
            except Exception:
                pass

        @pytest.mark.personalize_contract
        def test_it(catalogue):
            print("it ran")
        """
    )
    result = shop.run("--personalize-target=reference", "-s")
    result.assert_outcomes(failed=1)
    assert "request.items.max-members is broken" in text(result)
    assert "it ran" not in text(result)


def test_finding_comes_before_the_error_of_a_set_up(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.fixture
        def catalogue():
            put(11)

        @pytest.mark.personalize_contract
        def test_it(catalogue):
            pass
        """
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_it*",
            "request.items.max-members is broken*",
            "*how the test failed*",
        ]
    )


def test_a_violation_in_a_teardown_is_an_error(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.fixture
        def catalogue():
            yield
            try:
                put(11)
            except Exception:
                pass

        @pytest.mark.personalize_contract
        def test_it(catalogue):
            pass
        """
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(passed=1, errors=1)
    assert "request.items.max-members is broken" in text(result)


def test_next_test_is_not_affected(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            put(2)

        def test_next():
            with pytest.raises(botocore.exceptions.NoRegionError):
                put(2)
        """
    )
    shop.record().assert_outcomes(passed=2)


def test_module_fixture_belongs_to_the_test_that_sets_it_up(shop: Shop) -> None:
    shop.tests(
        """
        @pytest.fixture(scope="module")
        def catalogue():
            put(2)

        @pytest.mark.personalize_contract
        def test_first(catalogue):
            pass

        @pytest.mark.personalize_contract
        def test_second(catalogue):
            pass
        """
    )
    shop.record().assert_outcomes(passed=2)
    assert shop.cassettes() == ["cassettes/test_shop/test_first.personalize.yaml"]
    shop.run().assert_outcomes(passed=2)
