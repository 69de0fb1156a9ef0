"""The mark: on functions, classes and modules, and in combination."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text


def test_mark_is_declared(shop: Shop) -> None:
    result = shop.run("--markers")
    assert "@pytest.mark.personalize_contract(violates, ignore, items_any_order" in text(result)
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    pass\n")
    shop.run("--strict-markers").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("pytestmark = pytest.mark.personalize_contract\n{}", id="module"),
        pytest.param("@pytest.mark.personalize_contract\n{}", id="class"),
    ],
)
def test_mark_on_a_class_or_module_applies_to_its_tests(shop: Shop, source: str) -> None:
    shop.tests(source.format("class TestIt:\n    def test_it(self):\n        put(11)\n"))
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    assert "request.items.max-members" in text(result)


def test_lists_of_all_marks_are_combined(shop: Shop) -> None:
    shop.tests(
        """
        pytestmark = pytest.mark.personalize_contract(redact=["items[].properties.phone"])

        @pytest.mark.personalize_contract(violates=["request.items.max-members"])
        class TestIt:
            @pytest.mark.personalize_contract(
                violates=["request.dataset-arn.pattern"], redact=["items[].properties.email"]
            )
            def test_it(self):
                with pytest.raises(botocore.exceptions.ClientError):
                    put(11, arn="shop", properties='{"phone": "0190-4711", "email": "ann@x.org"}')
        """
    )
    shop.record().assert_outcomes(passed=1)
    recorded = shop.cassette("TestIt.test_it").read_text()
    assert "0190-4711" not in recorded
    assert "ann@x.org" not in recorded


def test_nearest_mark_decides_other_arguments(shop: Shop) -> None:
    source = """
        pytestmark = pytest.mark.personalize_contract(unused="report", items_any_order=True)

        @pytest.mark.personalize_contract{mark}
        def test_it():
            for first in {batches}:
                put(first=first)
        """
    shop.tests(source.format(mark="", batches=[0, 2]))
    shop.record()
    shop.tests(source.format(mark="", batches=[0]))
    shop.run().assert_outcomes(passed=1)
    shop.tests(source.format(mark="(unused='fail')", batches=[0]))
    shop.run().assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("(violate=[])", "has no argument 'violate'; did you mean violates?"),
        ("(hosts=[])", "has no argument 'hosts'; it has violates, ignore,"),
        ("('x', violates=[])", "takes keyword arguments only"),
        ("(ignore='items')", "ignore must be a list of strings, not 'items'"),
    ],
)
def test_invalid_mark_fails_its_test_with_one_line(shop: Shop, mark: str, message: str) -> None:
    shop.tests(
        f"""
        @pytest.mark.personalize_contract{mark}
        def test_it():
            put()

        def test_another():
            pass
        """
    )
    result = shop.run()
    result.assert_outcomes(passed=1, errors=1)
    assert f"the mark personalize_contract {message}" in text(result).replace(
        "contract:", "contract"
    )
    assert "Traceback" not in text(result)


@pytest.mark.parametrize("fixture", ["personalize_client", "personalize_service"])
def test_fixtures_imply_the_mark(shop: Shop, fixture: str) -> None:
    shop.tests(
        f"""
        def test_it({fixture}):
            put(11)
        """
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    assert "request.items.max-members" in text(result)


@pytest.mark.parametrize("fixture", ["personalize_client", "personalize_service"])
def test_getfixturevalue_during_the_test_is_refused(shop: Shop, fixture: str) -> None:
    shop.tests(
        f"""
        def test_it(request):
            request.getfixturevalue({fixture!r})
        """
    )
    result = shop.run("--tb=line")
    result.assert_outcomes(failed=1)
    assert "as a test or fixture argument: getfixturevalue() during the test is too late" in text(
        result
    )
