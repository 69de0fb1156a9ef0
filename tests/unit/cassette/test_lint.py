"""`lint` reports the problems of cassettes by file, before they are replayed."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.exchanges import exchange, put, request
from personalize_contract import cli
from personalize_contract.cassette import recording
from personalize_contract.model.exchange import Exchange, Response
from personalize_contract.model.provenance import Provenance

SHIPPED = Path(__file__).parents[3] / "cassettes"
NAME = "it.personalize.yaml"
GOOD = exchange(put({"price": 1}))

Lint = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def lint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Lint:
    """Return a function that runs the command in an empty folder, for its status and lines."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> tuple[int, list[str]]:
        status = cli.main(["lint", *map(str, arguments)])
        out, err = capsys.readouterr()
        return status, [*out.splitlines(), *err.splitlines()]

    return run


def write(*several: Exchange, path: str = NAME, days: int = 0, who: str = "reference") -> Path:
    """Write a cassette into the working directory, recorded a number of days ago."""
    recorded = dt.datetime.now(dt.UTC) - dt.timedelta(days=days, minutes=1)
    provenance = Provenance(who, recorded.strftime("%Y-%m-%dT%H:%M:%SZ"))
    recording.write(Path(path), provenance, several)
    return Path(path)


def test_valid_cassettes_are_counted(lint: Lint) -> None:
    write(GOOD, GOOD, path="a/one.personalize.yaml")
    write(GOOD, path="b/two.personalize.yaml")
    assert lint() == (0, ["2 cassettes, 3 exchanges: 0 findings, 0 notes"])


def test_the_shipped_cassettes_pass(lint: Lint) -> None:
    status, lines = lint(SHIPPED)
    assert status == 0
    assert lines[-1].endswith(": 0 findings, 0 notes")


def test_a_folder_without_cassettes_is_a_failure(lint: Lint) -> None:
    problem = "no cassette (*.personalize.yaml) in this folder: nothing was checked"
    assert lint() == (2, [f"personalize-contract: .: {problem}"])


def changed(path: Path, old: str, new: str) -> None:
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))


ADVICE = "remove it, and revoke it if it was real"
AGAIN = "delete it and record it again, since an unchanged recording keeps its date"
CLAUSE = "its answer breaks {}; record it again, or correct the service that answered"
ELSEWHERE = "arn:aws:personalize:eu-west-1:123456789012:dataset/x/ITEMS"
KEY = "AKIAIOSFODNN7EXAMPLE"


def refused(body: bytes, status: int) -> Exchange:
    code = {"x-amzn-errortype": "InvalidInputException"}
    return Exchange(request(body), Response(status, "", code, b'{"message": "x"}'), "reference")


def as_it_is(path: Path) -> None:
    """Leave the file unchanged."""


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-12])


def change(old: str, new: str) -> Callable[[Path], None]:
    return lambda path: changed(path, old, new)


SECOND = 24  # the line where the second exchange begins
LAST = 42

# The second exchange of a cassette, the change of its file, the line and the finding.
FINDINGS: dict[str, tuple[Exchange, Callable[[Path], None], int | None, str]] = {
    "cut short": (
        GOOD,
        cut,
        None,
        "`version` is missing: it is truncated, or not a cassette; restore it, or record again",
    ),
    "a merge conflict": (
        GOOD,
        change("interactions:", "<<<<<<< HEAD\ninteractions:"),
        5,
        "it has an unresolved merge conflict: resolve it, or record again",
    ),
    "a changed answer": (
        GOOD,
        change("message: OK", "message: Fine"),
        6,
        "its answer was changed after it was recorded; record it again",
    ),
    "a secret": (
        exchange(put({"token": "ghp_" + "a1" * 18})),
        as_it_is,
        SECOND,
        f"a GitHub token is in the request body; {ADVICE}",
    ),
    "a secret in a comment": (
        GOOD,
        change("version: 1", f"# {KEY}\nversion: 1"),
        LAST,
        f"an AWS access key id is in the text; {ADVICE}",
    ),
    "a secret in what is not read": (
        GOOD,
        change("version: 1", f"mine: {KEY}\nversion: 1"),
        LAST,
        f"an AWS access key id is in the text; {ADVICE}",
    ),
    "an account": (
        exchange(put({"price": 1}, arn=ELSEWHERE)),
        as_it_is,
        SECOND,
        "an account id in an ARN is in the request body; replace it with 000000000000",
    ),
    "eleven items accepted": (
        exchange(put(*[{"price": 1}] * 11)),
        as_it_is,
        SECOND,
        CLAUSE.replace("breaks", "accepts a request that breaks").format(
            "request.items.max-members: items"
        ),
    ),
    "a body of a success": (
        exchange(put({"price": 1}), 200, b"{}"),
        as_it_is,
        SECOND,
        CLAUSE.format("response.success.empty-body: body: it has 2 bytes"),
    ),
    "a status of another error": (
        refused(b"{}", 404),
        as_it_is,
        SECOND,
        CLAUSE.format("error.invalid-input.status: status: it is 404"),
    ),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_a_finding_has_file_line_reason_and_remedy(case: str, lint: Lint) -> None:
    other, spoil, line, what = FINDINGS[case]
    spoil(path := write(GOOD, other))
    status, lines = lint()
    assert status == 1
    assert f"{path}{f':{line}' if line else ''}: {what}" in lines
    assert ", 0 notes" in lines[-1]
    assert not re.search("ghp_|AKIA|123456789012", "".join(lines))


def test_a_rejected_caller_is_not_a_finding(lint: Lint) -> None:
    write(refused(put(*[{"price": 1}] * 11), 400))
    assert lint()[0] == 0


def test_exchanges_of_other_services_are_not_checked(lint: Lint) -> None:
    other = request(put(*[{"price": 1}] * 11), url="https://api.example.org/items")
    write(Exchange(other, Response(201, "Created", {}, b"{}")))
    assert lint()[0] == 0


def test_unknown_provenance_is_a_note(lint: Lint) -> None:
    path = write(GOOD, who="unknown")
    status, lines = lint()
    assert status == 0
    assert lines == [
        f"{path}:1: note: unknown provenance: re-record it to establish where it came from",
        "1 cassette, 1 exchange: 0 findings, 1 note",
    ]


def test_cassettes_of_other_tools_are_checked_too(lint: Lint, tmp_path: Path) -> None:
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=x", "cookie": "a=b"}
    write(replace(GOOD, request=replace(GOOD.request, headers=signed)))
    vcr_cassette = Path("cassettes/test_it.yaml")
    vcr_cassette.parent.mkdir()
    vcr_cassette.write_text(re.sub(r"(?s)^.*?(?=interactions:)", "", Path(NAME).read_text()))
    write(GOOD)
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    status, lines = lint("cassettes", ".")
    assert status == 1
    assert [line.partition(": ")[0] for line in lines[:-1]] == [
        "cassettes/test_it.yaml:1",
        "cassettes/test_it.yaml:2",
        "cassettes/test_it.yaml:2",
    ]
    assert lines[-1] == "2 cassettes, 2 exchanges: 2 findings, 1 note"


def test_leftovers_of_a_killed_recording_are_found(lint: Lint) -> None:
    write(GOOD)
    Path("it.personalize.yaml.partial.jsonl").write_text("")
    Path(".it.personalize.yaml.tmp").write_text("")
    assert lint() == (
        1,
        [
            ".it.personalize.yaml.tmp: left behind by an interrupted recording; delete it",
            "it.personalize.yaml.partial.jsonl: left behind by an interrupted recording; run "
            "`personalize-contract recover` on it",
            "1 cassette, 1 exchange: 2 findings, 0 notes",
        ],
    )


@pytest.mark.parametrize(("days", "limit", "status"), [(9, 10, 0), (11, 10, 1), (0, 0, 1)])
def test_an_old_recording_is_found(lint: Lint, days: int, limit: int, status: int) -> None:
    path = write(GOOD, days=days)
    exit_status, lines = lint("--max-age", str(limit))
    assert exit_status == status
    assert (f"{path}:1: it is {days} days old; {AGAIN}" in lines) == bool(status)
    assert lint()[0] == 0


@pytest.mark.parametrize("date", ["", "soon"])
def test_a_recording_without_a_date_is_found_with_max_age(lint: Lint, date: str) -> None:
    recording.write(Path(NAME), Provenance("reference", date), [GOOD])
    status, lines = lint("--max-age", "10")
    assert status == 1
    assert "it.personalize.yaml:1: it has no recording date; record it again" in lines
    assert lint()[0] == 0


@pytest.mark.parametrize(
    "arguments", [["none"], ["--max-age", "-1"], ["--max-age", "soon"], ["--older"]]
)
def test_a_usage_error_is_one_line(lint: Lint, arguments: list[str]) -> None:
    status, lines = lint(*arguments)
    assert status == 2
    assert len(lines) == 1


def test_lint_changes_nothing(lint: Lint, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "copy")
    Path(NAME).write_text("tea")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    lint()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
