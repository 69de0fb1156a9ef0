"""pytest-asyncio and anyio, with an aiobotocore client."""

from __future__ import annotations

from helpers.shop import text

from .conftest import RepoWith

HEADER = """
from aiobotocore.session import AioSession

async def put_async(count=2):
    async with AioSession().create_client("personalize-events", "us-east-1") as client:
        items = [{"itemId": str(number), "properties": "{}"} for number in range(count)]
        await client.put_items(datasetArn=ACTIVE, items=items)
"""
ASYNCIO = (
    HEADER
    + """
import asyncio
import pytest_asyncio

@pytest_asyncio.fixture
async def catalogue():
    await put_async(3)
    yield
    await put_async(4)

@pytest.mark.personalize_contract
@pytest.mark.asyncio
async def test_it():
    await put_async()

@pytest.mark.personalize_contract
@pytest.mark.asyncio
async def test_fixtures(catalogue):
    await asyncio.gather(put_async(1), put_async(2))

@pytest.mark.asyncio
async def test_a_service(personalize_service):
    await put_async(2)
    put(1, first=9)
    assert len(personalize_service.exchanges) == 2

@pytest.mark.asyncio
async def test_over_http(personalize_service):
    import httpx
    async with httpx.AsyncClient() as client:
        url = personalize_service.url + "/items"
        json = {"datasetArn": ACTIVE, "items": [{"itemId": "tea"}]}
        assert (await client.post(url, json=json)).status_code == 200
"""
)
ANYIO = (
    HEADER
    + """
@pytest.mark.personalize_contract
@pytest.mark.anyio
async def test_it(anyio_backend_name):
    if anyio_backend_name == "asyncio":
        await put_async()
    put(1)

@pytest.fixture
async def catalogue():
    put(3)
    yield
    put(4)

@pytest.mark.personalize_contract
@pytest.mark.anyio
async def test_fixtures(catalogue):
    put(1)
"""
)


def test_pytest_asyncio_tests_and_fixtures_replay(repo_with: RepoWith) -> None:
    shop = repo_with("pytest_asyncio.plugin")
    shop.ini("asyncio_default_fixture_loop_scope = function")
    shop.tests(ASYNCIO)
    shop.record("--asyncio-mode=strict").assert_outcomes(passed=4)
    result = shop.run("--asyncio-mode=auto")
    result.assert_outcomes(passed=4)
    assert "5 exchanges replayed (reference 5" in text(result)


def test_anyio_tests_replay_on_asyncio_and_trio(repo_with: RepoWith) -> None:
    shop = repo_with("anyio.pytest_plugin")
    shop.tests(ANYIO)
    shop.record().assert_outcomes(passed=4)
    result = shop.run()
    result.assert_outcomes(passed=4)
    assert "9 exchanges replayed (reference 9" in text(result)
