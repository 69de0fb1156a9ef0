"""pytest-recording in the same repo, also with both marks on one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.shop import Shop, text
from personalize_contract.model.exchange import Response
from personalize_contract.service.http_server import HttpServer

from .conftest import RepoWith

PLUGIN = "pytest_recording.plugin"

BOTH = """
import os
import requests

def prices():
    return requests.get(os.environ["PRICES"], timeout=5).text

@pytest.mark.vcr
@pytest.mark.personalize_contract
def test_ours_is_nearer():
    put(1)
    assert prices() == "4.20"
    put(2)

@pytest.mark.personalize_contract
@pytest.mark.vcr
def test_theirs_is_nearer():
    assert prices() == "4.20"
    put(1)

@pytest.mark.vcr
@pytest.mark.personalize_contract
def test_all_by_requests():
    assert prices() == "4.20"
    item = {"itemId": "tea", "properties": "{}"}
    url = "https://personalize-events.us-east-1.amazonaws.com/items"
    assert requests.post(url, json={"datasetArn": ACTIVE, "items": [item]}).status_code == 200

@pytest.mark.vcr
def test_theirs_alone():
    assert prices() == "4.20"

@pytest.mark.personalize_contract
def test_ours_alone():
    put(3)
"""


@pytest.fixture
def shop(repo_with: RepoWith) -> Shop:
    shop = repo_with(PLUGIN)
    shop.tests(BOTH)
    return shop


@pytest.fixture
def prices(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    with HttpServer(lambda request: Response(200, "OK", {}, b"4.20")) as server:
        monkeypatch.setenv("PRICES", server.url)
        yield server


def test_both_plugins_record_into_separate_files_and_replay(shop: Shop, prices: HttpServer) -> None:
    shop.record("--record-mode=once").assert_outcomes(passed=5)
    prices.close()

    folder = shop.path / "cassettes" / "test_shop"
    assert sorted(path.name for path in folder.iterdir()) == [
        "test_all_by_requests.personalize.yaml",
        "test_all_by_requests.yaml",
        "test_ours_alone.personalize.yaml",
        "test_ours_is_nearer.personalize.yaml",
        "test_ours_is_nearer.yaml",
        "test_theirs_alone.yaml",
        "test_theirs_is_nearer.personalize.yaml",
        "test_theirs_is_nearer.yaml",
    ]
    for path in folder.iterdir():
        is_own = path.name.endswith(".personalize.yaml")
        assert ("/items" in path.read_text("utf-8")) == is_own, path.name
    result = shop.run("--record-mode=none", "--block-network")
    result.assert_outcomes(passed=5)
    assert "5 exchanges replayed (reference 5" in text(result)
    shop.tests(BOTH.replace("put(1)", "put(4)"))
    result = shop.run("--record-mode=none")
    result.assert_outcomes(passed=3, failed=2)
    assert "no recorded exchange answers this" in text(result)
    assert "CannotOverwriteExistingCassetteException" not in text(result)


def test_either_plugin_records_again_without_the_other(shop: Shop, prices: HttpServer) -> None:
    shop.record("--record-mode=once").assert_outcomes(passed=5)
    every = set((shop.path / "cassettes" / "test_shop").iterdir())
    own_cassettes = {path for path in every if path.name.endswith(".personalize.yaml")}

    before = {path: path.read_bytes() for path in own_cassettes}
    shop.run("--record-mode=rewrite").assert_outcomes(passed=5)
    assert {path: path.read_bytes() for path in own_cassettes} == before
    prices.close()
    before = {path: path.read_bytes() for path in every - own_cassettes}
    shop.record("--record-mode=none").assert_outcomes(passed=5)
    assert {path: path.read_bytes() for path in every - own_cassettes} == before
