"""A client whose endpoint URL has a path is checked and answered like any other."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

ENDPOINTS = [
    "https://gateway.example",
    "https://gateway.example/personalize",
    "http://x.example/a/b/",
]


@pytest.mark.parametrize("url", ENDPOINTS)
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_requests_below_an_endpoint_path_are_checked_and_replayed(
    shop: Shop, url: str, by: str
) -> None:
    client_argument = f'endpoint_url="{url}"' if by == "argument" else ""
    shop.tests(
        f"""
import contextlib


@pytest.mark.personalize_contract
@pytest.mark.parametrize("count", [1, 11])
def test_it(count, monkeypatch):
    if "{by}" == "environment":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "{url}")
    client = boto3.client("personalize-events", {client_argument})
    items = [{{"itemId": str(number)}} for number in range(count)]
    with contextlib.suppress(client.exceptions.InvalidInputException):
        client.put_items(datasetArn=ACTIVE, items=items)
"""
    )
    result = shop.record()
    result.assert_outcomes(passed=1, failed=1)
    assert "request.items.max-members is broken" in text(result)
    assert "request.path" not in text(result)
    replayed = shop.run("-k", "1]")
    replayed.assert_outcomes(passed=1, failed=1)
