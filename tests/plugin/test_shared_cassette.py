"""`cassette` in the mark: a recording that several tests share."""

from __future__ import annotations

import pytest

from helpers import command
from helpers.shop import Shop, text

CLASS = """
@pytest.fixture(scope="class")
def seeded():
    put(first=0)


@pytest.mark.personalize_contract(cassette="seed")
@pytest.mark.usefixtures("seeded")
class TestShop:
    def test_tea(self):
        put(first=2)

    def test_mate(self):
        put(first=4)
"""
SEED = "cassettes/test_shop/seed.personalize.yaml"
MATE = "    def test_mate(self):\n        put(first=4)\n"
WITHOUT_MATE = CLASS.replace(MATE, MATE.replace("put(first=4)", "pass"))
LOST = (
    f"1 of the 3 exchanges recorded in {SEED} was not used: the test no longer sends a request "
    "that it used to send"
)


@pytest.fixture
def shared(shop: Shop) -> Shop:
    """A repo in which a class was recorded into one cassette."""
    shop.tests(CLASS)
    result = shop.record()
    result.assert_outcomes(passed=2)
    assert "3 exchanges recorded (reference 3, aws 0)" in text(result)
    assert shop.cassettes() == [SEED]
    return shop


@pytest.mark.parametrize(
    "arguments", [[], ["-k", "mate"], ["test_shop.py::TestShop::test_mate"]], ids=" ".join
)
def test_every_sharing_test_replays_all_exchanges(shared: Shop, arguments: list[str]) -> None:
    result = shared.run(*arguments)
    assert result.ret == 0
    assert "gone" not in text(result)


def test_unused_shared_exchange_fails_the_run_once(shared: Shop) -> None:
    shared.tests(WITHOUT_MATE)
    result = shared.run()
    assert result.parseoutcomes() == {"passed": 2, "failed": 1}
    assert text(result).count("was not used") == 2  # in full, and pytest's summary
    result.stdout.fnmatch_lines(
        [LOST, "  exchange 3: *: tea-4, tea-5", f"FAILED test_shop.py::cassette=seed - {LOST}*"]
    )
    assert result.ret == 1


@pytest.mark.parametrize("arguments", [["-k", "tea"], ["test_shop.py::TestShop::test_tea"]])
def test_unselected_test_has_no_unused_exchanges(shared: Shop, arguments: list[str]) -> None:
    shared.tests(WITHOUT_MATE)
    assert shared.run(*arguments).ret == 0


def test_failing_test_has_no_unused_exchanges(shared: Shop) -> None:
    shared.tests(CLASS.replace("put(first=4)", "assert False"))
    shared.run().assert_outcomes(passed=1, failed=1)


def test_exchanges_of_a_deleted_test_are_unused(shared: Shop) -> None:
    shared.tests(CLASS.replace(MATE, ""))
    shared.run().assert_outcomes(passed=1, failed=1)
    shared.run("-k", "tea").assert_outcomes(passed=1, failed=1)
    shared.run("test_shop.py::TestShop::test_tea").assert_outcomes(passed=1)


def test_unused_exchanges_may_only_be_reported(shared: Shop) -> None:
    shared.tests(WITHOUT_MATE.replace('"seed"', '"seed", unused="report"'))
    result = shared.run()
    result.assert_outcomes(passed=2)
    assert f"unused: 1 exchange in {SEED}" in text(result)


def test_junit_has_the_unused_exchanges(shared: Shop) -> None:
    shared.tests(WITHOUT_MATE)
    shared.run("--junitxml=junit.xml")
    assert LOST in (shared.path / "junit.xml").read_text("utf-8")


@pytest.mark.parametrize("selection", [["-k", "tea"], ["test_shop.py::TestShop::test_tea"]])
def test_shared_cassette_is_not_recorded_in_part(shared: Shop, selection: list[str]) -> None:
    before = (shared.path / SEED).read_bytes()
    result = shared.record(*selection)
    assert result.parseoutcomes()["errors"] == 1
    assert (
        f"{SEED} is shared with test_shop.py::TestShop::test_mate, which is not in this run; "
        "a shared cassette is recorded in one run of all its tests: "
        "pytest test_shop.py::TestShop --personalize-record reference"
    ) in text(result)
    assert (shared.path / SEED).read_bytes() == before


@pytest.mark.parametrize("body", ["put(first=6); assert False", "put(first=6); pytest.skip()"])
def test_shared_cassette_is_kept_unless_all_tests_are_recorded(shared: Shop, body: str) -> None:
    before = (shared.path / SEED).read_bytes()
    shared.tests(CLASS.replace("put(first=4)", body).replace("put(first=2)", "put(first=8)"))
    result = shared.record()
    assert (shared.path / SEED).read_bytes() == before
    assert (
        f"not recorded: {SEED}: test_shop.py::TestShop::test_mate was not recorded, but a shared "
        "cassette is replaced as a whole"
    ) in text(result)
    assert "answered, not recorded" in text(result)
    assert not [line for line in result.outlines if line[1:].startswith(" recorded: ")]
    assert not list(shared.path.rglob("*.jsonl"))


def test_always_skipped_test_does_not_block_the_recording(shop: Shop) -> None:
    shop.tests(CLASS.replace(MATE, f"    @pytest.mark.skip\n{MATE}"))
    shop.record().assert_outcomes(passed=1, skipped=1)
    shop.run().assert_outcomes(passed=1, skipped=1)


def test_expected_failure_is_recorded_with_the_other_tests(shop: Shop) -> None:
    shop.tests(CLASS.replace("put(first=4)", "put(first=4); pytest.xfail()"))
    for _ in range(2):
        result = shop.record()
        result.assert_outcomes(passed=1, xfailed=1)
        assert "3 exchanges recorded (reference 3" in text(result)
    shop.run().assert_outcomes(passed=1, xfailed=1)


def test_rerun_test_is_recorded_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin,pytest_rerunfailures")
    flaky = "put(first=4); COUNT.append(1); assert len(COUNT) > 1"
    shop.tests("COUNT = []\n" + CLASS.replace("put(first=4)", flaky))
    shop.record("--reruns=1").assert_outcomes(passed=2)
    assert (shop.path / SEED).read_text("utf-8").count("request:") == 3
    shop.run("--reruns=1").assert_outcomes(passed=2)


def test_interrupted_run_leaves_its_journal(shop: Shop) -> None:
    shop.tests(CLASS.replace("put(first=4)", "put(first=4); pytest.exit('enough')"))
    shop.record()
    assert shop.cassettes() == []
    done = command.run("recover", cwd=shop.path)
    assert "3 exchanges, answered by reference, now in seed.personalize.yaml" in done.stdout
    shop.tests(CLASS)
    shop.run().assert_outcomes(passed=2)


def test_missing_shared_cassette_is_recorded_whole(shop: Shop) -> None:
    shop.tests(CLASS)
    result = shop.run("--personalize-record-missing=reference")
    assert "3 exchanges recorded (reference 3" in text(result)
    result = shop.run("--personalize-record-missing=reference")
    assert "3 exchanges replayed (reference 3" in text(result)


def test_miss_names_the_command_that_records_the_shared_cassette(shared: Shop) -> None:
    shared.tests(CLASS.replace("put(first=4)", "put(first=6)"))
    result = shared.run("test_shop.py::TestShop::test_mate")
    assert "record it: pytest test_shop.py::TestShop --personalize-record reference" in text(result)


TWO = """
@pytest.mark.personalize_contract
def test_one():
    put()


@pytest.mark.personalize_contract(cassette="{}")
def test_two():
    put()
"""


def test_cassette_of_another_test_cannot_be_shared(shop: Shop) -> None:
    shop.tests(TWO.format("test_one"))
    shop.record("-k", "test_one").assert_outcomes(passed=1, deselected=1)
    for result in (shop.run(), shop.record("-k", "test_two")):
        assert result.parseoutcomes()["errors"] == 1
        assert (
            "it belongs to test_shop.py::test_one, but this test is test_shop.py::cassette=test_one"
        ) in text(result)


@pytest.mark.parametrize("name", ["a/b", "../up", ".hidden", "Straße", "a b", 7])
def test_cassette_name_must_be_portable(shop: Shop, name: object) -> None:
    shop.tests(f"@pytest.mark.personalize_contract(cassette={name!r})\ndef test_it(): put()\n")
    result = shop.run()
    result.assert_outcomes(errors=1)
    assert "the mark personalize_contract: cassette " in text(result)


def test_names_that_differ_by_case_only_are_refused(shop: Shop) -> None:
    shop.tests(TWO.format("seed") + TWO.format("Seed").replace("test_", "test_other_"))
    result = shop.record()
    result.assert_outcomes(passed=3, errors=1)
    assert "test_shop.py::cassette=seed, but this test is test_shop.py::cassette=Seed" in text(
        result
    )
    assert 'name another cassette in its mark, cassette="name"' in text(result)


def test_parameters_that_fold_to_one_name_get_separate_cassettes(shop: Shop) -> None:
    own = 'pytest.param("ux", marks=pytest.mark.personalize_contract(cassette="lower"))'
    shop.tests(
        f"@pytest.mark.personalize_contract\n@pytest.mark.parametrize('sku', ['UX', {own}])\n"
        "def test_ids(sku):\n    put()\n"
    )
    shop.record().assert_outcomes(passed=2)
    shop.run().assert_outcomes(passed=2)
