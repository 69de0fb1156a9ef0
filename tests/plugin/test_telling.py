"""Hints of a run: the sender, a way to provoke a violation, and the source of a setting."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text


def test_hint_explains_how_to_bypass_botocore_validation(shop: Shop) -> None:
    shop.tests(
        """
@pytest.mark.personalize_contract(violates=["request.items.min-members"])
def test_it():
    with pytest.raises(Exception):
        put(0)
    put(1)
"""
    )
    result = shop.run("--personalize-target=reference")
    assert "use Config(parameter_validation=False), or send raw HTTP" in text(result)


def test_bypassing_botocore_validation_breaks_the_clause(shop: Shop) -> None:
    shop.tests(
        """
from botocore.config import Config


@pytest.mark.personalize_contract(violates=["request.items.min-members"])
def test_it():
    client = boto3.client("personalize-events", config=Config(parameter_validation=False))
    with pytest.raises(client.exceptions.InvalidInputException):
        client.put_items(datasetArn=ACTIVE, items=[])
"""
    )
    shop.run("--personalize-target=reference").assert_outcomes(passed=1)


def test_no_hint_for_clauses_that_botocore_does_not_validate(shop: Shop) -> None:
    mark = '@pytest.mark.personalize_contract(violates=["request.items.max-members"])'
    shop.tests(f"{mark}\ndef test_it():\n    put()\n")
    assert "parameter_validation" not in text(shop.run("--personalize-target=reference"))


def test_violation_over_http_names_the_client(shop: Shop) -> None:
    shop.tests(
        """
import json
import subprocess


def test_it(personalize_service):
    body = json.dumps({"datasetArn": ACTIVE, "items": [{"itemId": str(n)} for n in range(11)]})
    subprocess.run(
        ["curl", "-sS", "-H", "content-type: application/json", "-d", body,
         personalize_service.url + "/items"], check=True,
    )
"""
    )
    assert "  sent:   by curl/" in text(shop.run())


def test_recording_by_the_ini_file_warns_on_each_run(shop: Shop) -> None:
    shop.ini("personalize_record = reference")
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    put()\n")
    for _ in range(2):
        assert "so every run records again" in text(shop.run())
    for overridden in (
        ("-o", "personalize_record="),
        ("--personalize-target=recorded",),
        ("--personalize-record=reference",),
        ("--personalize-record-missing=reference",),
    ):
        assert "so every run records again" not in text(shop.run(*overridden))


def test_service_fixture_overrides_recording_by_the_ini_file(shop: Shop) -> None:
    shop.ini("personalize_record = reference")
    shop.tests("def test_it(personalize_service):\n    put()\n")
    assert "so every run records again" not in text(shop.run())


def test_dataset_fixture_without_the_mark_is_reported(shop: Shop) -> None:
    shop.tests("def test_it(personalize_dataset):\n    assert personalize_dataset.active\n")
    result = shop.run()
    result.assert_outcomes(passed=1)
    assert "unmarked: test_shop.py::test_it uses personalize_dataset or" in text(result)


def test_unused_exchange_is_named(shop: Shop) -> None:
    mark = "@pytest.mark.personalize_contract\ndef test_it():\n"
    shop.tests(f"{mark}    put(1)\n    put(2)\n    put(3)\n")
    shop.record()
    shop.tests(f"{mark}    put(1)\n    put(3)\n")
    assert "\n  exchange 2: POST /items, 2 items, 225 bytes: tea-0, tea-1\n" in text(shop.run())


def test_gone_cassette_is_counted_once_by_several_workers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.tests(
        "".join(f"@pytest.mark.personalize_contract\ndef test_{n}():\n    put()\n" for n in "ab")
    )
    shop.record()
    shop.tests("@pytest.mark.personalize_contract\ndef test_a():\n    put()\n")
    monkeypatch.setenv("PYTEST_PLUGINS", "personalize_contract.plugin,xdist.plugin")
    result = shop.run("-n2", "-q")
    assert "gone: 1 cassette" in text(result)


def test_a_slow_answer_is_counted(shop: Shop) -> None:
    shop.tests(
        """
@pytest.mark.personalize_contract
def test_it(personalize_faults):
    personalize_faults.fail_next(slow=0.001)
    put()
"""
    )
    assert "1 exchange answered, not recorded (reference 1" in text(
        shop.run("--personalize-target=reference")
    )
    assert "1 exchange recorded (reference 1" in text(shop.record())
    assert "1 exchange replayed (reference 1" in text(shop.run())
