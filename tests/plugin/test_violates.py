"""`violates` in the mark: an intended violation, which then has to happen."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract(violates={violates})
def test_it():
    try:
        put({count})
    except botocore.exceptions.ClientError:
        pass
"""
ELEVEN = ["request.items.max-members"]


def test_clause_in_violates_passes(shop: Shop) -> None:
    shop.tests(TEST.format(violates=ELEVEN, count=11))
    result = shop.record()
    result.assert_outcomes(passed=1)
    assert "violation" not in text(result)
    shop.run().assert_outcomes(passed=1)


def test_violates_fails_if_no_request_breaks_the_clause(shop: Shop) -> None:
    shop.tests(TEST.format(violates=ELEVEN, count=10))
    result = shop.record()
    result.assert_outcomes(failed=1)
    assert (
        "the mark says violates=['request.items.max-members'], but no request of this test broke"
        in text(result)
    )
    assert shop.cassettes() == []


def test_another_violation_still_fails(shop: Shop) -> None:
    source = TEST.format(violates=ELEVEN, count='11, arn="shop"')
    shop.tests(source)
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    assert "request.dataset-arn.pattern is broken by this test's request" in text(result)
    assert "request.items.max-members is broken" not in text(result)


def test_violates_is_not_checked_if_the_test_fails(shop: Shop) -> None:
    shop.tests(TEST.format(violates=ELEVEN, count=10) + "    assert False\n")
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    assert "this test says that it breaks" not in text(result)


@pytest.mark.parametrize(
    ("violates", "message"),
    [
        (["request.items.max-member"], "did you mean request.items.max-members"),
        (["response.success.status"], "response.success.status binds the service"),
        (
            "request.items.max-members",
            "violates must be a list of strings, not 'request.items.max-",
        ),
        ([1], "violates must be a list of strings, not [1]"),
    ],
)
def test_invalid_violates_is_an_error_of_one_line(
    shop: Shop, violates: object, message: str
) -> None:
    shop.tests(TEST.format(violates=repr(violates), count=11))
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(errors=1)
    assert message in text(result)
    assert "Traceback" not in text(result)
    assert "During handling" not in text(result)
    assert "plugin.py" not in text(result)
