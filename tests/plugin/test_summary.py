"""The block at the end of a run."""

from __future__ import annotations

from collections import Counter

import pytest

from helpers.shop import Shop, text
from personalize_contract.plugin import summary

SHOP = """
@pytest.mark.personalize_contract
@pytest.mark.parametrize("number", range(4))
def test_it(number):
    put(properties='{"unit_price": 1}', first=number)
"""


def block(result: pytest.RunResult) -> list[str]:
    """The lines of the block."""
    lines = result.outlines
    begins = [at for at, line in enumerate(lines) if line.strip("= ") == "personalize-contract"]
    if not begins:
        return []
    inside = lines[begins[0] + 1 :]
    return inside[: next(at for at, line in enumerate(inside) if line.startswith("="))]


KINDS = {
    "unused": "unused: 2 exchanges",
    "fewer": "fewer than before: 2 exchanges",
    "late": "late: 2 requests",
    "refused": "refused: 2 connections",
    "unmarked": "unmarked: 2 tests",
    "unrecorded": "not recorded: 2 shared cassettes",
    "known": "known: 2 findings",
    "unmatched": "in the baseline only: 2 findings",
    "waited": "waited: 2 times",
    "contract broken": "contract broken: 2 tests",
    "environment": "environment: 2 tests",
    "kept": "kept: 2 cassettes",
    "ini-record": "personalize_record = tea in the ini file",
}
"""The words of the quiet summary for events of each kind."""


def test_summary_shows_the_provenance_of_answers(shop: Shop) -> None:
    shop.tests(SHOP.replace("unit_price", "price"))
    assert block(shop.record()) == ["4 exchanges recorded (reference 4, aws 0)"]
    assert block(shop.run()) == ["4 exchanges replayed (reference 4, aws 0)"]


def test_summary_counts_answers_by_provenance(shop: Shop) -> None:
    shop.tests(SHOP.replace("unit_price", "price"))
    shop.record()
    for number, by in enumerate(["aws", "unknown"]):
        cassette = shop.cassette(f"test_it[{number}]")
        text = cassette.read_text()
        cassette.write_text(text.replace("answered_by: reference", f"answered_by: {by}"))
    assert block(shop.run()) == ["4 exchanges replayed (reference 2, unknown 1, aws 1)"]


def test_fault_that_did_not_happen_is_reported(shop: Shop) -> None:
    shop.tests(
        """
        def test_it(personalize_service):
            put()
            personalize_service.fail_next("ThrottlingException", times=2)

        def test_other(personalize_service):
            personalize_service.fail_next("reset")
            put()  # and the SDK tries again
        """
    )
    assert block(shop.run()) == [
        "2 exchanges answered, not recorded (reference 2, aws 0)",
        "fail_next: 2 requested failures did not happen in test_shop.py::test_it",
    ]


def test_advice_names_the_line_that_sent_the_request(shop: Shop) -> None:
    shop.tests(SHOP)
    assert block(shop.record()) == [
        "4 exchanges recorded (reference 4, aws 0)",
        "advice (valid, but probably a mistake):",
        "  test_shop.py:16: key-case: a key of properties is not in camel case",
        "    at items[0].properties.unit_price, in 4 requests",
        "    write a schema field such as NUMBER_OF_RATINGS as numberOfRatings [Item: properties]",
        "  (personalize_no_advice = NAME in the ini file turns a piece of advice off)",
    ]


def test_hypothesis_examples_are_not_taken_for_a_loop(shop: Shop) -> None:
    shop.tests(
        """
        from hypothesis import given, settings, strategies

        @pytest.mark.personalize_contract
        @settings(max_examples=10, database=None)
        @given(strategies.integers(0, 1000))
        def test_it(number):
            put(1, first=number)
        """
    )
    assert "one-at-a-time" not in text(shop.run("--personalize-target=reference"))


def test_quiet_is_one_line(shop: Shop) -> None:
    shop.tests(SHOP + "    if number == 0:\n        put(11)\n")
    result = shop.run("-q", "--personalize-target=reference")
    assert block(result) == []
    summary_lines = [line for line in result.outlines if line.startswith("personalize-contract")]
    assert summary_lines == [
        "personalize-contract: 5 exchanges answered, not recorded (reference 5, aws 0); "
        "1 violation; 1 piece of advice"
    ]


def test_quiet_line_has_words_for_every_kind() -> None:
    tally: summary.Tally = Counter({("advice", "no-id", "shop.py:3", "items[0].itemId"): 1})
    for kind in KINDS:
        tally[kind, "tea"] = 2
    assert summary.short(tally).split("; ") == ["1 piece of advice", *KINDS.values()]


def test_quieter_runs_print_no_summary(shop: Shop) -> None:
    shop.tests(SHOP)
    assert "personalize-contract" not in text(shop.record("-qq"))


def test_unmarked_run_has_no_block(shop: Shop) -> None:
    shop.tests("def test_it():\n    pass\n")
    assert "personalize-contract =" not in text(shop.run())


def test_a_marked_test_that_sent_nothing_gets_advice(shop: Shop) -> None:
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    pass\n")
    assert "test_shop.py::test_it: sent-nothing: a marked test sent no request" in text(shop.run())
    assert shop.run("--personalize-strict").ret == 1


@pytest.mark.parametrize("mark", ["skip", "xfail(strict=False)"])
def test_skipped_or_xfailed_test_may_send_nothing(shop: Shop, mark: str) -> None:
    shop.tests(
        f"@pytest.mark.{mark}\n@pytest.mark.personalize_contract\ndef test_it():\n    pass\n"
    )
    assert "personalize-contract =" not in text(shop.run())


def test_xdist_workers_are_added_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin,xdist.plugin")
    shop.tests(SHOP)
    shop.record()
    whole = block(shop.run())
    assert whole[0] == "4 exchanges replayed (reference 4, aws 0)"
    result = shop.run("-n2")
    assert block(result) == whole


def test_crashed_worker_loses_only_its_own_results(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin,xdist.plugin")
    shop.tests(SHOP.replace("unit_price", "price"))
    shop.record()
    shop.tests(
        SHOP.replace("unit_price", "price")
        + "\ndef test_crash():\n    import os\n    os._exit(1)\n"
    )
    result = shop.run("-n2", "--dist=load")
    assert "worker" in text(result)
    assert "crashed" in text(result)
    assert "INTERNALERROR" not in text(result)
    (line,) = block(result)
    assert line.endswith(", aws 0)")


def test_changed_service_model_makes_a_cassette_stale(shop: Shop) -> None:
    shop.tests(SHOP.replace("unit_price", "price"))
    shop.record()
    cassette = shop.cassette("test_it[0]")
    recorded = cassette.read_text()
    model = next(line for line in recorded.splitlines() if "service_model" in line)
    cassette.write_text(recorded.replace(model, "  service_model: 0123456789abcdef"))
    assert block(shop.run())[1:] == [
        "stale: recorded with a different service model than the installed botocore's; "
        "record again to see whether the answers are still the same",
        "  cassettes/test_shop/test_it[0].personalize.yaml",
    ]
