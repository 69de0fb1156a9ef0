"""Styles of tests: unittest, long-lived clients, Django settings, and the plugin disabled."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

from .conftest import RepoWith

UNITTEST = """
import unittest

@pytest.mark.personalize_contract
class TestCatalogue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = boto3.client("personalize-events", "us-east-1")

    def setUp(self):
        put(1)

    def test_it(self):
        self.client.put_items(datasetArn=ACTIVE, items=[{"itemId": "tea"}])

    def test_subtests(self):
        for count in (2, 3):
            with self.subTest(count=count):
                put(count)

    def tearDown(self):
        put(4)

@pytest.mark.usefixtures("personalize_service")
class TestService(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _service(self, personalize_service):
        self.service = personalize_service

    def test_it(self):
        put(2)
        self.assertEqual(len(self.service.items(ACTIVE)), 2)
"""

LONG_LIVED = """
@pytest.fixture(scope="session")
def session_client():
    return boto3.client("personalize-events", "us-east-1")

@pytest.fixture(scope="class")
def class_client():
    return boto3.client("personalize-events", "us-east-1")

AT_IMPORT = boto3.client("personalize-events", "us-east-1")

class TestIt:
    @pytest.mark.personalize_contract
    @pytest.mark.parametrize("attempt", [1, 2])
    def test_it(self, session_client, class_client, attempt):
        for number, client in enumerate((session_client, class_client, AT_IMPORT)):
            client.put_items(datasetArn=ACTIVE, items=[{"itemId": f"{attempt}-{number}"}])

    def test_unmarked(self, session_client):
        assert session_client.meta.region_name == "us-east-1"
"""

DJANGO = """
import requests
from django.conf import settings

@pytest.mark.personalize_contract
def test_it():
    settings.PERSONALIZE.put_items(datasetArn=ACTIVE, items=[{"itemId": "tea"}])

@pytest.mark.personalize_contract
def test_a_view(client):
    assert client.post("/put").status_code == 204

@pytest.mark.personalize_contract
def test_a_live_server(live_server):
    assert requests.post(f"{live_server.url}/put", timeout=30).status_code == 204
"""
SETTINGS = """
import boto3

SECRET_KEY = "no secret"
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["*"]
STATIC_URL = "static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
PERSONALIZE = boto3.client("personalize-events", region_name="us-east-1")
"""
URLS = """
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

def put(request):
    arn = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"
    settings.PERSONALIZE.put_items(datasetArn=arn, items=[{"itemId": "tea"}])
    return HttpResponse(status=204)

urlpatterns = [path("put", put)]
"""


def test_unittest_cases_replay(repo_with: RepoWith) -> None:
    shop = repo_with()
    shop.tests(UNITTEST)
    shop.record().assert_outcomes(passed=3)
    result = shop.run()
    result.assert_outcomes(passed=3)
    assert "7 exchanges replayed (reference 7" in text(result)


def test_long_lived_clients_are_intercepted(repo_with: RepoWith) -> None:
    shop = repo_with()
    shop.tests(LONG_LIVED)
    shop.record().assert_outcomes(passed=3)
    result = shop.run()
    result.assert_outcomes(passed=3)
    assert "6 exchanges replayed (reference 6" in text(result)


def test_a_client_in_django_settings_is_intercepted(repo_with: RepoWith) -> None:
    shop = repo_with("pytest_django.plugin")
    shop.tests(DJANGO)
    (shop.path / "settings.py").write_text(SETTINGS, "utf-8")
    (shop.path / "urls.py").write_text(URLS, "utf-8")
    shop.ini("DJANGO_SETTINGS_MODULE = settings", "pythonpath = .")
    shop.record().assert_outcomes(passed=3)
    result = shop.run()
    result.assert_outcomes(passed=3)
    assert "3 exchanges replayed (reference 3" in text(result)


@pytest.mark.parametrize("strict", [False, True])
def test_the_mark_is_unknown_if_the_plugin_is_disabled(with_all: Shop, strict: bool) -> None:
    with_all.tests(
        """
        @pytest.mark.personalize_contract
        def test_it():
            assert True

        def test_a_fixture(personalize_dataset):
            put()
        """
    )
    options = ["--strict-markers"] if strict else []
    result = with_all.run("-p", "no:personalize_contract", *options)
    if strict:
        result.assert_outcomes(errors=1)
        assert "'personalize_contract' not found in `markers` configuration option" in text(result)
    else:
        result.assert_outcomes(passed=1, errors=1, warnings=1)
        assert "Unknown pytest.mark.personalize_contract" in text(result)
        assert "fixture 'personalize_dataset' not found" in text(result)
    assert "INTERNALERROR" not in text(result)


def test_all_installed_plugins_work_together(with_all: Shop) -> None:
    with_all.tests(
        """
        @pytest.mark.vcr
        @pytest.mark.flaky(reruns=1)
        @pytest.mark.personalize_contract
        @pytest.mark.parametrize("number", range(4))
        def test_it(number):
            put(2, first=number)

        @pytest.mark.asyncio
        async def test_a_service(personalize_service):
            put(2)
            assert len(personalize_service.exchanges) == 1
        """
    )
    options = ("-n1", "--disable-socket", "--allow-unix-socket")
    with_all.record(*options).assert_outcomes(passed=5)
    result = with_all.run(*options)
    result.assert_outcomes(passed=5)
    assert "4 exchanges replayed (reference 4" in text(result)
