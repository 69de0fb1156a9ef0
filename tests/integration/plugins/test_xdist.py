"""pytest-xdist: each distribution mode, and a worker that crashes."""

from __future__ import annotations

import os

from helpers.command import ACTIVE
from helpers.shop import text

from .conftest import RepoWith

PLUGINS = ("xdist.plugin",)
MODES = {"load": "loadscope", "loadfile": "loadgroup", "worksteal": "no"}

TESTS = """
@pytest.mark.personalize_contract
@pytest.mark.parametrize("number", range(3))
def test_it(number):
    for call in range(3):
        put(2, first=10 * number + call)

class TestGroup:
    @pytest.mark.xdist_group("one")
    @pytest.mark.personalize_contract
    def test_it(self):
        put(2)

    @pytest.mark.xdist_group("one")
    def test_with_a_service(self, personalize_service):
        put(2)
        assert len(personalize_service.exchanges) == 1
"""


def test_recordings_of_each_mode_replay_in_another(repo_with: RepoWith) -> None:
    shop = repo_with(*PLUGINS)
    shop.tests(TESTS)
    for recording, replaying in MODES.items():
        result = shop.record("-n2", f"--dist={recording}")
        result.assert_outcomes(passed=5)
        assert "10 exchanges recorded (reference 10" in text(result)
        assert len(shop.cassettes()) == 4
        result = shop.run("-n2", f"--dist={replaying}")
        result.assert_outcomes(passed=5)
        assert "10 exchanges replayed (reference 10" in text(result)


def test_a_crashed_worker_loses_only_its_own_recording(repo_with: RepoWith) -> None:
    shop = repo_with(*PLUGINS)
    shop.tests(TESTS)
    shop.record().assert_outcomes(passed=5)
    crashing = shop.cassette("test_it[1]")
    before = crashing.read_bytes()
    shop.tests(
        "import os, signal\n"
        + TESTS.replace(
            "        put(2, first=10 * number + call)",
            "        put(3, first=10 * number + call)\n"
            "        if number == 1 and call == 1:\n"
            "            os.kill(os.getpid(), signal.SIGKILL)",
        )
    )
    result = shop.record("-n2", "--max-worker-restart=1")
    result.assert_outcomes(passed=4, failed=1)
    assert "crashed while running" in text(result)
    assert crashing.read_bytes() == before
    journal = crashing.with_name(f"{crashing.name}.partial.jsonl")
    assert len(journal.read_text("utf-8").splitlines()) == 3  # the head and two exchanges

    shop.tests(TESTS.replace("put(2, first=10", "put(3, first=10"))
    result = shop.run()
    result.assert_outcomes(passed=4, failed=1)
    assert "test_it[1]" in text(result)


def test_environment_errors_alone_exit_with_6(repo_with: RepoWith) -> None:
    shop = repo_with(*PLUGINS, "pytest_rerunfailures")
    shop.tests(TESTS)
    shop.record("-n2").assert_outcomes(passed=5)
    unreachable = ["--personalize-verify=live", "--personalize-endpoint-url=http://127.0.0.1:1"]
    result = shop.run("-n2", "--reruns=1", *unreachable, f"--personalize-dataset={ACTIVE}=active")
    result.assert_outcomes(passed=1, errors=4)
    assert result.ret == 6
    assert "environment: 4 tests" in text(result)


SHARED = """
@pytest.mark.personalize_contract(cassette="seed")
@pytest.mark.parametrize("number", range(4))
def test_it(number):
    put(2, first=number)
"""


MEETING = """
import itertools
import os

worker = os.environ.get("PYTEST_XDIST_WORKER")
numbers = itertools.count()


def pytest_runtest_logreport(report):
    if worker and report.when == "setup":
        # Opening a named pipe blocks until the other end is opened, too.
        with open(f"meeting-{next(numbers)}", "r" if worker == "gw0" else "w"):
            pass
"""
"""A plugin with which two workers wait for each other after the setup of each of their tests."""


def test_a_shared_cassette_needs_one_worker_to_record_but_not_to_replay(
    repo_with: RepoWith,
) -> None:
    shop = repo_with(*PLUGINS)
    shop.tests(SHARED)
    (shop.path / "meeting.py").write_text(MEETING, "utf-8")
    for number in range(2):  # the tests of each worker
        os.mkfifo(shop.path / f"meeting-{number}")
    # Otherwise, one worker might finish before the other begins.
    result = shop.record("-p", "meeting", "-n2", "--dist=load")
    outcomes = result.parseoutcomes()
    assert outcomes["errors"] == 2
    assert "only one: with pytest-xdist, add --dist loadfile" in text(result)
    assert "a shared cassette is replaced as a whole" in text(result)
    assert shop.cassettes() == []

    result = shop.record("-n2", "--dist=loadfile")
    result.assert_outcomes(passed=4)
    assert "4 exchanges recorded (reference 4" in text(result)
    assert len(shop.cassettes()) == 1
    for mode in ("load", "worksteal", "loadgroup"):
        result = shop.run("-n2", f"--dist={mode}")
        result.assert_outcomes(passed=4)
        assert "4 exchanges replayed (reference 4" in text(result)

    shop.tests(SHARED.replace("    put", "    if number < 3:\n        put"))
    result = shop.run("-n2")
    result.assert_outcomes(passed=4, failed=1)
    assert text(result).count("was not used") == 2  # the report, and pytest's summary
    assert result.ret == 1
