"""pytest-randomly and pytest-rerunfailures."""

from __future__ import annotations

from helpers.shop import text

from .conftest import RepoWith

TESTS = """
@pytest.mark.personalize_contract
@pytest.mark.parametrize("number", range(5))
def test_it(number):
    put(1 + number)

@pytest.mark.personalize_contract
def test_several():
    for number in range(4):
        put(1, first=number)
"""

FLAKY = """
from pathlib import Path

ATTEMPTS = Path(__file__).with_name("attempts")

@pytest.mark.flaky(reruns=2)
@pytest.mark.personalize_contract
def test_it():
    put(1)
    attempt = ATTEMPTS.read_text() if ATTEMPTS.exists() else ""
    ATTEMPTS.write_text(attempt + ".")
    put(2)
    assert attempt
    put(3)
"""


def test_a_replay_depends_on_neither_order_nor_seed(repo_with: RepoWith) -> None:
    shop = repo_with("pytest_randomly")
    shop.tests(TESTS)
    shop.record("--randomly-seed=1").assert_outcomes(passed=6)
    for seed in (2, 3):
        result = shop.run(f"--randomly-seed={seed}")
        result.assert_outcomes(passed=6)
        assert "9 exchanges replayed (reference 9" in text(result)


def test_a_rerun_records_and_replays_from_the_start(repo_with: RepoWith) -> None:
    shop = repo_with("pytest_rerunfailures")
    shop.tests(FLAKY)
    result = shop.record()
    assert result.parseoutcomes() == {"passed": 1, "rerun": 1}
    assert shop.cassette("test_it").read_text("utf-8").count("- request:") == 3

    (shop.path / "attempts").unlink()
    result = shop.run()
    assert result.parseoutcomes() == {"passed": 1, "rerun": 1}
    assert "5 exchanges replayed (reference 5" in text(result)


def test_a_violation_fails_the_rerun_too(repo_with: RepoWith) -> None:
    shop = repo_with("pytest_rerunfailures")
    shop.tests(
        """
        @pytest.mark.flaky(reruns=1)
        @pytest.mark.personalize_contract
        def test_it():
            put(11)
        """
    )
    result = shop.run("--personalize-target=reference")
    assert result.parseoutcomes() == {"failed": 1, "rerun": 1}
    assert text(result).count("request.items.max-members is broken by this test's request") >= 1
