"""Drift: the differences between two answers, which of them count, and their effect on a run."""

import datetime as dt
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from helpers import groups
from helpers.command import run
from helpers.endpoint import Change, listening, live, report
from personalize_contract.cassette import group, recording
from personalize_contract.model.drift import Comparison, differences, same
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.provenance import Provenance
from personalize_contract.suite import shipped

HEADERS = {
    "content-type": "application/json",
    "x-amzn-errortype": "InvalidInputException",
    "x-amzn-requestid": "339feb16-f441-41cd-bd08-ad1ee7efb042",
    "date": "Tue, 24 Nov 2026 20:25:17 GMT",
}
BODY = b'{"message": "too many"}'
ANSWER = Response(400, "Bad Request", HEADERS, BODY)


def answer(
    status: int = 400, reason: str = "Bad Request", body: bytes = BODY, **headers: str | None
) -> Response:
    changed = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in changed.items() if value is not None}
    return Response(status, reason, sent, body)


THE_SAME = {
    "another request id": answer(x_amzn_requestid="00000000-0000-0000-0000-000000000000"),
    "another date": answer(date="Wed, 25 Nov 2026 20:25:17 GMT"),
    "no reason phrase": answer(reason=""),
    "headers of the route": answer(connection="close", server="Server", retry_after="1"),
    "a charset": answer(content_type="application/json; charset=utf-8"),
    "a URI behind the code": answer(x_amzn_errortype="InvalidInputException:http://x/"),
    "spaced JSON": answer(body=b' {"message" :\n"too many"} '),
}


@pytest.mark.parametrize("now", THE_SAME.values(), ids=THE_SAME)
def test_equivalent_answers_do_not_differ(now: Response) -> None:
    assert differences(ANSWER, now) == []


COUNTED: dict[str, tuple[Response, dict[str, tuple[str, str]]]] = {
    "the status": (answer(409), {"status": ("400", "409")}),
    "the code": (
        answer(x_amzn_errortype="ValidationException"),
        {"code": ("InvalidInputException", "ValidationException")},
    ),
    "where the code is": (
        answer(
            x_amzn_errortype=None,
            body=b'{"__type": "InvalidInputException", "message": "too many"}',
        ),
        {
            "code is in": ("x-amzn-errortype", "body __type"),
            "headers": (
                "content-type, x-amzn-errortype, x-amzn-requestid",
                "content-type, x-amzn-requestid",
            ),
            "body": ("{message: a string}", "{__type: a string, message: a string}"),
        },
    ),
    "the media type": (
        answer(content_type="application/x-amz-json-1.1"),
        {"content type": ("application/json", "application/x-amz-json-1.1")},
    ),
    "no request id": (
        answer(x_amzn_requestid=None),
        {
            "headers": (
                "content-type, x-amzn-errortype, x-amzn-requestid",
                "content-type, x-amzn-errortype",
            )
        },
    ),
    "one member more": (
        answer(body=b'{"message": "too many", "fields": ["a", "b"]}'),
        {"body": ("{message: a string}", "{fields: [a string], message: a string}")},
    ),
    "no body": (answer(body=b""), {"body": ("{message: a string}", "empty")}),
    "another kind of body": (answer(body=b"<x/>"), {"body": ("{message: a string}", "not JSON")}),
}


@pytest.mark.parametrize(("now", "parts"), COUNTED.values(), ids=COUNTED)
def test_each_change_is_counted(now: Response, parts: dict[str, tuple[str, str]]) -> None:
    counted = [each for each in differences(ANSWER, now) if each.counts]

    assert {each.part: (each.recorded, each.now) for each in counted} == parts
    assert not same(ANSWER, now)


def test_the_wording_of_a_message_is_shown_but_not_counted() -> None:
    now = answer(body=b'{"message": "eleven is too many"}')
    (difference,) = differences(ANSWER, now)

    assert (difference.part, difference.recorded) == ("message", "too many")
    assert difference.now == "eleven is too many"
    assert not difference.counts
    assert same(ANSWER, now)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (
            "request 339feb16-f441-41cd-bd08-ad1ee7efb042 failed",
            "request 439feb16-f441-41cd-bd08-ad1ee7efb042 failed",
        ),
        ("expired: 20261124T202517Z", "expired: 20261125T010203Z"),
        ("at 2026-11-24T20:25:17.123Z", "at 2026-11-25T20:25:17+00:00"),
    ],
)
def test_ids_and_dates_in_a_message_are_no_difference(then: str, now: str) -> None:
    recorded, today = ({"message": text} for text in (then, now))

    assert (
        differences(
            answer(body=json.dumps(recorded).encode()), answer(body=json.dumps(today).encode())
        )
        == []
    )


@pytest.mark.parametrize(
    ("recorded_by", "answered_by", "changed"),
    [
        ("aws", "aws", True),
        ("aws", "endpoint", True),
        ("endpoint", "endpoint", True),
        ("endpoint", "aws", False),
        ("reference", "endpoint", False),
        ("reference", "aws", False),
        ("unknown", "aws", False),
    ],
)
def test_a_difference_is_a_change_only_against_equal_provenance(
    recorded_by: str, answered_by: str, changed: bool
) -> None:
    comparison = Comparison.of(ANSWER, Provenance(recorded_by), answer(409), answered_by)

    assert comparison.changed is changed
    assert [difference.part for difference in comparison.differences] == ["status"]


# --- verify --target live

SOME = "-k=items-11 or body-empty or success-after-success or (in-use and not message)"
"""A few scenarios that are enough for most tests."""

RECORDED = f"{SOME} or [items-10] or [items-1]"
"""The scenarios recorded by the fixture `recorded`."""


def code(of: str) -> Change:
    """Return a change that gives malformed JSON another code."""

    def change(request: Request, response: Response) -> Response:
        if response.headers.get("x-amzn-errortype") != "SerializationException":
            return response
        return Response(400, "Bad Request", {**response.headers, "x-amzn-errortype": of}, b"{}")

    return change


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record cassettes of an endpoint."""
    folder = tmp_path_factory.mktemp("recorded")
    with listening() as url:
        assert live(url, "--record", "--cassettes", folder, RECORDED).returncode == 0
    return folder


def test_a_service_that_answers_as_recorded_is_unchanged(recorded: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with listening() as url:
        done = live(
            url, "--cassettes", recorded, "--report", path, f"{SOME} or [items-10] or [items-1]"
        )

    assert done.returncode == 0, done.stdout
    count = len(groups.scenarios(recorded))
    assert f"Nothing changed: {count} answers are as recorded." in done.stdout
    assert not any(row["targets"]["live"]["changed"] for row in report(path).values())


def test_a_change_within_the_contract_exits_with_4(recorded: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with listening(code("ValidationException")) as url:
        done = live(url, "--cassettes", recorded, "--report", path, SOME)

    assert done.returncode == 4, done.stdout
    assert "code: SerializationException -> ValidationException" in done.stdout
    rows = report(path)
    assert not any(row["targets"]["live"]["status"] == "broken" for row in rows.values())
    assert rows["error.malformed.code"]["targets"]["live"]["changed"]
    assert not rows["request.items.max-members"]["targets"]["live"]["changed"]
    (shown,) = [
        exchange
        for exchange in rows["error.malformed.status"]["targets"]["live"]["exchanges"]
        if exchange["scenario"] == "body-empty"
    ]
    assert shown["recorded"]["recorded_by"] == "endpoint"
    assert shown["recorded"]["response"]["headers"]["x-amzn-errortype"] == "SerializationException"


def test_a_broken_contract_beats_a_change(recorded: Path) -> None:
    def accepts(request: Request, response: Response) -> Response:
        return response if response.status != 409 else Response(200, "OK", {}, b"")

    with listening(accepts) as url:
        done = live(url, "--cassettes", recorded, SOME)

    assert done.returncode == 1
    assert "status: 409 -> 200" in done.stdout


def test_a_change_beats_a_state_that_was_not_reached(recorded: Path) -> None:
    with listening(code("ValidationException")) as url:
        active = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS=active"
        done = run(
            "verify",
            "--target=live",
            f"--endpoint-url={url}",
            f"--dataset={active}",
            "--cassettes",
            recorded,
            SOME,
        )

    assert "not reached on live" in done.stdout
    assert done.returncode == 4


def test_a_failing_environment_is_not_a_change(recorded: Path) -> None:
    def throttles(request: Request, response: Response) -> Response:
        return Response(429, "Slow down", {"x-amzn-errortype": "ThrottlingException"}, b"")

    with listening(throttles) as url:
        done = live(url, "--cassettes", recorded, "-k=items-11")

    assert done.returncode == 2
    assert "changed" not in done.stdout


def test_recordings_of_the_reference_service_show_no_change() -> None:
    """In a first live night, the shipped recordings are a guess where the page is silent."""
    with listening(code("ValidationException")) as url:
        done = live(url, SOME)

    assert done.returncode == 0, done.stdout
    assert "code: SerializationException -> ValidationException" in done.stdout
    assert (
        "The recordings come from reference, so they don't show whether the service" in done.stdout
    )


def test_an_edited_answer_is_not_compared(recorded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"
    shutil.copytree(recorded, folder)
    groups.change(
        folder,
        "items-11",
        lambda text: text.replace("InvalidInputException", "ValidationException"),
    )
    with listening() as url:
        done = live(url, "--cassettes", folder, "-k=[items-11] or [items-10] or [items-1]")

    assert done.returncode == 0, done.stdout
    # The other two are still compared.
    assert "Nothing changed: 2 answers are as recorded" in done.stdout


def test_a_broken_cassette_is_not_treated_as_missing(recorded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"
    shutil.copytree(recorded, folder)
    path = groups.file(folder, "items-11")
    path.write_text(path.read_text()[:-20])
    with listening() as url:
        done = live(url, "--cassettes", folder, "-k=items-11")

    assert done.returncode == 2
    assert f"{path}" in done.stderr


def test_nothing_is_recorded_into_a_broken_cassette(recorded: Path, tmp_path: Path) -> None:
    """Its other contents would be lost."""
    folder = tmp_path / "cassettes"
    shutil.copytree(recorded, folder)
    path = groups.file(folder, "items-11")
    path.write_text(path.read_text()[:-20])
    broken = path.read_bytes()
    received: list[str] = []

    def logged(request: Request, response: Response) -> Response:
        received.append(request.path)
        return response

    with listening(logged) as url:
        done = live(url, "--record", "--cassettes", folder, "-k", "items-11")

    assert done.returncode == 2
    assert done.stderr.startswith(f"personalize-contract: {path}:")
    assert (path.read_bytes(), received) == (broken, [])


# --- recording again


def git(folder: Path, *arguments: str) -> str:
    import subprocess

    name = ["-c", "user.name=t", "-c", "user.email=t@t"]
    command = ["git", "-C", str(folder), *name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """Return some cassettes of an endpoint under version control."""
    folder = tmp_path / "cassettes"
    with listening() as url:
        assert live(url, "--record", "--cassettes", folder, SOME).returncode == 0
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "recorded")
    return folder


def aged(folder: Path, days: int) -> None:
    day = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for path in folder.rglob("*.yaml"):
        text = re.sub(r"recorded_at: '.*'", f"recorded_at: '{day}'", path.read_text())
        path.write_text(text)
    git(folder, "commit", "-qam", f"{days} days ago")


def test_recording_again_changes_no_file(committed: Path) -> None:
    aged(committed, 13)
    with listening() as url:
        assert live(url, "--record", "--cassettes", committed, SOME).returncode == 0

    assert git(committed, "status", "--short") == ""


def test_an_old_confirmed_recording_gets_only_a_new_date(
    committed: Path,
) -> None:
    aged(committed, 15)
    with listening() as url:
        assert live(url, "--record", "--cassettes", committed, SOME).returncode == 0

    changed = git(committed, "diff", "--unified=0").splitlines()
    lines = {line for line in changed if re.match(r"[+-][^+-]", line)}
    assert len([line for line in changed if line.startswith("+++")]) == len(
        list(committed.rglob("*.yaml"))
    )
    assert all(line[1:].startswith("  recorded_at: ") for line in lines)


def test_a_changed_first_answer_is_recorded_too(committed: Path) -> None:
    received: list[str] = []

    def only_the_first(request: Request, response: Response) -> Response:
        received.append(request.path)
        odd = len(received) % 2 == 1
        return Response(200, "OK", {"content-type": "text/plain"}, b"") if odd else response

    with listening(only_the_first) as url:
        live(url, "--record", "--cassettes", committed, "-k=success-after-success")

    changed = git(committed, "diff", "--name-only").split()
    assert changed == ["PutItems/response.success.personalize.yaml"]
    text = groups.texts(groups.file(committed, "success-after-success"))["success-after-success"]
    assert text.count("- text/plain") == 1
    assert text.count("  request:") == 2


def test_the_diff_shows_only_the_change(committed: Path) -> None:
    with listening(code("ValidationException")) as url:
        assert live(url, "--record", "--cassettes", committed, SOME).returncode == 4

    files = git(committed, "diff", "--name-only").split()
    assert "PutItems/request.body.personalize.yaml" in files
    assert "PutItems/request.items.personalize.yaml" not in files
    diff = git(committed, "diff", "--unified=0", "--", "PutItems/request.body.personalize.yaml")
    assert "-      - SerializationException\n+      - ValidationException\n" in diff


def test_a_reworded_message_is_recorded(committed: Path) -> None:
    def reworded(request: Request, response: Response) -> Response:
        if response.status != 409:
            return response
        return Response(409, "Conflict", response.headers, b'{"message": "busy"}')

    with listening(reworded) as url:
        assert live(url, "--record", "--cassettes", committed, SOME).returncode == 0

    path = groups.file(committed, "in-use")
    now = groups.texts(path)
    assert git(committed, "diff", "--name-only").split() == [f"PutItems/{path.name}"]
    path.write_text(git(committed, "show", f"HEAD:PutItems/{path.name}"))
    before = groups.texts(path)
    assert [*now] == [*before] == ["in-use", "in-use-ten-items", "bare-item-in-use"]
    assert all(now[name] != before[name] for name in now)


def test_a_recording_of_aws_is_not_replaced_by_one_of_an_endpoint(
    committed: Path,
) -> None:
    own = "  provenance:\n    answered_by: aws\n    recorded_at: '2026-11-24T20:25:17Z'\n"
    groups.change(committed, "in-use", lambda text: text + own)
    path = groups.file(committed, "in-use")
    before = groups.texts(path)

    def busy(request: Request, response: Response) -> Response:
        if response.status != 409:
            return response
        return Response(409, "Conflict", response.headers, b"{}")

    with listening(busy) as url:
        done = live(url, "--record", "--cassettes", committed, SOME)

    now = groups.texts(path)
    assert now["in-use"] == before["in-use"]
    assert now["in-use-ten-items"] != before["in-use-ten-items"]
    assert (
        f"kept, because the existing recording has stronger provenance: in-use in {path}"
        in done.stdout
    )


# --- the command


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Return two copies of some shipped cassettes."""
    old, new = tmp_path / "old", tmp_path / "new"
    for name in ("items-11", "in-use"):
        for folder in (old / "PutItems", new / "PutItems"):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(groups.file(shipped.cassettes(), name), folder)
    return old, new


def test_equivalent_sets_exit_with_0(two: tuple[Path, Path]) -> None:
    done = run("drift", *two)

    assert done.returncode == 0
    assert "request.items.max-members same" in done.stdout
    assert "are the same" in done.stdout.splitlines()[-1]


def test_differences_are_listed_by_clause_and_exit_with_4(two: tuple[Path, Path]) -> None:
    groups.recorded_as(
        two[1],
        "items-11",
        lambda text: text.replace("InvalidInputException", "ValidationException"),
    )
    done = run("drift", *two)

    assert done.returncode == 4
    lines = done.stdout.splitlines()
    assert "request.items.max-members differs" in lines
    (line,) = (line for line in lines if "ValidationException" in line)
    assert line == "  code: InvalidInputException -> ValidationException (PutItems/items-11)"
    assert "error.invalid-input.code differs" in lines
    assert "request.items.min-members same" in lines


def test_reworded_messages_are_shown_and_exit_with_0(two: tuple[Path, Path]) -> None:
    groups.recorded_as(
        two[1], "in-use", lambda text: text.replace("The specified resource is in use", "busy")
    )
    done = run("drift", *two)

    assert done.returncode == 0
    line = "message: The specified resource is in use -> busy (PutItems/in-use)"
    assert f"differences that don't count:\n  {line}\n" in done.stdout


def test_a_cassette_in_only_one_set_is_a_difference(two: tuple[Path, Path]) -> None:
    groups.remove(two[0], "in-use")
    done = run("drift", *two)

    assert done.returncode == 4
    assert "it is in NEW only (PutItems/in-use)" in done.stdout


def test_cassettes_of_tests_are_compared_by_name(two: tuple[Path, Path]) -> None:
    eleven = group.load(groups.file(two[0], "items-11"))["items-11"].exchanges[0]
    for folder, status in zip(two, (400, 409), strict=True):
        answer = replace(eleven, response=replace(eleven.response, status=status))
        path = folder / "test_shop" / "test_eleven.personalize.yaml"
        recording.write(path, Provenance("reference"), [answer])
    done = run("drift", *two)

    assert done.returncode == 4
    assert "test_shop/test_eleven differs\n" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(" differs")
    assert "  status: 400 -> 409 (test_shop/test_eleven)\n" in done.stdout


def test_the_same_difference_is_one_line(two: tuple[Path, Path]) -> None:
    for at in (0, 1):
        shutil.copytree(shipped.cassettes() / "PutItems", two[at] / "PutItems", dirs_exist_ok=True)
    for path in (two[1] / "PutItems").iterdir():
        path.write_text(path.read_text("utf-8").replace("SerializationException", "Malformed"))
    done = run("drift", *two)

    assert done.returncode == 4
    changed = [line for line in done.stdout.splitlines() if "-> Malformed" in line]
    assert len(changed) == 1
    assert re.search(r"\(PutItems/[\w-]+, .* and \d+ more\)$", changed[0])


def test_many_reworded_messages_are_cut_short(two: tuple[Path, Path]) -> None:
    for at in (0, 1):
        shutil.copytree(shipped.cassettes() / "PutItems", two[at] / "PutItems", dirs_exist_ok=True)
    for path in (two[1] / "PutItems").iterdir():
        path.write_text(path.read_text("utf-8").replace(": it has ", ": there are "))
    done = run("drift", *two)

    listed = done.stdout.partition("differences that don't count:\n")[2].splitlines()
    assert all(" -> " in line for line in listed[:10])
    assert re.fullmatch(r"  and \d+ more", listed[10])
    assert listed[11] == ""


@pytest.mark.parametrize("side", [0, 1])
def test_an_operation_of_only_one_side_is_listed_as_left_out(
    two: tuple[Path, Path], side: int
) -> None:
    shutil.copytree(two[side] / "PutItems", two[side] / "PutUsers")
    done = run("drift", *two)

    assert done.returncode == 0
    name = ("OLD", "NEW")[side]
    assert f"left out: PutUsers, which is in {name} only\n" in done.stdout
    assert "PutUsers/" not in done.stdout


def test_sets_without_a_common_operation_exit_with_2(two: tuple[Path, Path]) -> None:
    (two[1] / "PutItems").rename(two[1] / "PutUsers")
    done = run("drift", *two)

    assert done.returncode == 2
    assert "nothing to compare: PutItems is in OLD only; PutUsers is in NEW only" in done.stderr


@pytest.mark.parametrize("side", [0, 1])
def test_an_edited_recording_is_reported(two: tuple[Path, Path], side: int) -> None:
    groups.change(two[side], "in-use", lambda text: text.replace("code: 409", "code: 410"))
    done = run("drift", *two)

    assert done.returncode == 4
    assert f"edited after recording in {('OLD', 'NEW')[side]}: its answers prove" in done.stdout


def test_sets_that_can_not_be_compared_exit_with_2(two: tuple[Path, Path], tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = groups.file(two[1], "in-use")
    broken.write_text("interactions: [")
    for arguments, reason in {
        (two[0], tmp_path / "none"): "none is not a folder",
        (empty, two[0]): "no cassette (*.personalize.yaml) in this folder",
        two: "error.in-use.personalize.yaml",
    }.items():
        done = run("drift", *arguments)

        assert done.returncode == 2
        assert reason in done.stderr
        assert done.stderr.count("\n") == 1
