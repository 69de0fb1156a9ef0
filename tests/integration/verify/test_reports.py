"""The reports of a run: terminal, JSON and JUnit."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from adversary.defects.table import mutants
from adversary.listening import served
from helpers.command import ACTIVE, DATASETS, run
from personalize_contract.model.contract import load

SECRET = "tea-and-a-secret"  # in the properties that the suite sends
KINDS = ("holds", "broken", "not reached")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the reports of a run in which every clause holds."""
    folder = tmp_path_factory.mktemp("good")
    done = run("verify", "--report", folder / "all.json", "--report", folder / "all.xml")
    assert done.returncode == 0, done.stderr
    (folder / "all.txt").write_text(done.stdout)
    return folder


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with the reports of a run with a broken clause and an undeclared state."""
    folder = tmp_path_factory.mktemp("bad")
    with served(mutants()["invalid-input: the message repeats the request"].service) as url:
        done = run(
            *("verify", "--target", "live", "--endpoint-url", url, *DATASETS[:2]),
            *("--allow-not-reached", "error.not-found.status"),
            *("--report", folder / "all.json", "--report", folder / "all.xml"),
        )
    assert done.returncode == 1, done.stderr
    (folder / "all.txt").write_text(done.stdout)
    return folder


def document(folder: Path) -> Any:
    return json.loads((folder / "all.json").read_text("utf-8"))


def rows(folder: Path) -> Mapping[str, Any]:
    return {row["id"]: row for row in document(folder)["clauses"]}


def test_json_report_has_the_documented_shape(good: Path) -> None:
    report = document(good)

    assert set(report) >= {"operation", "headline", "clauses", "summary", "provenance"}
    assert report["operation"] == "PutItems"
    assert report["summary"] == {
        "reference": {"holds": 32, "broken": 0, "not reached": 0},
        "recorded": {"holds": 31, "broken": 0, "not reached": 1},
    }
    row = rows(good)["request.items.max-members"]
    assert {name: row[name] for name in ("id", "statement", "source", "level", "binds")} == {
        "id": "request.items.max-members",
        "statement": "items has at most 10 members.",
        "source": "Request Body: items",
        "level": "documented",
        "binds": "caller",
    }
    assert set(row["targets"]) == {"reference", "recorded"}
    cell = row["targets"]["recorded"]
    assert set(cell) >= {"status", "why", "answered_by", "exchanges"}
    assert (cell["status"], cell["why"], cell["answered_by"]) == ("holds", "", "reference")


def test_json_report_shows_the_exchanges(good: Path) -> None:
    exchanges = rows(good)["request.items.max-members"]["targets"]["reference"]["exchanges"]
    by_scenario = {exchange["scenario"]: exchange for exchange in exchanges}

    assert {"items-10", "items-11"} <= set(by_scenario)
    exchange = by_scenario["items-11"]
    assert exchange["answered_by"] == "reference"
    assert exchange["request"]["method"] == "POST"
    assert exchange["request"]["path"] == "/items"
    assert exchange["request"]["headers"]["authorization"] == "REDACTED"
    assert ACTIVE in exchange["request"]["body"]
    assert exchange["response"]["status"] == 400
    assert exchange["response"]["headers"]["x-amzn-errortype"] == "InvalidInputException"


def test_json_report_has_every_clause(good: Path) -> None:
    assert list(rows(good)) == list(load("PutItems").clauses)
    assert {row["targets"]["reference"]["status"] for row in rows(good).values()} == {"holds"}


def test_broken_clause_shows_the_answer(bad: Path) -> None:
    cell = rows(bad)["error.message"]["targets"]["live"]

    assert (cell["status"], cell["answered_by"]) == ("broken", "endpoint")
    assert "the answer repeats the properties" in cell["why"]
    assert {exchange["status"] for exchange in cell["exchanges"]} == {"broken"}


def test_unreached_clause_says_why(bad: Path) -> None:
    cell = rows(bad)["error.not-found.code"]["targets"]["live"]

    assert cell["status"] == "not reached"
    assert cell["why"].endswith("no dataset is declared missing (--dataset ARN=missing)")
    assert document(bad)["summary"]["live"] == {"holds": 28, "broken": 1, "not reached": 3}


def suites(folder: Path) -> dict[str, ET.Element]:
    root = ET.parse(folder / "all.xml").getroot()  # noqa: S314 - our own
    assert root.tag == "testsuites"
    return {str(suite.get("name")): suite for suite in root}


def test_junit_has_a_suite_for_each_target(good: Path) -> None:
    by_name = suites(good)

    assert list(by_name) == ["PutItems reference", "PutItems recorded"]
    for suite, skipped in zip(
        by_name.values(), ([], ["request.properties.max-length"]), strict=True
    ):
        cases = suite.findall("testcase")
        names = [case.get("name") for case in cases]
        assert names == list(load("PutItems").clauses)
        assert suite.get("tests") == str(len(names))
        assert [suite.get(kind) for kind in ("failures", "errors")] == ["0", "0"]
        assert suite.get("skipped") == str(len(skipped))
        assert [case.get("name") for case in cases if list(case)] == skipped


def test_junit_has_times(good: Path) -> None:
    for suite in suites(good).values():
        times = [float(case.get("time") or "nan") for case in suite.iter("testcase")]
        assert 0 < sum(times) <= float(suite.get("time") or "nan")
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp") or "")


def test_json_report_has_the_time_of_each_target(good: Path) -> None:
    runs = document(good)["runs"]

    assert list(runs) == ["reference", "recorded"]
    assert runs["reference"]["started_at"] <= runs["recorded"]["started_at"]
    exchanges = rows(good)["request.items.max-members"]["targets"]["reference"]["exchanges"]
    assert all(0 < exchange["seconds"] < runs["reference"]["seconds"] for exchange in exchanges)


def test_junit_distinguishes_failures_errors_and_skips(bad: Path) -> None:
    (suite,) = suites(bad).values()
    cases = {case.get("name"): case for case in suite.iter("testcase")}

    def kind(clause: str) -> list[str]:
        return [element.tag for element in cases[clause]]

    assert kind("error.message") == ["failure"]
    assert kind("error.not-found.code") == ["error"]
    assert kind("error.not-found.status") == ["skipped"]  # allowed
    assert kind("request.items.max-members") == []
    assert (suite.get("failures"), suite.get("errors")) == ("1", "2")
    message = cases["error.message"][0].get("message") or ""
    assert message.startswith("broken: ")


@pytest.mark.parametrize("suffix", ["json", "xml", "txt"])
@pytest.mark.parametrize("which", ["good", "bad"])
def test_no_report_holds_item_properties(
    which: str, suffix: str, request: pytest.FixtureRequest
) -> None:
    text = (request.getfixturevalue(which) / f"all.{suffix}").read_text("utf-8")

    assert SECRET not in text


def test_terminal_shows_clause_by_target_with_provenance(good: Path) -> None:
    lines = (good / "all.txt").read_text().splitlines()

    assert lines[0].split() == ["clause", "level", "reference", "recorded"]
    end = lines.index("")
    table = {line.split()[0]: line.split()[1:] for line in lines[:end]}
    for clause in load("PutItems").clauses.values():
        if clause.can_fail:
            ships = clause.id != "request.properties.max-length"
            assert table[clause.id][:3] == [clause.level, "holds", "holds" if ships else "not"]
    assert "answered by                     " in "\n".join(lines)
    assert re.search(r"^answered by +reference +reference", "\n".join(lines), re.MULTILINE)
    assert lines[-1] == (
        "PutItems: all 32 clauses hold on reference; 31 of 32 clauses hold on recorded, 1 was not "
        "reached. This checks the tool and the recordings, not AWS: no answer here came from it."
    )


def test_terminal_shows_each_finding_with_its_source(bad: Path) -> None:
    text = (bad / "all.txt").read_text()

    assert re.search(
        r"^error\.message broken on live\n"
        r"  model: An error carries a message.*\[Service model: .*\]\n"
        r"  found: .*the answer repeats the properties",
        text,
        re.MULTILINE,
    )
    assert "error.not-found.status not reached on live (allowed)" in text
    assert "error.not-found.code not reached on live\n  page:  " in text


def test_run_shows_its_progress(tmp_path: Path) -> None:
    done = run("verify", "-k", "items-1 or success", cwd=tmp_path)

    assert re.findall(r"^(\w+): \d+ scenarios$", done.stderr, re.MULTILINE) == [
        "reference",
        "recorded",
    ]


def test_report_of_a_run_without_its_last_target_is_partial(tmp_path: Path) -> None:
    path = tmp_path / "partial.json"
    done = run(
        *("verify", "--target", "reference", "--target", "live", "-k", "items-10"),
        *("--endpoint-url", "https://personalize-events.us-east-1.amazonaws.com"),
        *(f"--dataset={ACTIVE}=active", "--report", path),
    )
    report = json.loads(path.read_text("utf-8"))
    assert done.returncode == 2
    assert report["partial"]
    assert report["summary"]["reference"]["holds"] > 0
