"""`redact` in the mark, and `personalize_redact`: members that are never written."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract{mark}
def test_it():
    put(properties='{{"email": "ann@example.com", "phone": "0190-4711", "category": "tea"}}')
"""


def record(shop: Shop, mark: str) -> str:
    shop.tests(TEST.format(mark=mark))
    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)
    return shop.cassette("test_it").read_text()


def test_nothing_is_redacted_by_default(shop: Shop) -> None:
    assert "ann@example.com" in record(shop, "")


def test_mark_redacts_members(shop: Shop) -> None:
    recorded = record(shop, "(redact=['items[].properties.email'])")
    assert "ann@example.com" not in recorded
    assert "0190-4711" in recorded
    assert "tea" in recorded


def test_ini_file_redacts_members(shop: Shop) -> None:
    shop.ini("personalize_redact = items[].properties.email")
    assert "ann@example.com" not in record(shop, "")


def test_mark_and_ini_file_are_combined(shop: Shop) -> None:
    shop.ini("personalize_redact = items[].properties.email")
    recorded = record(shop, "(redact=['items[].properties.phone'])")
    assert "ann@example.com" not in recorded
    assert "0190-4711" not in recorded


@pytest.mark.parametrize("path", ["items.properties.email", "email", "item[].properties.email"])
def test_unknown_member_path_is_refused(shop: Shop, path: str) -> None:
    shop.tests(TEST.format(mark=f"(redact=['{path}'])"))
    result = shop.record("--tb=line")
    result.assert_outcomes(errors=1)
    assert f"no request has a member '{path}'" in text(result)
    assert shop.cassettes() == []


def test_summary_names_redacted_members_that_no_request_has(shop: Shop) -> None:
    shop.ini("personalize_redact = items[].properties.email")
    shop.tests(TEST.format(mark="(redact=['items[].properties.mail'])"))
    result = shop.record()
    result.assert_outcomes(passed=1)
    assert "redact: no recorded request has items[].properties.mail" in text(result)
    assert "has items[].properties.email" not in text(result)


def test_miss_does_not_show_redacted_members(shop: Shop) -> None:
    record(shop, "(redact=['items[].properties.email'])")
    source = TEST.format(mark="(redact=['items[].properties.email'])").replace('"tea"', '"mate"')
    shop.tests(source)
    result = shop.run("--tb=line")
    result.assert_outcomes(failed=1)
    assert "properties.category" in text(result)
    assert "ann@example.com" not in text(result)


@pytest.mark.parametrize("secret", ["AKIA" + "Q" * 16])
def test_recording_with_a_secret_is_not_written(shop: Shop, secret: str) -> None:
    shop.tests(TEST.format(mark="").replace("ann@example.com", secret))
    result = shop.record("--tb=line")
    result.assert_outcomes(failed=1)
    assert "an AWS access key id is in the request body, so nothing was written" in text(result)
    assert shop.cassettes() == []
