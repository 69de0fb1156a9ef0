"""`--personalize-baseline`: known findings fail no test until they expire."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from helpers.command import ACTIVE
from helpers.endpoint import listening
from helpers.shop import Shop, text

TESTS = """
@pytest.mark.parametrize("count", [11, 2])
def test_it(personalize_service, count):
    try:
        put(count, properties='{"a": NaN}' if count == 2 else "{}")
    except botocore.exceptions.ClientError:
        pass
"""
ELEVEN = "test_shop.py::test_it[11]"
CLAUSE = "request.items.max-members"
FUTURE, PAST = "2999-12-31", "2020-02-29"


def entry(test: str = ELEVEN, clause: str = CLAUSE, until: str = FUTURE) -> str:
    return f"- test: {test}\n  clause: {clause}\n  until: {until}\n  why: 'SHOP-12: batches'\n"


@pytest.fixture
def tests(shop: Shop) -> Shop:
    shop.tests(TESTS)
    return shop


def run(shop: Shop, baseline: str, *arguments: str) -> pytest.RunResult:
    (shop.path / "known.yaml").write_text(baseline, "utf-8")
    return shop.run("--personalize-baseline", "known.yaml", *arguments)


def test_known_finding_passes_and_is_counted(tests: Shop) -> None:
    tests.run().assert_outcomes(passed=1, failed=1)
    result = run(tests, "# ours\n" + entry(), "--personalize-report=report.json")

    assert result.ret == 0
    line = f"  {ELEVEN}: {CLAUSE} (until {FUTURE}, known.yaml:2): SHOP-12: batches"
    at = result.outlines.index("known: 1 finding excused by the baseline")
    assert result.outlines[at + 1] == line
    assert "violation" not in text(result)
    report = json.loads((tests.path / "report.json").read_text("utf-8"))
    assert report["baseline"] == [result.outlines[at], line]
    assert report["problems"] == []
    assert "known: 1 finding" in text(run(tests, entry(), "-q"))


@pytest.mark.parametrize(
    "other",
    [
        entry("test_shop.py::test_it[2]"),
        entry("test_shop.py::test_it"),
        entry(clause="request.items.min-members"),
    ],
    ids=["test", "parameter", "clause"],
)
def test_unlisted_finding_still_fails(tests: Shop, other: str) -> None:
    result = run(tests, other)
    result.assert_outcomes(passed=1, failed=1)
    assert "known:" not in text(result)


def test_expired_entry_fails_and_is_located(tests: Shop) -> None:
    result = run(tests, entry(clause="request.items.min-members") + entry(until=PAST))
    result.assert_outcomes(passed=1, failed=1)
    assert (
        f"  baseline:  known.yaml:5 expired on {PAST}: fix this and remove the entry, or give it a "
        "later `until`"
    ) in result.outlines


@pytest.mark.parametrize("workers", [(), ("-pxdist", "-n1")], ids=["alone", "xdist"])
def test_unmatched_entry_is_reported(tests: Shop, workers: tuple[str, ...]) -> None:
    if workers:
        pytest.importorskip("xdist")
    lost = entry("test_gone.py::test_it") + entry("test_shop.py::test_it[2]", until=PAST)
    result = run(tests, entry() + lost, *workers)
    assert result.ret == 0
    assert "known: 1 finding excused by the baseline" in result.outlines
    assert [line for line in result.outlines if line.startswith("baseline:")] == [
        f"baseline: known.yaml:{line}: {test}, {CLAUSE}: no such finding in this run; remove the "
        "entry"
        for line, test in ((5, "test_gone.py::test_it"), (9, "test_shop.py::test_it[2]"))
    ]


@pytest.mark.parametrize(
    "arguments", [["-k", "not nothing", ELEVEN], ["-k", "11"], ["test_other.py"], ["-x"]]
)
def test_partial_run_reports_no_unmatched_entry(tests: Shop, arguments: list[str]) -> None:
    tests.tests("def test_it():\n    pass\n", "test_other")
    lost = entry("test_shop.py::test_it[2]", "request.items.min-members")
    assert "baseline:" not in text(run(tests, lost, *arguments))


@pytest.mark.parametrize("clauses", [("status",), ("status", "empty-body")])
def test_answer_breaking_only_known_clauses_passes(shop: Shop, clauses: tuple[str, ...]) -> None:
    shop.tests("@pytest.mark.personalize_contract\ndef test_it():\n    put()\n")
    shop.record()
    known = "".join(
        entry("test_shop.py::test_it", f"response.success.{clause}") for clause in clauses
    )
    with listening(lambda request, answer: replace(answer, status=201, body=b"{}")) as url:
        result = run(
            shop,
            known,
            "--personalize-verify=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={ACTIVE}=active",
        )
    assert result.ret == (0 if len(clauses) == 2 else 1), text(result)
    assert ("known: 2 findings" in text(result)) is (len(clauses) == 2)


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (entry() + "  owner: me\n", ":5", "unknown key 'owner'; use test, clause, until, why"),
        (entry().replace("  why: 'SHOP-12: batches'\n", ""), ":1", "`why` is missing"),
        (entry() + "  why: again\n", ":5", "`why` is given twice"),
        (entry() + entry(until=PAST), ":5", "the same test and clause as in known.yaml:1"),
        (entry(until="soon"), ":3", "`until` must be a date, such as 2027-01-31"),
        (entry(until="[2027-01-31]"), ":3", "`until` must be a string"),
        (entry(clause="request.items.max-member"), ":2", "there is no clause"),
        (entry(test="test_it"), ":1", "`test` must be a node id"),
        ("- tea\n", ":1", "an entry must have the keys test, clause, until, why"),
        ("\ntest: tea\n", ":2", "it must be a list of entries with the keys"),
        ("- test: [\n", ":2", "it is not YAML"),
        ("- test: !!python/object/apply:os.getcwd []\n", ":1", "`test` must be a string"),
    ],
)
def test_invalid_file_is_refused_with_its_line(
    tests: Shop, content: str, line: str, problem: str
) -> None:
    result = run(tests, content)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"--personalize-baseline known.yaml{line}: {problem}" in text(result)


def test_unreadable_file_is_refused(tests: Shop) -> None:
    for name, problem in (
        ("none.yaml", "there is no such file"),
        (".", "a folder instead of a regular file"),
    ):
        result = tests.run("--personalize-baseline", name)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert problem in text(result)
    (tests.path / "binary.yaml").write_bytes(b"\xff")
    assert "it is not UTF-8" in text(tests.run("--personalize-baseline", "binary.yaml"))


def test_empty_file_suppresses_nothing(tests: Shop) -> None:
    run(tests, "").assert_outcomes(passed=1, failed=1)
