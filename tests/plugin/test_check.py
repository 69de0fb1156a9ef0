"""`personalize_check`: the tests whose requests are checked."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

ELEVEN = "request.items.max-members is broken by this test's request"

# Common ways to mock PutItems.
STUBBER = """
from botocore.stub import Stubber

@pytest.fixture
def stubbed():
    events = client()
    with Stubber(events) as stubber:
        stubber.add_response("put_items", {})
        yield events
        stubber.assert_no_pending_responses()
"""
HANDLER = """
from botocore.awsrequest import AWSResponse

@pytest.fixture
def stubbed():
    def answer(request, **_):
        response = AWSResponse(request.url, 200, {}, None)
        response._content = b""
        return response

    events = client()
    events.meta.events.register("before-send.personalize-events.PutItems", answer)
    return events
"""
RESPONSES = """
import json
import requests
import responses

class Client:
    def put_items(self, **body):
        url = "https://personalize-events.us-east-1.amazonaws.com/items"
        assert requests.post(url, json=body, timeout=5).status_code == 200

@pytest.fixture
def stubbed():
    with responses.RequestsMock() as mock:
        mock.add("POST", "https://personalize-events.us-east-1.amazonaws.com/items")
        yield Client()
"""
TEST = """
{mark}
def test_it(stubbed):
    items = [{{"itemId": str(number)}} for number in range({count})]
    stubbed.put_items(datasetArn=ACTIVE, items=items)
"""
MARK = "@pytest.mark.personalize_contract"


@pytest.fixture(autouse=True)
def _credentials(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set credentials as a user's own fixtures do: an unmarked test gets none from the plugin."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.mark.parametrize(
    "way", [STUBBER, HANDLER, RESPONSES], ids=["Stubber", "before-send", "responses"]
)
class TestAll:
    def test_an_unmarked_test_that_breaks_the_contract_fails(self, shop: Shop, way: str) -> None:
        shop.tests(way + TEST.format(mark="", count=11))
        shop.ini("personalize_check = all")
        result = shop.run()
        result.assert_outcomes(failed=1)
        assert ELEVEN in text(result)

    def test_valid_request_passes_and_keeps_its_answer(self, shop: Shop, way: str) -> None:
        shop.tests(way + TEST.format(mark="", count=10))
        shop.ini("personalize_check = all")
        result = shop.run()
        result.assert_outcomes(passed=1)
        assert "personalize-contract ==" not in text(result)

    def test_unmarked_requests_get_advice(self, shop: Shop, way: str) -> None:
        source = way + TEST.format(mark="", count=10).replace("str(number)", "'x'")
        shop.tests(source)
        shop.ini("personalize_check = all")
        assert "duplicate-ids" in text(shop.run())


@pytest.mark.parametrize("ini", [[], ["personalize_check = marked"]])
def test_unmarked_tests_are_not_checked_by_default(shop: Shop, ini: list[str]) -> None:
    shop.tests(STUBBER + TEST.format(mark="", count=11))
    shop.ini(*ini)
    shop.run().assert_outcomes(passed=1)


def test_a_marked_test_with_a_stubber_is_checked(shop: Shop) -> None:
    shop.tests(STUBBER + TEST.format(mark=MARK, count=11))
    result = shop.run()
    result.assert_outcomes(failed=1)
    assert ELEVEN in text(result)


def test_stubber_activated_before_the_test_is_checked(shop: Shop) -> None:
    once = 'stubber.add_response("put_items", {})'
    module_wide = STUBBER.replace(once, f"{once}; {once}").replace(
        "@pytest.fixture", "@pytest.fixture(scope='module')"
    )
    good = TEST.format(mark="", count=1).replace("test_it", "test_good")
    shop.tests(module_wide + good + TEST.format(mark="", count=11))
    shop.ini("personalize_check = all")
    result = shop.run()
    result.assert_outcomes(passed=1, failed=1)
    assert ELEVEN in text(result)


def test_an_unmarked_test_under_moto_is_checked(shop: Shop) -> None:
    shop.tests(
        """
        from moto import mock_aws

        @mock_aws
        def test_it():
            try:
                put(11)
            except botocore.exceptions.ClientError:
                pass  # moto has no PutItems
        """
    )
    shop.ini("personalize_check = all")
    # In a separate process, since moto never removes its patch of botocore.
    result = shop.pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    assert ELEVEN in text(result)


def test_check_must_be_marked_or_all(shop: Shop) -> None:
    shop.tests(TEST.format(mark="", count=1))
    shop.ini("personalize_check = some")
    result = shop.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: personalize_check = some: it must be marked or all" in text(result)
