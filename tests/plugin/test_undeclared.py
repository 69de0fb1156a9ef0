"""An undeclared dataset or tracker: its 404 and its miss name it and the remedy."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

ARN = "arn:aws:personalize:eu-west-1:111122223333:dataset/shop/ITEMS"
TRACKER = "1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d"

EVENT = """{
        "eventType": "Viewed", "timestamp": 1_700_000_000, "sessionId": "s-1", "userId": "u-1",
        "actionId": "a-1", "eventId": "e-1",
    }"""
SENT = {
    "a dataset": (
        f'put(arn="{ARN}")',
        f"dataset {ARN.replace('111122223333', '000000000000')}. Declare it by "
        "personalize_dataset in pytest's ini file, personalize_service.add_dataset, or serve "
        "--dataset",
    ),
    "a tracker": (
        f"""client().put_action_interactions(
        trackingId="{TRACKER}", actionInteractions=[{EVENT}]
    )""",
        f"tracker {TRACKER}. Declare it by personalize_dataset in pytest's ini file, "
        "personalize_service.add_tracker, or serve --dataset",
    ),
}


@pytest.mark.parametrize(("send", "words"), SENT.values(), ids=SENT)
def test_404_names_the_arn_and_the_ways_to_declare_it(shop: Shop, send: str, words: str) -> None:
    shop.tests(f"@pytest.mark.personalize_contract\ndef test_it():\n    {send}\n")
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    assert f"this reference service has no {words}" in text(result)


@pytest.mark.parametrize(
    ("name", "send"),
    [(ARN, SENT["a dataset"][0]), (TRACKER, SENT["a tracker"][0])],
    ids=["a dataset", "a tracker"],
)
def test_removing_the_declaration_misses_with_a_hint(shop: Shop, name: str, send: str) -> None:
    shop.tests(f"@pytest.mark.personalize_contract\ndef test_it():\n    {send}\n")
    shop.ini(f"personalize_dataset = {name}=active")
    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)
    shop.ini()
    result = shop.run()
    result.assert_outcomes(failed=1)
    assert " is not declared: add it with its state to the ini key" in text(result)
