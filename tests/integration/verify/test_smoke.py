"""`verify --smoke` and `--list`: a dozen scenarios, and the names of all."""

import json
from pathlib import Path

from helpers.command import run
from helpers.endpoint import listening, live
from personalize_contract.model.exchange import Request, Response

SMOKE = [
    *("success", "items-0", "items-11", "item-id-0", "item-id-257", "properties-0"),
    *("properties-32001", "arn-257", "arn-not-an-arn", "missing", "in-use"),
    *("invalid-input-status", "malformed-status"),
]


def test_smoke_has_one_scenario_for_each_outcome_and_limit(tmp_path: Path) -> None:
    methods: list[str] = []

    def note(request: Request, response: Response) -> Response:
        methods.append(request.method)
        return response

    report = tmp_path / "smoke.json"
    with listening(note) as url:
        done = live(url, "--smoke", f"--report={report}")

    assert done.returncode == 0, done.stderr
    assert len(methods) == len(SMOKE)
    assert "all 18 clauses asked about hold on live" in done.stdout
    shown = json.loads(report.read_text())
    assert shown["summary"]["live"] == {"holds": 18, "broken": 0, "not reached": 0}
    (other,) = (row for row in shown["clauses"] if row["id"] == "request.method")
    assert other["targets"]["live"]["status"] == "not reached"
    assert other["targets"]["live"]["why"] == "no selected scenario checks it"


def test_list_takes_no_expression() -> None:
    done = run("verify", "--list", "-kmissing")
    assert done.returncode == 2
    assert "--list prints all scenarios" in done.stderr


def test_list_names_scenarios_and_their_clauses() -> None:
    done = run("verify", "--list", "--smoke")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == SMOKE
    whole = run("verify", "--list").stdout.splitlines()
    assert len(whole) > 300
    (line,) = (listed for listed in whole if listed.startswith("items-11 "))
    assert "request.items.max-members" in line
