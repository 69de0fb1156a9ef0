"""An operation added by a contract file alone has every feature of those that ship."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.command import run
from helpers.shop import Shop

CONTRACTS = Path(__file__).parents[1] / "unit" / "suite" / "contracts"

TEST = """
import requests

URL = "https://personalize-events.us-east-1.amazonaws.com/reviews"


def review(**more):
    return {"reviewId": "1", "stars": 4, "writtenAt": 1719511760,
            "tags": [["green", "tea"], ["hot"]], **more}


def post(*reviews, arn=ACTIVE):
    return requests.post(URL, json={"datasetArn": arn, "reviews": reviews})


@pytest.mark.personalize_contract(MARK)
def test_it(personalize_dataset):
    assert post(review()).status_code == 200
    used = post(review(), arn=personalize_dataset.in_use)
    assert used.status_code == 409
    assert used.headers["x-amzn-errortype"] == "ResourceInUseException"
    MORE
"""


@pytest.fixture
def repo(shop: Shop) -> Shop:
    shutil.copytree(CONTRACTS, shop.path / "contracts")
    shop.ini("personalize_contracts = contracts")
    return shop


def write(repo: Shop, more: str = "", mark: str = "") -> None:
    repo.tests(TEST.replace("MORE", more).replace("MARK", mark))


def test_own_operation_is_recorded_and_replayed_by_meaning(repo: Shop) -> None:
    write(repo)
    repo.record().assert_outcomes(passed=1)
    repo.run().assert_outcomes(passed=1)
    write(repo, "post(review(stars=5))")
    repo.run().assert_outcomes(failed=1)


def test_members_of_own_operation_are_ignored_and_redacted(repo: Shop) -> None:
    mark = "ignore=['reviews[].writtenAt'], redact=['reviews[].text']"
    write(repo, "post(review(text='ann wrote it', writtenAt=1))", mark)
    repo.record().assert_outcomes(passed=1)
    assert "ann wrote it" not in repo.cassette("test_it").read_text("utf-8")
    write(repo, "post(review(text='bob wrote it', writtenAt=2))", mark)
    repo.run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("more", "clause"),
    [
        ("stars=6", "request.stars.maximum"),
        ("stars=4.5", "request.stars.type"),
        ("writtenAt='noon'", "request.written-at.type"),
        ("tags=[['a', 'b', 'c']]", "request.tag-list.max-members"),
        ("tags=[['x' * 21]]", "request.tag.max-length"),
    ],
)
def test_broken_clause_of_own_operation_is_named(repo: Shop, more: str, clause: str) -> None:
    write(repo, f"post(review({more}))")
    result = repo.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{clause} is broken by this test's request*"])


def test_verify_records_and_replays_own_operation(tmp_path: Path) -> None:
    done = run(
        "verify",
        f"--contracts={CONTRACTS}",
        "--operation=PutReviews",
        "--record",
        f"--cassettes={tmp_path}",
        "--target=reference",
        "--target=recorded",
    )
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr
    assert "PutReviews: all 43 clauses hold on" in done.stdout
