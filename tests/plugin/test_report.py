"""`--personalize-report FILE`: findings, advice, answers, and outcomes by call site."""

from __future__ import annotations

import html.parser
import json
import shlex
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
    run_report = report(tests, *workers)

    (problem,) = run_report["problems"]
    assert (problem["title"], problem["site"]) == ("request.items.max-members", SITE)
    assert problem["test"] == "test_shop.py::test_eleven"
    assert problem["repeat"] == "pytest test_shop.py::test_eleven"
    assert problem["curl"].startswith("curl -X POST --aws-sigv4 ")
    assert run_report["advice"]
    assert {advice["site"] for advice in run_report["advice"]} == {SITE}
    assert run_report["answers"] == [
        "5 exchanges answered, not recorded (fault 2, reference 3, aws 0)"
    ]
    (site,) = run_report["coverage"]
    assert (site["site"], site["operation"]) == (SITE, "PutItems")
    assert site["met"] == {
        "200": 2,  # the SDK tries again after throttling
        "InvalidInputException": 1,
        "ResourceInUseException": 1,
        "throttled": 1,
    }
    assert site["never"] == ["ResourceNotFoundException", "no answer"]


def test_html_and_markdown_have_the_same_content(tests: Shop) -> None:
    tests.run("--personalize-report", "report.html", "--personalize-report", "report.md")

    words: list[str] = []
    parser = html.parser.HTMLParser()
    parser.handle_data = words.append  # type: ignore[method-assign, assignment]
    page = (tests.path / "report.html").read_text("utf-8")
    parser.feed(page)
    markdown = (tests.path / "report.md").read_text("utf-8")
    assert "\n    pytest test_shop.py::test_eleven\n    curl -X POST " in markdown
    assert "pytest test_shop.py::test_eleven\ncurl -X POST " in page.replace("&#34;", '"')
    for value in ("request.items.max-members", SITE, "ResourceNotFoundException"):
        assert value in words
        assert value.replace(":", "&#58;") in markdown or value.replace("_", "&#95;") in markdown
    assert "<script" not in page


def test_findings_are_annotations_and_a_summary_on_github(
    tests: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tests.path / "summary.md"))
    output = tests.run().outlines

    file, line = SITE.split(":")
    place = f"file={file},line={line},title=request.items.max-members"
    assert any(shown.startswith(f"::error {place}::") for shown in output)
    assert any(shown.startswith(f"::warning file={file},line={line},title=") for shown in output)
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

    assert "::" not in "".join(line for line in shop.run().outlines if line.startswith("::"))
    assert not (shop.path / "summary.md").exists()


def test_run_without_requests_writes_an_empty_report(shop: Shop) -> None:
    shop.tests("def test_it():\n    pass\n")

    assert not any(report(shop).values())


@pytest.mark.parametrize("name", ["report.xml", "report", "file/new/report.md"])
def test_unwritable_report_is_a_usage_error(shop: Shop, name: str) -> None:
    shop.tests("def test_it():\n    pass\n")
    (shop.path / "file").touch()
    result = shop.run("--personalize-report", name)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"{name}: " in text(result)
    assert "--personalize-report" in text(result)


def test_folder_of_a_report_is_created(shop: Shop) -> None:
    shop.tests("def test_it():\n    pass\n")
    assert shop.run("--personalize-report=new/folder/report.md").ret == 0
    assert (shop.path / "new/folder/report.md").exists()


SHOP = "arn:aws:personalize:us-east-1:123456789012:dataset/shop/ITEMS"
OPTIONS = "--personalize-dataset ARN=active --personalize-account ID --personalize-strict"
EACH = """
MARK = pytest.mark.personalize_contract(ignore=["datasetArn"])

@MARK
@pytest.mark.parametrize("name", ["a b"])
def test_miss(name):
    put(properties='{"category": "Sencha"}')

@MARK
def test_unused():
    put()

@pytest.mark.personalize_contract(unused="report")
def test_reported():
    put(first=3)

@MARK
def test_refused():
    import socket

    socket.create_connection(("192.0.2.1", 80))
"""


def test_each_finding_has_commands_that_reproduce_it(shop: Shop) -> None:
    shop.tests(EACH.replace("Sencha", "Pu-erh"))
    shop.record("--deselect=test_shop.py::test_refused")
    shop.tests(EACH.replace("    put()", "    pass").replace("    put(first=3)", "    pass"))
    run_report = report(
        shop,
        "--personalize-strict",
        "--personalize-account=123456789012",
        f"--personalize-dataset={SHOP}=active",
    )

    problems = {finding["title"]: finding for finding in run_report["problems"]}
    assert set(problems) == {"Miss", "unused", "NetworkRefused", "sent-nothing"}
    assert {finding["repeat"] for finding in run_report["problems"]} == {
        f"pytest {shlex.quote(f'test_shop.py::{test}')} {OPTIONS}"
        for test in ("test_miss[a b]", "test_unused", "test_refused", "test_reported")
    }
    assert problems["NetworkRefused"]["site"].startswith("test_shop.py:")
    assert problems["NetworkRefused"]["curl"] == ""
    words = shlex.split(problems["Miss"]["curl"])
    assert words[-1].startswith("https://personalize-events.$AWS_REGION.amazonaws.com/items")
    body = json.loads(words[words.index("--data-binary") + 1])
    assert [item["itemId"] for item in body["items"]] == ["tea-0", "tea-1"]
    assert not any(
        value in json.dumps(run_report) for value in ("Sencha", "Pu-erh", "123456789012")
    )
    advice = {(line["site"], line["where"], line["requests"]) for line in run_report["advice"]}
    assert advice == {(f"test_shop.py::{test}", "", 0) for test in ("test_reported", "test_unused")}
    reported, failing = run_report["unused"]
    for unused, test in ((reported, "test_reported"), (failing, "test_unused")):
        assert unused["cassette"] == f"cassettes/test_shop/{test}.personalize.yaml"
        assert (unused["number"], unused["test"]) == (1, f"test_shop.py::{test}")
        assert unused["repeat"] == f"pytest test_shop.py::{test} {OPTIONS}"
        assert unused["curl"].startswith("curl -X POST ")
    assert "tea-0, tea-1" in failing["request"]


def test_a_changed_answer_is_reported_in_full(shop: Shop) -> None:
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    put()\n")
    shop.record()
    cassette = shop.cassette("test_it")
    cassette.write_text(cassette.read_text("utf-8").replace("code: 200", "code: 202"), "utf-8")
    run_report = report(shop, "--personalize-verify=reference", "--personalize-region=eu-west-1")

    (changed,) = run_report["changed"]
    assert run_report["problems"] == []
    assert (changed["title"], changed["site"]) == ("changed, contract holds", SITE)
    assert "202 with an empty body was recorded, but reference answers 200" in changed["text"]
    assert changed["repeat"] == (
        "pytest test_shop.py::test_it --personalize-verify reference --personalize-region eu-west-1"
    )
    assert "aws:amz:eu-west-1:personalize" in changed["curl"]


def test_finding_without_a_request_is_reported(shop: Shop) -> None:
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    put()\n")
    shop.record()
    url = "http://127.0.0.1:9"
    run_report = report(
        shop,
        "--personalize-verify=live",
        f"--personalize-endpoint-url={url}",
        f"--personalize-dataset={SHOP}=active",
    )
    (changed,) = run_report["changed"]
    assert (changed["title"], changed["test"]) == ("environment", "test_shop.py::test_it")
    assert changed["repeat"].endswith(f" --personalize-endpoint-url {url}")


SHARED = """
@pytest.mark.personalize_contract(cassette="seed")
class TestShop:
    def test_tea(self):
        put()

    def test_mate(self):
        put(first=2)
"""


def test_shared_unused_exchanges_are_reported_with_other_problems(
    shop: Shop,
) -> None:
    shop.tests(SHARED)
    shop.record()
    lost = SHARED.replace("put(first=2)", "pass")
    shop.tests(f"{lost}\n\ndef test_eleven(personalize_service):\n    put(count=11)\n")
    run_report = report(shop)

    (unused,) = run_report["unused"]
    assert unused["test"] == "test_shop.py::cassette=seed"
    assert (unused["number"], unused["repeat"]) == (2, "pytest test_shop.py")
    assert {finding["title"] for finding in run_report["problems"]} == {
        "request.items.max-members",
        "unused",
    }


def test_refusals_that_fail_no_test_are_reported(shop: Shop) -> None:
    shop.tests(
        """
        import threading

        done, ended = threading.Event(), threading.Event()


        def late(client):
            ended.wait()
            try:
                client.put_items(datasetArn=ACTIVE, items=[{"itemId": "tea"}])
            except Exception:
                done.set()


        @pytest.mark.personalize_contract
        def test_it():
            threading.Thread(target=late, args=[client()]).start()


        def test_other():
            ended.set()
            done.wait()
        """
    )
    (refused,) = report(shop)["refused"]
    assert "1 request after the end of test_shop.py::test_it" in refused


def test_unreadable_cassette_is_reported(shop: Shop) -> None:
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    put()\n")
    shop.record()
    shop.cassette("test_it").write_text("tea")
    (problem,) = report(shop)["problems"]
    assert (problem["title"], problem["repeat"]) == (
        "CassetteError",
        "pytest test_shop.py::test_it",
    )
