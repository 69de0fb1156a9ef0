"""Traffic to other services in a marked test, also with an open cassette of VCR.py."""

from __future__ import annotations

from helpers.shop import Shop


def test_refused_call_to_another_service_comes_first(shop: Shop) -> None:
    shop.tests(
        """
@pytest.mark.personalize_contract
def test_it():
    boto3.client("s3", region_name="us-east-1").put_object(Bucket="shop", Key="tea", Body=b"x")
"""
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*S3 PutObject: a test marked personalize_contract may not connect to *"]
    )


def test_swallowed_refusal_names_the_call(shop: Shop) -> None:
    shop.tests(
        """
@pytest.mark.personalize_contract
def test_it():
    try:
        boto3.client("sqs", region_name="us-east-1").list_queues()
    except Exception:
        pass
"""
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*SQS ListQueues: a test marked personalize_contract may not*"])


VCR = """
import vcr
from vcr.cassette import Cassette
from vcr.request import Request

RESPONSE = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": b""}}
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=tea, Signature=00"}


def record(host):
    with vcr.use_cassette("other.yaml", record_mode="all") as cassette:
        cassette.append(Request("POST", f"https://{host}/tea", b"", SIGNED), RESPONSE)
        return len(cassette)


@pytest.mark.personalize_contract
def test_it():
    assert record("personalize-events.us-east-1.amazonaws.com") == 0
    assert record("personalize-events-fips.us-east-1.amazonaws.com") == 0
    assert record("tea.example") == 1
"""


def test_vcr_cassette_gets_no_signed_request_of_the_service(shop: Shop) -> None:
    shop.tests(VCR)
    shop.run("--personalize-target=reference").assert_outcomes(passed=1)
    assert "amazonaws" not in (shop.path / "other.yaml").read_text("utf-8")
