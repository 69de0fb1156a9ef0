"""Cassettes without a test: listed, if all of their module's tests were collected."""

from __future__ import annotations

import pytest

from helpers import command
from helpers.shop import Shop, text

TESTS = """
@pytest.mark.personalize_contract
@pytest.mark.parametrize("number", range(2))
def test_it(number):
    put(first=number)

@pytest.mark.personalize_contract
def test_kept():
    put()
"""
LATER = TESTS.replace("range(2)", "range(1)")
GONE = "  cassettes/test_shop/test_it[1].personalize.yaml"


@pytest.fixture
def later(shop: Shop) -> Shop:
    """A repo in which a test was deleted, after it was recorded."""
    shop.tests(TESTS)
    shop.record().assert_outcomes(passed=3)
    shop.tests(LATER)
    return shop


@pytest.mark.parametrize("arguments", [[], ["test_shop.py"], ["."], ["-x"], ["--ff"]])
def test_cassette_of_a_deleted_test_is_listed(later: Shop, arguments: list[str]) -> None:
    result = later.run("-p", "cacheprovider", *arguments)
    assert (
        "gone: the test no longer exists, or no longer has the mark; delete the cassette"
        in text(result)
    )
    assert [line for line in result.outlines if line.endswith(".yaml")] == [GONE]
    assert GONE.strip() in later.cassettes()


@pytest.mark.parametrize(
    "arguments",
    [
        ["-k", "kept"],
        ["test_shop.py::test_kept"],
        ["--deselect", "test_shop.py::test_kept"],
        ["-m", "personalize_contract and not slow", "-k", "not kept"],
        ["-p", "cacheprovider", "--lf"],
    ],
)
def test_partial_collection_lists_nothing(later: Shop, arguments: list[str]) -> None:
    later.tests(LATER + "    assert False\n")
    if "--lf" in arguments:
        later.run("-p", "cacheprovider")
    result = later.run(*arguments)
    assert "gone:" not in text(result)


def test_cassette_of_a_test_without_its_mark_is_gone(later: Shop) -> None:
    later.tests(TESTS.replace("@pytest.mark.personalize_contract\ndef test_kept", "def test_kept"))
    result = later.run("--deselect=nothing")
    assert "  cassettes/test_shop/test_kept.personalize.yaml" in result.outlines


def test_all_cassettes_of_a_deleted_module_are_listed(later: Shop) -> None:
    later.tests(TESTS, "test_other")
    later.record("test_other.py")
    (later.path / "test_shop.py").unlink()
    result = later.run()
    listed = [line for line in result.outlines if line.endswith(".yaml")]
    assert len(listed) == 3
    assert GONE in listed


def test_other_folders_of_cassettes_are_ignored(later: Shop) -> None:
    suite = later.path / "cassettes" / "PutItems"
    suite.mkdir()
    (suite / "success.personalize.yaml").write_text("interactions: []\nversion: 1\n")
    assert "PutItems" not in text(later.run())


def test_modules_that_were_not_collected_are_ignored(later: Shop) -> None:
    later.tests(TESTS, "test_other")
    later.record("test_other.py")
    later.tests(LATER, "test_other")
    result = later.run("test_shop.py")
    assert [line for line in result.outlines if line.endswith(".yaml")] == [GONE]


def test_xdist_lists_gone_cassettes_once(later: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin,xdist.plugin")
    result = later.run("-n2")
    assert [line for line in result.outlines if line.endswith(".yaml")] == [GONE]


@pytest.mark.parametrize("recorded", [["--count=2"], []], ids=["copies", "the test itself"])
@pytest.mark.parametrize("run", [["--count=2"], []], ids=["copies", "the test itself"])
def test_copies_of_a_test_make_no_cassette_gone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, recorded: list[str], run: list[str]
) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin,pytest_repeat")
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    put()\n")
    shop.record(*recorded)
    assert "gone: the test no longer exists" not in text(shop.run(*run))


def lint(shop: Shop, *arguments: str) -> tuple[int, str]:
    env = command.environment(
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_PLUGINS="personalize_contract.plugin"
    )
    done = command.run("lint", *arguments, cwd=shop.path, env=env)
    return done.returncode, done.stdout + done.stderr


def test_lint_lists_and_removes_gone_cassettes(later: Shop) -> None:
    later.ini("addopts = -m 'not slow' -k kept")
    status, shown = lint(later, "--gone")
    assert status == 1
    problem = "its test no longer exists, or no longer has the mark; delete it"
    assert f"{GONE.strip()}: {problem}" in shown.splitlines()
    assert GONE.strip() in later.cassettes()
    status, shown = lint(later, "--remove-gone", "cassettes")
    assert status == 0
    note = "note: its test no longer exists, or no longer has the mark; removed"
    assert f"{GONE.strip()}: {note}" in shown.splitlines()
    assert "1 cassette removed" in shown
    assert len(later.cassettes()) == 2
    later.ini()
    later.run().assert_outcomes(passed=2)


@pytest.mark.parametrize("broken", ["import nosuch", "addopts = test_shop.py::test_kept"])
def test_lint_removes_nothing_where_not_all_tests_are_collected(later: Shop, broken: str) -> None:
    if broken.startswith("addopts"):
        later.ini(broken)
    else:
        later.tests(broken, "test_broken")
    before = later.cassettes()
    status, shown = lint(later, "--remove-gone")
    assert status == 2
    assert "pytest can't collect all tests" in shown
    assert later.cassettes() == before
