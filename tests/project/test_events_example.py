"""The example with its own contract: each mistake, a change of one line, is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.shop import Shop, text

EXAMPLE = Path(__file__).parents[2] / "examples" / "events"

MISTAKES = {
    "a field that the schema does not have": (
        '{"device": device}',
        '{"device": device, "browser": "x"}',
        "the schema has no field for the key 'browser'",
    ),
    "a field of another type": ('{"device": device}', '{"device": 1}', "device is a number, not"),
    "a field that is missing": ('{"device": device}', "{}", "device, which the schema requires"),
    "no user": ("            userId=user,\n", "", "own.user-id.required is broken"),
    "no item": ('"itemId": item,', "", "own.item-id.required is broken"),
    "eleven to a call": ("BATCH = 10", "BATCH = 11", "request.event-list.max-members is broken"),
}


@pytest.fixture
def example(shop: Shop) -> Shop:
    """Return a copy of the example."""
    shutil.copytree(EXAMPLE, shop.path, dirs_exist_ok=True)
    return shop


def test_the_example_passes(example: Shop) -> None:
    example.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(example: Shop, mistake: str) -> None:
    line, instead, message = MISTAKES[mistake]
    file = example.path / "visits.py"
    source = file.read_text("utf-8")
    assert line in source
    file.write_text(source.replace(line, instead, 1), "utf-8")
    result = example.run()
    result.assert_outcomes(failed=1)
    assert message in text(result)
