"""The products of the shop, as its CSV export has them."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Product:
    id: str
    title: str
    description: str
    categories: list[str]
    price: float | None
    created: datetime


def read(path: Path) -> Iterable[Product]:
    """Each product of a CSV file; of several rows with one id the last one counts."""
    with path.open(encoding="utf-8", newline="") as file:
        products = [_product(row) for row in csv.DictReader(file)]
    unique = {product.id: product for product in products}
    return unique.values()


def _product(row: dict[str, str]) -> Product:
    return Product(
        id=row["id"],
        title=row["title"],
        description=row["description"],
        categories=row["categories"].split(";"),
        price=float(row["price"]) if row["price"] else None,
        created=datetime.fromisoformat(row["created"]),
    )
