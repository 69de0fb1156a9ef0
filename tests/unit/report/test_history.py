"""`history`: runs over time, from their JSON reports."""

import json
import re
from pathlib import Path

import pytest

from helpers.command import run

CLAUSE = "request.items.max-members"


def report(folder: Path, day: int, status: str, **more: object) -> Path:
    """Write the report of a night in which a clause had a status."""
    document = {
        "operation": "PutItems",
        "clauses": [
            {
                "id": CLAUSE,
                "targets": {"live": {"status": status, "changed": False, "exchanges": [], **more}},
            }
        ],
        "summary": {"live": {}},
        "runs": {"live": {"seconds": 60.0 * day}},
        "provenance": {"reported_at": f"2026-11-{day:02}T03:00:00Z"},
    }
    path = folder / f"{day}.json"
    path.write_text(json.dumps(document))
    return path


def test_clauses_by_runs_with_the_first_run_of_each_change(tmp_path: Path) -> None:
    nights = [
        report(tmp_path, 4, "broken"),
        report(tmp_path, 1, "holds"),
        report(tmp_path, 3, "broken"),
        report(tmp_path, 2, "holds", exchanges=[{"flaky": True}]),
    ]
    page = run("history", *nights).stdout

    row = re.search(rf"<code>{CLAUSE}</code></th>(.*)</tr>", page)
    assert row
    assert re.findall(">([^<]+)</td>", row[1]) == ["broken", "broken", "holds, flaky", "holds"]
    assert turns(page) == [
        f"2026-11-03 03:00: holds, flaky → broken: {CLAUSE}",
        f"2026-11-02 03:00: holds → holds, flaky: {CLAUSE}",
    ]
    assert re.findall(r"<td>(\d min 0 s)</td>", page) == [f"{day} min 0 s" for day in (4, 3, 2, 1)]
    assert ">partial<" not in page


def turns(page: str) -> list[str]:
    return [re.sub("<.*?>", "", line) for line in re.findall("<li>(.*)</li>", page)]


def test_clauses_that_change_together_are_one_line(tmp_path: Path) -> None:
    nights = [report(tmp_path, 1, "holds"), report(tmp_path, 2, "broken")]
    for path in nights:
        document = json.loads(path.read_text())
        document["clauses"] += [{**document["clauses"][0], "id": "request.method"}]
        path.write_text(json.dumps(document))
    page = run("history", *nights).stdout

    assert turns(page) == [f"2026-11-02 03:00: holds → broken: {CLAUSE}, request.method"]


def test_clauses_skipped_by_a_partial_run_are_no_change(tmp_path: Path) -> None:
    nights = [report(tmp_path, day, "holds") for day in (1, 3)]
    nights += [report(tmp_path, 2, "not reached"), report(tmp_path, 4, "broken")]
    for path in nights[2:]:
        path.write_text(json.dumps(json.loads(path.read_text()) | {"partial": "it was ended"}))
    page = run("history", *nights).stdout

    assert turns(page) == [f"2026-11-04 03:00: holds → broken: {CLAUSE}"]
    assert page.count('<td class="partial not">it was ended</td>') == 2


def test_a_report_of_verify_is_read(tmp_path: Path) -> None:
    path = tmp_path / "night.json"
    assert run("verify", "-k=items-11", "--target=recorded", "--report", path).returncode == 0
    done = run("history", path)

    assert done.returncode == 0
    assert "PutItems: 1 run<" in done.stdout
    assert "Nothing changed." in done.stdout


def test_content_of_a_report_is_escaped(tmp_path: Path) -> None:
    path = report(tmp_path, 1, "holds")
    path.write_text(path.read_text().replace(CLAUSE, "<script>"))

    assert "<code>&lt;script&gt;</code>" in run("history", path).stdout


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "nothing", '{"operation": "PutItems", "summary": {"live": 1}}']
)
def test_files_other_than_reports_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    done = run("history", path)

    assert done.returncode == 2
    assert "other.json: not a JSON report of verify" in done.stderr


def test_reports_of_two_operations_are_refused(tmp_path: Path) -> None:
    first, second = report(tmp_path, 1, "holds"), report(tmp_path, 2, "holds")
    second.write_text(second.read_text().replace("PutItems", "PutUsers"))
    done = run("history", first, second)

    assert done.returncode == 2
    assert "the reports are of PutItems and PutUsers" in done.stderr
