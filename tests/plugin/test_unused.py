"""`unused` in the mark: a recorded exchange that the test doesn't use."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract{mark}
def test_it():
    for first in range({batches}):
        put(first=first * 2)
"""


def shorter(shop: Shop, mark: str) -> pytest.RunResult:
    """Return a test recorded with three batches that now sends only two."""
    shop.tests(TEST.format(mark=mark, batches=3))
    shop.record()
    shop.tests(TEST.format(mark=mark, batches=2))
    return shop.run()


@pytest.mark.parametrize("mark", ["", "(unused='fail')"])
def test_a_lost_last_batch_does_not_pass(shop: Shop, mark: str) -> None:
    result = shorter(shop, mark)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "1 of the 3 exchanges recorded in cassettes/test_shop/test_it.personalize.yaml was not "
            "used: the test no longer sends a request that it used to send",
            "  exchange 3: POST /items, 2 items, 225 bytes: tea-4, tea-5",
            '  If that is intended, record the test again, or add unused="report" to its mark',
            "FAILED test_shop.py::test_it - Failed: 1 of the 3 exchanges *",
        ]
    )


FIXTURES = """
@pytest.fixture
def shop():
    yield
    LEAVE


@pytest.mark.personalize_contract
def test_it(shop):
    put(first=0)
"""


def test_request_in_the_teardown_counts_as_used(shop: Shop) -> None:
    shop.tests(FIXTURES.replace("LEAVE", "put(first=2)"))
    shop.record().assert_outcomes(passed=1)
    result = shop.run("-v")
    result.assert_outcomes(passed=1)
    assert text(result).count("PASSED") == 1


def test_request_missing_from_the_teardown_fails_the_test_once(shop: Shop) -> None:
    shop.tests(FIXTURES.replace("LEAVE", "put(first=2)"))
    shop.record().assert_outcomes(passed=1)
    shop.tests(FIXTURES.replace("LEAVE", "pass"))
    result = shop.run("-v")
    result.assert_outcomes(failed=1)
    assert "PASSED" not in text(result)


MARK = "@pytest.mark.personalize_contract\n"
KINDS = {
    "a function": f"{MARK}def test_it():\n    BODY",
    "a method": f"{MARK}class TestIt:\n    def test_it(self):\n        BODY",
    "unittest": (
        f"import unittest\n{MARK}class TestIt(unittest.TestCase):\n"
        "    def test_it(self):\n        BODY"
    ),
    "asyncio": f"{MARK}@pytest.mark.asyncio\nasync def test_it():\n    BODY",
}
PLUGINS = {
    "none": ("", ()),
    "xdist": (",xdist.plugin", ("-n1",)),
    "rerunfailures": (",pytest_rerunfailures", ("--reruns=1",)),
}


@pytest.mark.parametrize(
    ("kind", "plugin"), [*((kind, "none") for kind in KINDS), *(("a method", p) for p in PLUGINS)]
)
def test_unused_exchange_fails_the_test_once(
    shop: Shop, kind: str, plugin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, arguments = PLUGINS[plugin]
    plugins = f"personalize_contract.plugin,pytest_asyncio.plugin{module}"
    monkeypatch.setenv("PYTEST_PLUGINS", plugins)
    shop.ini("asyncio_default_fixture_loop_scope = function")
    shop.tests(KINDS[kind].replace("BODY", "put(); put(first=2)"))
    shop.record().assert_outcomes(passed=1)
    shop.tests(KINDS[kind].replace("BODY", "put()"))
    counted = shop.run(*arguments).parseoutcomes()
    assert counted == {"failed": 1} | ({"rerun": 1} if plugin == "rerunfailures" else {})


def test_junit_counts_a_test_with_unused_exchanges_once(shop: Shop) -> None:
    shop.tests(TEST.format(mark="", batches=2))
    shop.record()
    shop.tests(TEST.format(mark="", batches=1))
    shop.run("--junitxml=junit.xml")
    written = (shop.path / "junit.xml").read_text()
    assert 'errors="1" failures="0" skipped="0" tests="1"' in written


def test_unused_report_lets_the_test_pass(shop: Shop) -> None:
    result = shorter(shop, "(unused='report')")
    result.assert_outcomes(passed=1)
    assert "2 exchanges replayed (reference 2" in text(result)
    assert "unused: 1 exchange in cassettes/test_shop/test_it.personalize.yaml" in text(result)


def test_failing_test_reports_no_unused_exchanges(shop: Shop) -> None:
    shop.tests(TEST.format(mark="", batches=3))
    shop.record()
    shop.tests(TEST.format(mark="", batches=2) + "    assert False\n")
    result = shop.run()
    result.assert_outcomes(failed=1)
    assert "not used" not in text(result)


def test_unused_must_be_fail_or_report(shop: Shop) -> None:
    shop.tests(TEST.format(mark="(unused='ignore')", batches=1))
    result = shop.run()
    result.assert_outcomes(errors=1)
    assert "unused must be 'fail' or 'report', not 'ignore'" in text(result)


def test_setup_only_reports_no_unused_exchanges(shop: Shop) -> None:
    shop.tests(TEST.format(mark="", batches=1))
    shop.record()
    shop.run("--setup-only").assert_outcomes()
