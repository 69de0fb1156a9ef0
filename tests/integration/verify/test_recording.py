"""`verify --record`: one file for each group of scenarios, locked and written by the run."""

from __future__ import annotations

import re
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from adversary.listening import served
from adversary.service import Answer, Sent, right
from helpers import groups
from helpers.command import COMMAND, DATASETS, environment, run
from helpers.exchanges import exchange, put
from personalize_contract.cassette import group, journal, loader
from personalize_contract.cassette.reader import Cassette
from personalize_contract.errors import CassetteError, CassetteLocked
from personalize_contract.model.exchange import Exchange
from personalize_contract.model.provenance import Provenance
from personalize_contract.settings import Settings
from personalize_contract.suite.recorder import Recordings, ScenarioRecording
from personalize_contract.suite.run import opened
from personalize_contract.suite.tables.scenarios import SCENARIOS

REFERENCE = Provenance("reference", "2026-11-23T20:16:42Z", "us-east-1")
AWS = replace(REFERENCE, answered_by="aws")
ONE, TWO = exchange(put({"price": 1})), exchange(put({"price": 2}))


def part(who: Provenance, scenario: str, *several: Exchange) -> Cassette:
    origin = replace(who, recorded_for=scenario)
    return Cassette(origin, several, (0,) * len(several), (origin,) * len(several))


def record(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("verify", "--record", "--target=reference", f"--cassettes={folder}", *arguments)


# --- a group


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "request.items.personalize.yaml"
    for scenario in "ca":
        group.put(path, {scenario: part(REFERENCE, scenario, ONE, TWO)}, "abc")
    return path


def test_group_has_the_order_of_the_table(path: Path) -> None:
    assert [*group.load(path)] == ["a", "c"]
    group.put(path, {"b": part(REFERENCE, "b", ONE)}, "abc")
    assert [*group.load(path)] == ["a", "b", "c"]
    group.put(path, {"x": part(REFERENCE, "x", ONE)}, "cab")
    assert [*group.load(path)] == ["c", "a", "b", "x"]


def test_common_provenance_is_in_the_head_of_the_file(path: Path) -> None:
    before = groups.texts(path)
    head = path.read_text().partition("interactions:")[0]
    group.put(path, {"b": part(AWS, "b", TWO)}, "abc")

    text, now = path.read_text(), groups.texts(path)
    assert text.startswith(head)
    assert {name: now[name] for name in before} == before
    assert now["b"].endswith(
        "  provenance:\n    answered_by: aws\n    recorded_at: '2026-11-23T20:16:42Z'\n"
        "    region: us-east-1\n"
    )
    recorded = group.load(path)
    assert {name: recording.provenance.answered_by for name, recording in recorded.items()} == {
        "a": "reference",
        "b": "aws",
        "c": "reference",
    }
    assert [exchange.answered_by for exchange in loader.load(path).exchanges] == [
        *("reference", "reference", "aws", "reference", "reference")
    ]


def test_unused_head_is_replaced(path: Path) -> None:
    group.put(path, {name: part(AWS, name, ONE) for name in "ac"}, "abc")

    assert loader.load(path).provenance == AWS
    assert "  provenance:" not in path.read_text()


def test_edited_answer_stays_marked_as_altered(path: Path) -> None:
    text = path.read_text()
    path.write_text(text.replace("message: OK", "message: Fine", 1))
    group.put(path, {"c": part(REFERENCE, "c", ONE)}, "abc")

    assert [exchange.altered for exchange in group.load(path)["a"].exchanges] == [True, False]
    assert groups.texts(path)["a"].count("message: Fine") == 1


BY_HAND = {
    "a comment at its end": lambda text: text + "# tea\n",
    "an anchor": lambda text: text.replace("code: 200", "code: &ok 200", 1).replace(
        "code: 200", "code: *ok", 1
    ),
    "another member": lambda text: text.replace("version: 1", "mine: 1\nversion: 1"),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_edited_group_is_kept_or_refused(case: str, path: Path) -> None:
    path.write_text(BY_HAND[case](path.read_text()))
    before, parts = path.read_bytes(), group.load(path)
    refused = ""
    try:
        group.put(path, {"a": part(AWS, "a", ONE)}, "abc")
    except CassetteError as error:
        refused = str(error)
    if refused:
        assert "edited by hand" in refused
        assert path.read_bytes() == before
    assert group.load(path)["c"].exchanges == parts["c"].exchanges


def test_recording_that_would_not_read_back_changes_nothing(path: Path, tmp_path: Path) -> None:
    # The names of an exchange's headers are in lower case, so this one would be read as another.
    response = replace(ONE.response, headers={"X-Tea": "green"})
    unreadable = {"a": part(AWS, "a", replace(ONE, response=response))}
    before = path.read_bytes()
    for file in (path, tmp_path / "new.yaml"):
        with pytest.raises(CassetteError, match="new recording of a would not read back"):
            group.put(file, unreadable, "abc")
    assert path.read_bytes() == before


def test_cassette_of_a_test_is_not_a_group(tmp_path: Path) -> None:
    from personalize_contract.cassette import recording

    path = tmp_path / "request.items.personalize.yaml"
    recording.write(path, replace(REFERENCE, recorded_for="items-1"), [ONE])
    before = path.read_bytes()
    with pytest.raises(CassetteError, match="this exchange has no `scenario`"):
        group.put(path, {"a": part(AWS, "a", ONE)}, "abc")
    assert path.read_bytes() == before


# --- the command


def test_only_selected_scenarios_are_replaced(tmp_path: Path) -> None:
    record(tmp_path, "-k", "in-use and not eleven and not message")
    path = groups.file(tmp_path, "in-use")
    path.write_text(
        re.sub(r"recorded_at: '.*'", "recorded_at: '2020-01-01T00:00:00Z'", path.read_text())
    )
    head, before = path.read_text().partition("interactions:")[0], groups.texts(path)

    done = record(tmp_path, "-k", "[in-use]")

    assert done.returncode == 0, done.stderr
    now = groups.texts(path)
    assert path.read_text().startswith(head)
    assert [*now] == [*before]
    assert [name for name in now if now[name] != before[name]] == ["in-use"]
    # The answers were confirmed, so only the date is new.
    assert now["in-use"].startswith(before["in-use"])
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_second_recorder_is_refused(tmp_path: Path) -> None:
    held = Recordings(tmp_path, "PutItems")
    done = record(tmp_path, "-k", "in-use")

    assert done.returncode == 2
    assert done.stderr == (
        f"personalize-contract: {tmp_path / 'PutItems'}: another run is recording into "
        "it; wait for its end, or record into another folder\n"
    )
    with pytest.raises(CassetteLocked):
        Recordings(tmp_path, "PutItems")
    held.save()
    assert list((tmp_path / "PutItems").iterdir()) == []


@pytest.mark.parametrize("target", ["reference", "recorded"])
def test_recordings_of_an_earlier_version_are_refused(target: str, tmp_path: Path) -> None:
    from personalize_contract.cassette import recording

    path = tmp_path / "PutItems" / "items-11.personalize.yaml"
    recording.write(path, replace(AWS, recorded_for="items-11"), [ONE])
    before = path.read_bytes()
    options = ["--record"] if target == "reference" else []
    done = run("verify", f"--target={target}", "--cassettes", tmp_path, *options)

    assert done.returncode == 2
    assert (
        "it was written by an earlier version, with a file for each scenario; move" in done.stderr
    )
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_missing_recordings_name_the_command_that_records_them(tmp_path: Path) -> None:
    done = run("verify", "--operation=PutUsers")

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    command = line.partition("record it: personalize-contract ")[2].split()
    recording = run(*command, "-k", "users-1 or in-use", cwd=tmp_path)
    assert recording.returncode == 0, recording.stderr
    assert "not recorded" not in recording.stdout


def test_other_operations_are_recorded_and_replayed(tmp_path: Path) -> None:
    target = ("verify", "--operation=PutUsers", "--cassettes", str(tmp_path))
    assert run(*target, "--record", "--target=reference").returncode == 0
    done = run(*target, "--target=recorded")

    assert done.returncode == 0, done.stderr
    assert "PutUsers: all 32 clauses hold on recorded" in done.stdout


def test_all_exchanges_have_the_date_of_the_start(tmp_path: Path) -> None:
    """So the exchanges of workers that start later share the head of their file."""
    held = Recordings(tmp_path, "PutItems")
    settings = Settings(target="reference", cassettes=tmp_path)
    with opened(settings, journal=held.journal, started="2020-01-01T00:00:00Z") as suite:
        suite.outcome(groups.BY_ID["items-11"])
    held.save()

    path = groups.file(tmp_path, "items-11")
    assert loader.load(path).provenance.recorded_at == "2020-01-01T00:00:00Z"


# --- killed runs


def test_killed_run_loses_nothing(tmp_path: Path) -> None:
    requested, go_on = threading.Event(), threading.Event()
    count = 0

    def wait(sent: Sent, usual: Answer) -> Answer:
        nonlocal count
        count += 1
        if count == 20:
            requested.set()
            go_on.wait(60)
        return usual

    with served(replace(right(), around=wait)) as url:
        process = subprocess.Popen(
            [
                *(*COMMAND, "verify", "--record", "--target=live", f"--cassettes={tmp_path}"),
                *("--endpoint-url", url, *DATASETS),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert requested.wait(60)
        process.kill()
        process.communicate(timeout=60)
        go_on.set()

    folder = tmp_path / "PutItems"
    assert [file.name for file in folder.iterdir()] == ["suite.partial.jsonl"]
    assert run("lint", tmp_path).returncode == 1
    done = run("recover", tmp_path)

    assert done.returncode == 0, done.stdout
    assert "19 scenarios, answered by endpoint, merged into PutItems" in done.stdout
    assert not list(folder.glob("*.jsonl"))
    # In the groups, each in the order of the table.
    order = [scenario.id for scenario in SCENARIOS["PutItems"]]
    assert sorted(groups.scenarios(tmp_path), key=order.index) == order[:19]
    for path in folder.iterdir():
        names = [*group.load(path)]
        assert names == sorted(names, key=order.index)


def left(
    folder: Path, who: Provenance, *scenarios: str, worker: str = "", whole: bool = True
) -> Path:
    """Write the journal of a killed run that recorded some scenarios; return its path."""
    inside = folder / "PutItems"
    name = f"suite.{worker}" if worker else "suite"
    run_journal = journal.Journal(inside / name)
    for scenario in scenarios:
        recording = ScenarioRecording(run_journal, inside, replace(who, recorded_for=scenario))
        recording.append(ONE)
        if whole:
            recording.save()
            recording.__exit__()
    run_journal.close(keep=True)
    return journal.path_for(inside / name)


def test_journals_of_workers_are_merged(tmp_path: Path) -> None:
    left(tmp_path, REFERENCE, "items-11", "items-1", worker="gw1")
    left(tmp_path, REFERENCE, "items-10", "in-use", worker="gw0")
    left(tmp_path, REFERENCE)
    done = run("recover", tmp_path)

    assert done.returncode == 0, done.stdout
    assert [*group.load(groups.file(tmp_path, "items-1"))] == ["items-1", "items-10", "items-11"]
    assert sorted(file.name for file in (tmp_path / "PutItems").iterdir()) == [
        "error.in-use.personalize.yaml",
        "request.items.personalize.yaml",
    ]


def test_journals_of_workers_belong_to_a_running_run(tmp_path: Path) -> None:
    held = Recordings(tmp_path, "PutItems")
    held.spread("gw0")
    worker = left(tmp_path, REFERENCE, "items-11", worker="gw0")
    done = run("recover", worker)
    assert done.returncode == 2
    assert "still under way" in done.stdout
    held.save()
    assert groups.scenarios(tmp_path) == ["items-11"]
    assert not worker.exists()


def test_unfinished_scenario_of_a_dead_worker_is_left_to_recover(tmp_path: Path) -> None:
    held = Recordings(tmp_path, "PutItems")
    held.spread("gw0")
    worker = left(tmp_path, REFERENCE, "items-11", worker="gw0", whole=False)
    held.save()
    assert groups.scenarios(tmp_path) == []
    assert run("recover", worker).returncode == 0
    assert groups.scenarios(tmp_path) == ["items-11"]


@pytest.mark.parametrize(
    ("existing", "new", "whole"),
    [(AWS, REFERENCE, True), (REFERENCE, REFERENCE, False), (REFERENCE, AWS, False)],
)
def test_stronger_recording_is_not_overwritten_by_recover(
    existing: Provenance, new: Provenance, whole: bool, tmp_path: Path
) -> None:
    path = groups.file(tmp_path, "items-11")
    group.put(path, {"items-11": part(existing, "items-11", TWO)}, ["items-11"])
    before = path.read_bytes()
    journal_left = left(tmp_path, new, "items-11", whole=whole)
    done = run("recover", tmp_path)

    assert done.returncode == 2
    assert "not overwritten: the existing recording of items-11" in done.stdout
    assert path.read_bytes() == before
    assert journal_left.exists()


def test_unknown_scenario_is_not_recovered(tmp_path: Path) -> None:
    left(tmp_path, REFERENCE, "../../tea", "items-11")
    done = run("recover", tmp_path)

    assert done.returncode == 2
    assert "PutItems has no scenario '../../tea'" in done.stdout
    assert [file.name for file in (tmp_path / "PutItems").iterdir()] == ["suite.partial.jsonl"]


def test_discarded_attempt_is_not_recovered(tmp_path: Path) -> None:
    held = Recordings(tmp_path, "PutItems")
    where = groups.file(tmp_path, "items-11")
    for keep, recorded in ((True, ONE), (False, TWO)):
        who = replace(REFERENCE, recorded_for="items-11")
        with ScenarioRecording(held.journal, where, who) as recording:
            recording.append(recorded)
            if keep:
                recording.save()
    held.save()
    assert group.load(where)["items-11"].exchanges == (ONE,)


def test_stronger_recording_made_during_the_run_stays(tmp_path: Path) -> None:
    held = Recordings(tmp_path, "PutItems")
    where = groups.file(tmp_path, "items-11")
    with ScenarioRecording(
        held.journal, where, replace(REFERENCE, recorded_for="items-11")
    ) as recording:
        recording.append(ONE)
        recording.save()
    group.put(where, {"items-11": part(AWS, "items-11", TWO)}, ["items-11"])
    held.save()

    assert group.load(where)["items-11"].exchanges == (replace(TWO, answered_by="aws"),)


def test_weaker_recording_is_reported_as_not_saved(tmp_path: Path) -> None:
    held = Recordings(tmp_path, "PutItems")
    where = groups.file(tmp_path, "items-11")
    who = replace(REFERENCE, recorded_for="items-11")
    with ScenarioRecording(held.journal, where, who, replaces=AWS) as recording:
        recording.append(ONE)
        assert recording.save() is False
    with ScenarioRecording(held.journal, where, who, replaces=REFERENCE) as recording:
        recording.append(TWO)
        assert recording.save() is True
    held.save()

    assert group.load(where)["items-11"].exchanges == (TWO,)
