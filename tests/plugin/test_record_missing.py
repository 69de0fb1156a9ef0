"""`--personalize-record-missing` and `personalize_record_missing`: record new tests."""

from __future__ import annotations

import pytest

from helpers.command import ACTIVE, IN_USE
from helpers.endpoint import listening
from helpers.shop import Shop, text

OLD = """
@pytest.mark.personalize_contract
def test_old(personalize_dataset):
    with pytest.raises(botocore.exceptions.ClientError, match="InUse"):
        put(arn=personalize_dataset.in_use)
"""
NEW = """
@pytest.mark.personalize_contract
def test_new(personalize_dataset, personalize_client):
    put(arn=personalize_dataset.active)
    items = [{"itemId": "tea-9"}]
    personalize_client.put_items(datasetArn=personalize_dataset.active, items=items)
"""


def test_missing_cassettes_are_recorded_and_others_replay(shop: Shop) -> None:
    shop.tests(OLD)
    shop.record()
    before = shop.cassette("test_old").read_bytes()
    shop.tests(OLD + NEW)
    result = shop.run("--personalize-record-missing=reference")
    result.assert_outcomes(passed=2)
    assert (
        "1 exchange replayed (reference 1, aws 0)\n2 exchanges recorded (reference 2, aws 0)"
        in text(result)
    )
    assert shop.cassette("test_old").read_bytes() == before
    assert "tea-9" in shop.cassette("test_new").read_text("utf-8")
    result = shop.run("--personalize-record-missing=reference")
    assert "3 exchanges replayed (reference 3, aws 0)" in text(result)


def test_only_new_tests_send_to_the_live_service(shop: Shop) -> None:
    shop.tests(OLD)
    shop.record()
    shop.tests(OLD + NEW)
    with listening() as url:
        live = [f"--personalize-endpoint-url={url}", f"--personalize-dataset={ACTIVE}=active"]
        result = shop.run("--personalize-record-missing=live", *live)
    result.assert_outcomes(passed=2)
    assert (
        "1 exchange replayed (reference 1, aws 0)\n2 exchanges recorded (endpoint 2, aws 0)"
        in text(result)
    )


def test_run_with_all_cassettes_needs_no_service(shop: Shop) -> None:
    shop.tests(OLD)
    shop.record("--personalize-dataset", f"{IN_USE}=in-use")
    result = shop.run(
        "--personalize-record-missing=live", "--personalize-endpoint-url=http://x.invalid"
    )
    result.assert_outcomes(passed=1)
    assert "1 exchange replayed (reference 1, aws 0)" in text(result)


@pytest.mark.parametrize("damage", ["a miss", "no cassette at all"])
def test_existing_cassette_is_never_replaced(shop: Shop, damage: str) -> None:
    shop.tests(OLD)
    shop.record()
    cassette = shop.cassette("test_old")
    if damage == "a miss":
        shop.tests(OLD.replace("put(", "put(3, "))
    else:
        cassette.write_text("", "utf-8")
    before = cassette.read_bytes()
    result = shop.run("--personalize-record-missing=reference")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert cassette.read_bytes() == before
    problem = (
        "no recorded exchange answers" if damage == "a miss" else "test_old.personalize.yaml: "
    )
    assert problem in text(result)


def test_ini_key_has_the_same_effect(shop: Shop) -> None:
    shop.tests(NEW)
    shop.ini("personalize_record_missing = reference")
    assert "2 exchanges recorded (" in text(shop.run())
    assert "2 exchanges replayed (" in text(shop.run())
    assert "2 exchanges answered, not recorded (" in text(
        shop.run("--personalize-target=reference")
    )


def test_another_target_is_a_usage_error(shop: Shop) -> None:
    shop.tests(NEW)
    result = shop.run("--personalize-record-missing=recorded")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert (
        "--personalize-record-missing recorded: no such target; it must be reference or live"
        in text(result)
    )
