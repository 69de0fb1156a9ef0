"""Products as items of Amazon Personalize."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice

from catalogue.products import Product

BATCH = 10


def item(product: Product) -> dict[str, str]:
    return {"itemId": product.id, "properties": properties(product)}


def properties(product: Product) -> str:
    """The fields of the Items schema, as JSON."""
    fields = {
        "title": product.title,
        "description": product.description[:1000],
        "category": "|".join(product.categories),
        "price": product.price,
        "creationTimestamp": int(product.created.timestamp()),
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(known)


def batches(products: Iterable[Product]) -> Iterator[list[dict[str, str]]]:
    items = iter([item(product) for product in products])
    while batch := list(islice(items, BATCH)):
        yield batch
