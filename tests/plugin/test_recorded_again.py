"""Recording again: an exchange in which only dates are new keeps its bytes."""

from __future__ import annotations

import difflib
from dataclasses import replace

import pytest

from helpers.shop import Shop, text
from personalize_contract.cassette import loader, recording

TEST = """
@pytest.mark.personalize_contract
def test_it():
    for first in FIRST:
        put(first=first, count=1)
"""


def sending(first: str) -> str:
    """Return a test that sends one item for each of these numbers."""
    return TEST.replace("FIRST", first)


def aged(shop: Shop, name: str = "test_it", date: str = "2020-01-01T00:00:00Z") -> str:
    """Set an old date in a cassette, and return its text."""
    path = shop.cassette(name)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    (at,) = (n for n, line in enumerate(lines) if line.startswith("  recorded_at:"))
    lines[at] = f"  recorded_at: '{date}'\n"
    path.write_text("".join(lines), "utf-8")
    return "".join(lines)


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize(
    "again", ["(1, 2, 3)", "(3, 1, 2)"], ids=["the same", "in another order, as of threads"]
)
def test_unchanged_recording_keeps_its_bytes(shop: Shop, again: str) -> None:
    shop.tests(sending("(1, 2, 3)"))
    shop.record()
    before = aged(shop)
    shop.tests(sending(again))
    assert "3 exchanges recorded (reference 3" in text(shop.record())
    assert shop.cassette("test_it").read_text("utf-8") == before


def test_new_exchange_is_the_only_change(shop: Shop) -> None:
    shop.tests(sending("(1, 3)"))
    shop.record()
    before = aged(shop)
    shop.tests(sending("(1, 2, 3)"))
    shop.record()
    after = shop.cassette("test_it").read_text("utf-8")
    lines = changed(before, after)
    assert [line for line in lines if line.startswith("-")] == []
    assert any('"tea-2"' in line for line in lines)
    assert not any('"tea-1"' in line or '"tea-3"' in line for line in lines)
    assert after.index("tea-1") < after.index("tea-2") < after.index("tea-3")
    # Only the new exchange has a date of its own.
    assert len([line for line in lines if "recorded_at" in line]) == 1
    shop.run().assert_outcomes(passed=1)


def test_dropped_exchange_is_the_only_change(shop: Shop) -> None:
    shop.tests(sending("(1, 2, 3)"))
    shop.record()
    before = aged(shop)
    shop.tests(sending("(1, 3)"))
    shop.record()
    lines = changed(before, shop.cassette("test_it").read_text("utf-8"))
    assert all(line.startswith("-") for line in lines)
    assert any('"tea-2"' in line for line in lines)


ANSWERS = """
@pytest.mark.personalize_contract
def test_it():
    put(first=1, count=1)
    with pytest.raises(botocore.exceptions.ClientError):
        put(first=2, count=1, arn=ACTIVE.replace("active", "in-use"))
"""


def test_changed_answer_is_the_only_change(shop: Shop) -> None:
    shop.tests(ANSWERS)
    shop.record()
    path = shop.cassette("test_it")
    cassette = loader.load(path)
    first, second = cassette.exchanges
    other = replace(second, response=replace(second.response, status=404))
    recording.write(path, cassette.provenance, [first, other])
    before = aged(shop)
    shop.record()
    lines = [line.strip("+- ").partition(":")[0] for line in changed(before, path.read_text())]
    ids = [line for line in lines if line.count("-") == 4]
    origin = ["provenance", "answered_by", "recorded_at", "region", "sdk", "service_model"]
    assert len(ids) == 2
    assert sorted(lines) == sorted([*ids, *["code", "digest"] * 2, *origin])
    shop.run().assert_outcomes(passed=1)


IGNORED = """
import json
import time


@pytest.mark.personalize_contract(ignore=["items[].properties.at"])
def test_it():
    put(properties=json.dumps({"at": time.time_ns()}))
"""


def test_change_of_an_ignored_member_keeps_the_bytes(shop: Shop) -> None:
    shop.tests(IGNORED)
    shop.record()
    before = aged(shop)
    shop.record()
    assert shop.cassette("test_it").read_text("utf-8") == before
    shop.tests(IGNORED.replace('(ignore=["items[].properties.at"])', ""))
    shop.record()
    assert shop.cassette("test_it").read_text("utf-8") != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("answered_by: reference", "answered_by: unknown"),
        ("region: us-east-1", "region: eu-west-1"),
        ("service_model: ", "service_model: 0"),
        ("interactions:\n", "interactions: # by hand\n"),
    ],
)
def test_other_provenance_is_recorded_again(shop: Shop, old: str, new: str) -> None:
    shop.tests(sending("(1,)"))
    shop.record()
    path = shop.cassette("test_it")
    before = aged(shop).replace(old, new, 1)
    path.write_text(before, "utf-8")
    shop.record()
    after = path.read_text("utf-8")
    assert "2020" not in after
    assert old in after


def test_shared_cassette_is_unchanged_too(shop: Shop) -> None:
    shop.tests(
        '@pytest.mark.personalize_contract(cassette="seed")\n'
        "@pytest.mark.parametrize('first', [1, 2])\ndef test_it(first):\n    put(first=1)\n"
    )
    shop.record()
    before = aged(shop, "seed")
    shop.record()
    assert shop.cassette("seed").read_text("utf-8") == before
