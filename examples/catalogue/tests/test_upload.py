"""The upload, against recorded answers."""

from pathlib import Path

import pytest
from catalogue.products import read
from catalogue.upload import Report, upload

from personalize_contract import Datasets

PRODUCTS = Path(__file__).parents[1] / "products.csv"

pytestmark = pytest.mark.personalize_contract


@pytest.fixture
def products():
    return read(PRODUCTS)


def test_the_whole_catalogue_is_put(products, personalize_dataset: Datasets):
    assert upload(products, personalize_dataset.active) == Report(put=23)


def test_a_dataset_that_is_not_there_refuses_every_product(products, personalize_dataset: Datasets):
    report = upload(products, personalize_dataset.missing)
    assert report.put == 0
    assert set(report.refused.values()) == {"ResourceNotFoundException"}


def test_a_dataset_in_use_is_reported(products, personalize_dataset: Datasets):
    report = upload(products, personalize_dataset.in_use)
    assert report.refused["sku-0001"] == "ResourceInUseException"
    assert str(report).startswith("0 products put, 23 refused\n")
