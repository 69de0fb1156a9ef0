"""The miss of a renamed test suggests matching cassettes of deleted tests."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from helpers import command
from helpers.shop import Shop, text

MARK = "@pytest.mark.personalize_contract\n"
NUMBERS = f"""
{MARK}@pytest.mark.parametrize("number", [1, 2])
def test_it(number):
    put(first=number)
"""
CLASS = f"""
{MARK}class TestShop:
    def test_tea(self):
        put(first=0)
        put(first=5)
"""
SHARED = CLASS.replace(MARK, '@pytest.mark.personalize_contract(cassette="seed")\n')
SWALLOWED = f"""
{MARK}def test_new():
    for number in (1, 2):
        try:
            put(first=number)
        except Exception:
            pass
"""


def commands(result: pytest.RunResult) -> list[list[str]]:
    """Return the commands that a run suggests, without duplicates."""
    lines = [line.lstrip("E ") for line in result.outlines]
    shown = dict.fromkeys(line for line in lines if line.startswith("personalize-contract rename"))
    return [shlex.split(line)[1:] for line in shown]


def moved(shop: Shop, source: str, name: str = "test_shop") -> Shop:
    """Replace all test modules by one."""
    for path in shop.path.rglob("test_*.py"):
        path.unlink()
    shop.tests(source, name)
    return shop


@pytest.mark.parametrize(
    ("before", "after", "module"),
    [
        (NUMBERS, NUMBERS.replace("[1, 2]", "[1, 2], ids=['b', 'a']"), "test_shop"),
        (NUMBERS, NUMBERS.replace("test_it", "test_renamed"), "test_shop"),
        (NUMBERS, NUMBERS, "unit/test_shop"),
        (NUMBERS, NUMBERS, "test_store"),
        (CLASS, CLASS.replace("TestShop", "TestStore"), "test_shop"),
        (CLASS, CLASS.replace("TestShop", "TestStore"), "unit/test_store"),
        (SHARED, SHARED.replace("seed", "start"), "test_shop"),
        (SHARED, SHARED, "test_store"),
    ],
    ids=["ids", "function", "folder", "module", "class", "all", "shared", "shared module"],
)
def test_suggested_commands_make_the_test_pass(
    shop: Shop, before: str, after: str, module: str
) -> None:
    shop.tests(before)
    shop.record()
    recorded = {path: (shop.path / path).read_bytes() for path in shop.cassettes()}
    result = moved(shop, after, module).run()

    assert "that no longer exists answers this request; to give it to this test, run:" in text(
        result
    )
    named = commands(result)
    assert len(named) == len(recorded)
    for arguments in named:
        assert command.run(*arguments, cwd=shop.path).returncode == 0
    assert len(shop.cassettes()) == len(recorded)
    assert not recorded.keys() & set(shop.cassettes())
    result = shop.run()
    assert result.ret == 0
    assert "gone" not in text(result)


def test_candidates_are_listed_nearest_first(shop: Shop) -> None:
    shop.tests("".join(f"{MARK}def test_{name}():\n    put()\n\n" for name in ("apple", "mate_a")))
    shop.record()
    result = moved(shop, f"{MARK}def test_mate_b():\n    put()\n").run()

    assert "2 cassettes of tests that no longer exist answer this request; to give one" in (
        text(result)
    )
    assert [Path(old).name for _, old, _, _ in commands(result)] == [
        "test_mate_a.personalize.yaml",
        "test_apple.personalize.yaml",
    ]


def test_candidate_must_answer_every_request_of_the_test(shop: Shop) -> None:
    shop.tests(NUMBERS + SWALLOWED.replace("new", "old"))
    shop.record()
    result = moved(shop, SWALLOWED).run()

    assert "3 cassettes" not in text(result)
    assert "2 cassettes of tests that no longer exist answer this request" in text(result)
    last = text(result).partition("cassette of a test that no longer exists answers all 2 requests")
    assert "rename cassettes/test_shop/test_old.personalize.yaml" in last[2]


def test_each_test_is_matched_with_its_own_ignored_members(shop: Shop) -> None:
    shop.tests(f"{MARK}def test_old():\n    put()\n")
    shop.record()
    ignoring = MARK.replace("contract", 'contract(ignore=["items[].itemId"])')
    source = "".join(
        f"{mark}def test_{name}():\n    put(first=7)\n\n"
        for mark, name in ((MARK, "exact"), (ignoring, "loose"), (MARK, "other"))
    )
    assert [test for *_, test in commands(moved(shop, source).run())] == [
        "test_shop.py::test_loose"
    ]


@pytest.mark.parametrize(
    ("after", "arguments"),
    [
        (NUMBERS.replace("first=number", "first=number + 7"), []),  # it sends another request
        (NUMBERS + NUMBERS.replace("test_it", "test_new"), []),  # its test exists
        (NUMBERS.replace(MARK, "") + NUMBERS.replace("test_it", "test_new"), []),  # without a mark
        (NUMBERS.replace("test_it", "test_new"), ["test_shop.py::test_new"]),  # its test is unknown
        (SHARED.replace("first=0", "first=1"), []),  # a shared cassette belongs to no single test
    ],
    ids=["other", "both", "unmarked", "selected", "shared"],
)
def test_no_unrelated_cassette_is_suggested(shop: Shop, after: str, arguments: list[str]) -> None:
    shop.tests(NUMBERS)
    shop.record()
    result = moved(shop, after).run(*arguments)

    assert result.ret == 1
    assert "no recorded exchange answers this PutItems request" in text(result)
    assert commands(result) == []


def test_module_that_was_not_collected_gives_no_candidate(shop: Shop) -> None:
    shop.tests(NUMBERS, "test_other")
    shop.record()
    shop.tests(NUMBERS.replace("test_it", "test_new"))

    assert commands(shop.run("test_shop.py")) == []


def test_copy_of_an_existing_tests_cassette_is_no_candidate(shop: Shop) -> None:
    shop.tests(NUMBERS)
    shop.record()
    shutil.copy(shop.cassette("test_it[1]"), shop.cassette("copy"))
    shop.tests(NUMBERS + NUMBERS.replace("test_it", "test_new"))

    assert commands(shop.run()) == []


def test_paths_are_relative_to_the_invocation_folder(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.ini("personalize_cassettes = kept")
    shop.tests(NUMBERS, "unit/test_shop")
    shop.record()
    moved(shop, NUMBERS, "unit/test_store")
    monkeypatch.chdir(shop.path / "unit")
    named = commands(shop.run())

    folder = os.path.join("..", "kept", "unit")  # noqa: PTH118 - as it is printed
    assert named[0] == [
        "rename",
        f"{folder}/test_shop/test_it[1].personalize.yaml",
        f"{folder}/test_store/test_it[1].personalize.yaml",
        "unit/test_store.py::test_it[1]",
    ]
    assert command.run(*named[0], cwd=shop.path / "unit").returncode == 0
    shop.run().assert_outcomes(passed=1, failed=1)
