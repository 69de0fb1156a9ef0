"""`personalize_cassettes`: one folder for all cassettes; else they are beside their modules."""

from __future__ import annotations

import pytest

from helpers.shop import Shop

TEST = """
@pytest.mark.personalize_contract
def test_it():
    put()
"""


def test_cassettes_are_beside_each_module(shop: Shop) -> None:
    shop.tests(TEST, "test_shop")
    shop.tests(TEST, "deep/down/test_shop")
    shop.record("--import-mode=importlib").assert_outcomes(passed=2)
    assert shop.cassettes() == [
        "cassettes/test_shop/test_it.personalize.yaml",
        "deep/down/cassettes/test_shop/test_it.personalize.yaml",
    ]


def test_one_folder_mirrors_the_modules(shop: Shop) -> None:
    shop.tests(TEST, "test_shop")
    shop.tests(TEST, "deep/down/test_shop")
    shop.ini("personalize_cassettes = recorded", "addopts = --import-mode=importlib")
    shop.record().assert_outcomes(passed=2)
    assert shop.cassettes() == [
        "recorded/deep/down/test_shop/test_it.personalize.yaml",
        "recorded/test_shop/test_it.personalize.yaml",
    ]
    shop.run().assert_outcomes(passed=2)


def test_folder_is_relative_to_the_ini_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.tests(TEST, "deep/test_shop")
    shop.ini("personalize_cassettes = recorded")
    monkeypatch.chdir(shop.path / "deep")
    shop.record().assert_outcomes(passed=1)
    assert shop.cassettes() == ["recorded/deep/test_shop/test_it.personalize.yaml"]


def test_different_node_ids_have_different_cassettes(shop: Shop) -> None:
    shop.tests(
        """
        NAMES = ["a/b", "a:b", "a b", "a-b", "é", "x" * 300, "x" * 301]

        @pytest.mark.personalize_contract
        @pytest.mark.parametrize("name", NAMES)
        def test_it(name):
            put(first=len(name))

        class TestIt:
            @pytest.mark.personalize_contract
            def test_it(self):
                put()
        """
    )
    shop.record().assert_outcomes(passed=8)
    assert len(shop.cassettes()) == 8
    assert all(len(path.rpartition("/")[2]) < 200 for path in shop.cassettes())
    shop.run().assert_outcomes(passed=8)
