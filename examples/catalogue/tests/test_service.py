"""The upload to the reference service: the stored items, and the failures."""

import json
from pathlib import Path

import pytest
from catalogue.products import read
from catalogue.upload import upload

from personalize_contract import Datasets, Service

PRODUCTS = Path(__file__).parents[1] / "products.csv"


@pytest.fixture
def stored(personalize_service: Service, personalize_dataset: Datasets):
    """The fields of each product that is in the dataset after an upload."""
    upload(read(PRODUCTS), personalize_dataset.active)
    items = personalize_service.items(personalize_dataset.active)
    return {name: json.loads(properties or "{}") for name, properties in items.items()}


def test_every_product_is_there(stored):
    assert len(stored) == 23


def test_titles_survive_as_they_are(stored):
    assert stored["sku-0002"]["title"] == 'Darjeeling "First Flush"'
    assert stored["sku-0023"]["title"] == "Tea caddy 🍵"


def test_a_product_without_a_price_has_no_such_field(stored):
    assert "price" not in stored["sku-0022"]


def test_the_last_row_of_a_product_counts(stored):
    assert stored["sku-0011"]["price"] == 11.5


def test_ten_products_go_into_a_call(personalize_service, personalize_dataset, stored):
    sizes = [
        len(json.loads(exchange.request.body)["items"])
        for exchange in personalize_service.exchanges
    ]
    assert sizes == [10, 10, 3]


def test_throttling_is_waited_out(personalize_service, personalize_dataset):
    personalize_service.fail_next("ThrottlingException", times=2)
    report = upload(read(PRODUCTS), personalize_dataset.active, pause=0)
    assert report.put == 23
    assert len(personalize_service.exchanges) == 5


def test_an_answer_that_never_came_is_asked_for_again(personalize_service, personalize_dataset):
    personalize_service.fail_next("timeout")
    assert upload(read(PRODUCTS), personalize_dataset.active, pause=0).put == 23


def test_a_refusal_is_not_tried_again_and_stops_nothing(personalize_service, personalize_dataset):
    personalize_service.fail_next("ResourceInUseException")
    report = upload(read(PRODUCTS), personalize_dataset.active)
    assert (report.put, len(report.refused)) == (13, 10)
    assert len(personalize_service.exchanges) == 3
