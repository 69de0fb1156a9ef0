"""A cassette answers only the test that it was recorded for."""

from __future__ import annotations

import shutil

import pytest

from helpers.shop import Shop, text

TWO = """
@pytest.mark.personalize_contract
def test_one():
    put(1)

@pytest.mark.personalize_contract
def test_two():
    put(1)
"""


@pytest.fixture
def copied(shop: Shop) -> Shop:
    """A shop whose second test has the cassette of its first."""
    shop.tests(TWO)
    shop.record("-k", "test_one").assert_outcomes(passed=1, deselected=1)
    shutil.copy(shop.cassette("test_one"), shop.cassette("test_two"))
    return shop


@pytest.mark.parametrize("record", [True, False])
def test_cassette_of_another_test_is_refused_with_both_ids(copied: Shop, record: bool) -> None:
    before = copied.cassette("test_two").read_bytes()
    result = copied.record() if record else copied.run()
    result.assert_outcomes(passed=1, errors=1)
    assert (
        "it belongs to test_shop.py::test_one, but this test is test_shop.py::test_two; rename "
        'one of the two tests, name another cassette in its mark, cassette="name", or delete this '
        "cassette if its test no longer exists"
    ) in text(result)
    assert copied.cassette("test_two").read_bytes() == before


def test_moved_module_keeps_its_cassettes(shop: Shop) -> None:
    shop.tests(TWO)
    shop.record().assert_outcomes(passed=2)
    (shop.path / "unit").mkdir()
    for name in ("test_shop.py", "cassettes"):
        (shop.path / name).rename(shop.path / "unit" / name)
    shop.run().assert_outcomes(passed=2)
    shop.record().assert_outcomes(passed=2)


def test_cassette_is_found_after_a_change_of_rootdir(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.tests(TWO, "unit/test_shop")
    (shop.path / "unit" / "pytest.ini").write_text("[pytest]\n")
    shop.record("unit").assert_outcomes(passed=2)
    (shop.path / "unit" / "pytest.ini").unlink()
    shop.ini()
    shop.run("unit").assert_outcomes(passed=2)


def test_cassette_without_recorded_for_belongs_to_any_test(shop: Shop) -> None:
    shop.tests(TWO)
    shop.record().assert_outcomes(passed=2)
    path = shop.cassette("test_two")
    path.write_text("".join(path.read_text().partition("interactions:\n")[1:]))
    shop.run().assert_outcomes(passed=2)


FOLDING = """
@pytest.mark.personalize_contract
@pytest.mark.parametrize("sku", ["UX", "ux", "Stra\\u00dfe"])
def test_ids(sku):
    put(1)
"""


def test_tests_that_differ_by_case_only_are_refused(shop: Shop) -> None:
    shop.tests(FOLDING)
    result = shop.record()
    result.assert_outcomes(passed=2, errors=1)
    assert "(macOS, Windows) can't tell it from test_ids[UX].personalize.yaml, which" in text(
        result
    )
    assert "belongs to test_shop.py::test_ids[UX], but this test is test_shop.py::test_ids[ux]" in (
        text(result)
    )
    # Recorded by an earlier version, on a case-sensitive file system: it still replays.
    path = shop.cassette("test_ids[ux]")
    path.write_text(shop.cassette("test_ids[UX]").read_text().replace("[UX]", "[ux]"))
    shop.run().assert_outcomes(passed=3)
