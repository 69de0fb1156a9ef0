"""`--personalize-report FILE`: findings, advice, answers, and outcomes by call site."""

from __future__ import annotations

import html.parser
import json
from typing import Any

import pytest

from helpers.shop import HEADER, Shop, text

SITE = f"test_shop.py:{HEADER.count(chr(10), 0, HEADER.index('client().put_items')) + 1}"


@pytest.fixture
def tests(shop: Shop) -> Shop:
    shop.tests(
        """
        def swallowed(**given):
            try:
                put(**given)
            except botocore.exceptions.ClientError:
                pass


        @pytest.mark.personalize_contract
        def test_eleven(personalize_service):
            swallowed(count=11)


        @pytest.mark.personalize_contract
        def test_outcomes(personalize_service):
            put(properties='{"unit_price": 1}')
            for fault in ("ThrottlingException", "ResourceInUseException"):
                personalize_service.fail_next(fault)
                swallowed()
        """
    )
    return shop


def report(shop: Shop, *arguments: str) -> Any:
    shop.run("--personalize-report", "report.json", *arguments)
    return json.loads((shop.path / "report.json").read_text("utf-8"))


@pytest.mark.parametrize("workers", [(), ("-pxdist", "-n1")], ids=["alone", "xdist"])
def test_findings_advice_answers_and_coverage(tests: Shop, workers: tuple[str, ...]) -> None:
    if workers:
        pytest.importorskip("xdist")
    found = report(tests, *workers)

    (problem,) = found["problems"]
    assert (problem["title"], problem["site"]) == ("request.items.max-members", SITE)
    assert problem["test"] == "test_shop.py::test_eleven"
    assert found["advice"]
    assert {one["site"] for one in found["advice"]} == {SITE}
    assert found["answers"] == ["5 exchanges answered, not recorded (fault 2, reference 3, aws 0)"]
    (site,) = found["coverage"]
    assert (site["site"], site["operation"]) == (SITE, "PutItems")
    assert site["met"] == {
        "200": 2,  # the SDK tries again after throttling
        "InvalidInputException": 1,
        "ResourceInUseException": 1,
        "throttled": 1,
    }
    assert site["never"] == ["ResourceNotFoundException", "no answer"]


def test_the_page_and_the_markdown_say_the_same(tests: Shop) -> None:
    tests.run("--personalize-report", "report.html", "--personalize-report", "report.md")

    words: list[str] = []
    parser = html.parser.HTMLParser()
    parser.handle_data = words.append  # type: ignore[method-assign, assignment]
    page = (tests.path / "report.html").read_text("utf-8")
    parser.feed(page)
    markdown = (tests.path / "report.md").read_text("utf-8")
    for said in ("request.items.max-members", SITE, "ResourceNotFoundException"):
        assert said in words
        assert said.replace(":", "&#58;") in markdown or said.replace("_", "&#95;") in markdown
    assert "<script" not in page


def test_findings_are_annotations_and_a_summary_on_github(
    tests: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tests.path / "summary.md"))
    lines = tests.run().outlines

    file, line = SITE.split(":")
    place = f"file={file},line={line},title=request.items.max-members"
    assert [one for one in lines if one.startswith(f"::error {place}::")]
    assert [one for one in lines if one.startswith(f"::warning file={file},line={line},title=")]
    assert "### Findings" in (tests.path / "summary.md").read_text("utf-8")


def test_unwritable_step_summary_is_reported(tests: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tests.path / "away" / "summary.md"))
    result = tests.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "the step summary was not written" in text(result)
    assert "(GITHUB_STEP_SUMMARY): No such file or directory" in text(result)


def test_no_annotations_without_findings(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(shop.path / "summary.md"))
    shop.tests("def test_it(personalize_service):\n    put()\n")

    assert "::" not in "".join(one for one in shop.run().outlines if one.startswith("::"))
    assert not (shop.path / "summary.md").exists()


def test_a_run_without_requests_has_an_empty_report(shop: Shop) -> None:
    shop.tests("def test_it():\n    pass\n")

    assert not any(report(shop).values())


@pytest.mark.parametrize("name", ["report.xml", "report", "nowhere/report.md"])
def test_a_report_that_can_not_be_written_is_refused_first(shop: Shop, name: str) -> None:
    shop.tests("def test_it():\n    pass\n")
    result = shop.run("--personalize-report", name)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"{name}: " in text(result)
