"""moto: this plugin answers PutItems, and moto all other calls."""

from __future__ import annotations

from helpers.shop import text

from .conftest import RepoWith

TESTS = """
from moto import mock_aws

def work():
    s3 = boto3.client("s3", "us-east-1")
    s3.create_bucket(Bucket="catalogue")
    s3.put_object(Bucket="catalogue", Key="tea", Body=b"{}")
    put(2)
    assert s3.get_object(Bucket="catalogue", Key="tea")["Body"].read() == b"{}"

@pytest.fixture
def aws():
    with mock_aws():
        yield

@pytest.fixture(scope="module")
def aws_for_all():
    with mock_aws():
        yield

@pytest.mark.personalize_contract
@mock_aws
def test_decorated():
    work()

@mock_aws
@pytest.mark.personalize_contract
def test_decorated_the_other_way():
    work()

@pytest.mark.personalize_contract
def test_in_the_middle():
    put(1)
    with mock_aws():
        work()
    put(1, first=9)

@pytest.mark.personalize_contract
def test_by_a_fixture(aws):
    work()

def test_with_a_service(aws, personalize_service):
    work()
    assert len(personalize_service.exchanges) == 1

def test_with_a_service_first(personalize_service, aws):
    work()

@pytest.mark.personalize_contract
def test_by_a_fixture_of_the_module(aws_for_all):
    work()

@pytest.mark.personalize_contract
def test_while_that_is_open():
    put(2)
"""


def test_moto_answers_only_other_services_in_either_order(repo_with: RepoWith) -> None:
    shop = repo_with()
    shop.tests(TESTS)
    shop.record().assert_outcomes(passed=8)
    result = shop.run()
    result.assert_outcomes(passed=8)
    assert "8 exchanges replayed (reference 8" in text(result)


def test_requests_that_moto_answers_are_checked_too(repo_with: RepoWith) -> None:
    shop = repo_with()
    shop.tests(
        """
        from moto import mock_aws

        @mock_aws
        def test_it():
            try:
                put(11)
            except Exception:
                pass
        """
    )
    shop.ini("personalize_check = all", "filterwarnings = error")
    shop.pytester.makeconftest(
        "import os; os.environ |= {'AWS_ACCESS_KEY_ID': 'testing', "
        "'AWS_SECRET_ACCESS_KEY': 'testing', 'AWS_DEFAULT_REGION': 'us-east-1'}"
    )
    result = shop.run()
    result.assert_outcomes(failed=1)
    assert "request.items.max-members is broken by this test's request" in text(result)
