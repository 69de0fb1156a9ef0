"""The example of a downstream service: each mistake, a change of one line, is named."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers.shop import Shop, text

EXAMPLE = Path(__file__).parents[2] / "examples" / "catalogue"


class Mistake(NamedTuple):
    """A change of one line, and the resulting message of the plugin."""

    file: str
    line: str
    instead: str
    message: str


ITEMS, PRODUCTS, UPLOAD = "items.py", "products.py", "upload.py"
MISTAKES = {
    # Broken clauses.
    "eleven items": Mistake(ITEMS, "BATCH = 10", "BATCH = 11", "request.items.max-members"),
    "the title is the id": Mistake(
        PRODUCTS, 'id=row["id"]', 'id=row["description"]', "request.item-id.max-length"
    ),
    "the description is not cut": Mistake(
        ITEMS,
        "product.description[:1000]",
        "product.description * 100",
        "request.properties.max-length",
    ),
    "the name instead of the ARN": Mistake(
        UPLOAD,
        "datasetArn=dataset,",
        'datasetArn=dataset.rpartition(":")[2],',
        "request.dataset-arn.pattern",
    ),
    "the whole ARN twice": Mistake(
        UPLOAD, "datasetArn=dataset,", "datasetArn=dataset * 5,", "request.dataset-arn.max-length"
    ),
    "an object instead of a string": Mistake(
        ITEMS, "json.dumps(known)", "known", "request.properties.type"
    ),
    "no id": Mistake(PRODUCTS, 'id=row["id"]', 'id=row.get("sku")', "request.item-id.type"),
    "an empty id": Mistake(PRODUCTS, 'id=row["id"]', 'id=""', "request.item-id.min-length"),
    "no properties in them": Mistake(ITEMS, "json.dumps(known)", '""', "request.properties.min-"),
    # Requests that are no longer sent.
    "the last batch is lost": Mistake(
        ITEMS,
        "while batch := list(islice(items, BATCH)):",
        "while len(batch := list(islice(items, BATCH))) == BATCH:",
        "of the 3 exchanges recorded",
    ),
    # Valid requests that are probably a mistake.
    "one at a time": Mistake(ITEMS, "BATCH = 10", "BATCH = 1", "one-at-a-time"),
    "dumped twice": Mistake(
        ITEMS, "json.dumps(known)", "json.dumps(json.dumps(known))", "double-escaped"
    ),
    "escaped by hand": Mistake(
        ITEMS,
        "json.dumps(known)",
        "json.dumps(known).replace('\"', '\\\\\"')",
        "double-escaped",
    ),
    "two objects": Mistake(
        ITEMS,
        "json.dumps(known)",
        "', '.join(json.dumps({name: value}) for name, value in known.items())",
        "several-objects",
    ),
    "a format string": Mistake(
        ITEMS,
        "json.dumps(known)",
        '\'{"title": "%s"}\' % product.title',
        "not-an-object",
    ),
    "str of a dictionary": Mistake(ITEMS, "json.dumps(known)", "str(known)", "not-an-object"),
    "NaN for no price": Mistake(
        PRODUCTS,
        'float(row["price"]) if row["price"] else None',
        'float(row["price"] or "nan")',
        "not-a-number",
    ),
    "snake case": Mistake(ITEMS, '"creationTimestamp"', '"creation_timestamp"', "key-case"),
    "the schema's own case": Mistake(ITEMS, '"price"', '"PRICE"', "key-case"),
    "milliseconds": Mistake(
        ITEMS,
        "int(product.created.timestamp())",
        "int(product.created.timestamp() * 1000)",
        "milliseconds",
    ),
    "a list of categories": Mistake(
        ITEMS, '"|".join(product.categories)', "product.categories", "array-value"
    ),
    "an object for the price": Mistake(
        ITEMS, '"price": product.price', '"price": {"amount": product.price}', "nested-object"
    ),
    "a column that is not there": Mistake(
        PRODUCTS, 'id=row["id"]', 'id=str(row.get("sku"))', "no-id"
    ),
    "a product twice": Mistake(
        PRODUCTS, "return unique.values()", "return products", "duplicate-ids"
    ),
    "another dataset": Mistake(
        UPLOAD,
        "datasetArn=dataset,",
        'datasetArn=dataset.replace("ITEMS", "USERS"),',
        "other-dataset",
    ),
}


@pytest.fixture
def example(shop: Shop) -> Shop:
    """Return a copy of the example."""
    shutil.copytree(EXAMPLE, shop.path, dirs_exist_ok=True)
    return shop


def test_the_example_passes(example: Shop) -> None:
    result = example.run()
    result.assert_outcomes(passed=11)
    assert "9 exchanges replayed (reference 9, aws 0)" in text(result)
    assert "advice" not in text(result)
    assert "gone" not in text(result)


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(mistake: Mistake, example: Shop) -> None:
    file = example.path / "catalogue" / mistake.file
    source = file.read_text("utf-8")
    assert source.count(mistake.line) == 1
    file.write_text(source.replace(mistake.line, mistake.instead), "utf-8")
    result = example.run("--tb=short")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    summary = text(result).partition("short test summary info")[2]
    assert mistake.message in summary
