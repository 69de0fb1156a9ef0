"""`personalize_fail_on` and `personalize_max_age`: cassettes that fail a run."""

from __future__ import annotations

import re

import pytest

from helpers.shop import Shop, text

TESTS = """
@pytest.mark.personalize_contract
@pytest.mark.parametrize("number", range(2))
def test_it(number):
    put(first=number)
"""
GONE = "cassettes/test_shop/test_it[1].personalize.yaml"
OLD = "cassettes/test_shop/test_it[0].personalize.yaml"


@pytest.fixture
def recorded(shop: Shop) -> Shop:
    """A repo with a cassette that is stale and old, and one that is gone."""
    shop.tests(TESTS)
    shop.record().assert_outcomes(passed=2)
    shop.tests(TESTS.replace("range(2)", "range(1)"))
    path = shop.cassette("test_it[0]")
    written = re.sub("recorded_at: .*", "recorded_at: '2020-01-01T00:00:00Z'", path.read_text())
    path.write_text(re.sub("service_model: .*", "service_model: '0123456789abcdef'", written))
    return shop


KINDS = {"gone": GONE, "stale": OLD, "aged": OLD}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_in_fail_on_fails_the_run(recorded: Shop, kind: str) -> None:
    recorded.ini(f"personalize_fail_on = {kind}", "personalize_max_age = 30")
    result = recorded.run("--junitxml=junit.xml")
    assert result.parseoutcomes() == {"passed": 1, "failed": 1}
    assert result.ret == 1
    assert f"FAILED personalize_fail_on = {kind} - 1 cassette: " in text(result)
    assert KINDS[kind] in (recorded.path / "junit.xml").read_text("utf-8")


def test_fail_on_takes_several_kinds(recorded: Shop) -> None:
    recorded.ini("personalize_fail_on = gone stale aged", "personalize_max_age = 30")
    assert recorded.run().parseoutcomes() == {"passed": 1, "failed": 3}


def test_no_kind_fails_a_run_by_default(recorded: Shop) -> None:
    recorded.ini("personalize_max_age = 30")
    result = recorded.run()
    assert result.parseoutcomes() == {"passed": 1}
    assert "aged: recorded longer ago than personalize_max_age allows" in text(result)


def test_young_cassette_is_not_aged(recorded: Shop) -> None:
    recorded.ini("personalize_fail_on = aged", "personalize_max_age = 99999")
    assert recorded.run().ret == 0


def test_xdist_controller_judges_shared_cassettes(
    recorded: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin,xdist.plugin")
    recorded.ini("personalize_fail_on = gone stale aged", "personalize_max_age = 30")
    assert recorded.run("-n1").parseoutcomes() == {"passed": 1, "failed": 3}


def test_recording_again_renews_what_would_soon_be_aged(recorded: Shop) -> None:
    path = recorded.cassette("test_it[0]")
    recorded.record()  # the installed service model
    written = path.read_text("utf-8")
    old = re.sub("recorded_at: .*", "recorded_at: '2020-01-01T00:00:00Z'", written)
    for lines, is_new in (([], False), (["personalize_max_age = 30"], True)):
        path.write_text(old, "utf-8")
        recorded.ini(*lines)
        recorded.record()
        assert (path.read_text("utf-8") != old) is is_new


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["personalize_fail_on = old"], "personalize_fail_on = old: it must be one of gone, stale"),
        (["personalize_fail_on = aged"], "needs an age: personalize_max_age = DAYS"),
        (["personalize_max_age = a month"], "personalize_max_age = a month: it must be a number"),
    ],
)
def test_invalid_settings_are_usage_errors(shop: Shop, lines: list[str], problem: str) -> None:
    shop.ini(*lines)
    shop.tests(TESTS)
    result = shop.run()
    assert result.ret == 4
    assert problem in text(result)
