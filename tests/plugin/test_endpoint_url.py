"""`--personalize-endpoint-url` and `personalize_endpoint_url`: a live service that is not AWS."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adversary.listening import served
from adversary.service import Answer, right
from helpers.command import ACTIVE
from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract
def test_it(personalize_dataset):
    status = put(arn=personalize_dataset.active)["ResponseMetadata"]["HTTPStatusCode"]
    assert status == 202
"""
LIVE = ("--personalize-target=live", f"--personalize-dataset={ACTIVE}=active")


def test_endpoint_answers_for_any_host(shop: Shop) -> None:
    shop.tests(TEST)
    with served(replace(right(), success=Answer(202))) as url:
        shop.run(*LIVE, f"--personalize-endpoint-url={url}").assert_outcomes(passed=1)
        shop.ini(f"personalize_endpoint_url = {url}")
        shop.run(*LIVE).assert_outcomes(passed=1)
        shop.ini("personalize_endpoint_url = http://127.0.0.1:9")
        shop.run(*LIVE, f"--personalize-endpoint-url={url}").assert_outcomes(passed=1)


def test_unreachable_endpoint_fails_the_test_with_a_sentence(shop: Shop) -> None:
    shop.tests(TEST)
    result = shop.run(*LIVE, "--personalize-endpoint-url=http://127.0.0.1:9")
    result.assert_outcomes(failed=1)
    assert "http://127.0.0.1:9 can't be reached" in text(result)
    assert "check the region or URL" in text(result)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://example.com", "http://", "http://a:b"])
def test_invalid_url_is_a_usage_error(shop: Shop, url: str) -> None:
    shop.tests(TEST)
    result = shop.run(*LIVE, f"--personalize-endpoint-url={url}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --personalize-endpoint-url: {url!r} is not an HTTP URL" in text(result)
    assert "Traceback" not in text(result)
