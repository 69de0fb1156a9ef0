"""Child processes of a marked test come to its target, however they are started."""

from __future__ import annotations

# pytester forgets what a run in this process imports, but not the processes of multiprocessing.
import concurrent.futures.process  # noqa: F401
import multiprocessing.forkserver
import multiprocessing.popen_forkserver  # noqa: F401
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from helpers.command import ACTIVE
from helpers.endpoint import listening
from helpers.shop import Shop
from personalize_contract.cassette import journal, recovery
from personalize_contract.cassette.recording import Recording
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.provenance import Provenance

# Only the standard library: imports are most of the cost of a child.
CHILD = """
import json
import os
import sys
import urllib.request


def put(count):
    items = [{"itemId": f"tea-{number}"} for number in range(int(count))]
    arn = "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS"
    body = json.dumps({"datasetArn": arn, "items": items}).encode()
    url = os.environ["AWS_ENDPOINT_URL_PERSONALIZE_EVENTS"] + "/items"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request)


if __name__ == "__main__":
    put(sys.argv[1])
"""

HEAD = """
import asyncio
import contextlib
import multiprocessing
import os
import pty
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import child

PROGRAM = [sys.executable, "child.py"]


def forked(work):
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            work()
        os._exit(0)
    os.waitpid(pid, 0)


def by_multiprocessing(method, count):
    process = multiprocessing.get_context(method).Process(target=child.put, args=(count,))
    process.start()
    process.join()


def quietly(work):
    with contextlib.suppress(Exception):
        work()
"""

# Each starts a child that puts `count` items.
WAYS = {
    "run": "subprocess.run([*PROGRAM, count])",
    "run, env": "subprocess.run([*PROGRAM, count], env={**os.environ, 'SHOP': 'tea'})",
    "run, bare env": "subprocess.run([*PROGRAM, count], env={'PATH': os.defpath})",
    "run, env of bytes": "subprocess.run([*PROGRAM, count], env={b'SHOP': b'tea'})",
    "run, no close_fds": "subprocess.run([*PROGRAM, count], close_fds=False)",
    "run, shell": "subprocess.run(' '.join([*PROGRAM, count]), shell=True)",
    "popen": "os.popen(' '.join([*PROGRAM, count])).close()",
    "system": "os.system(' '.join([*PROGRAM, count]))",
    "asyncio": "asyncio.run(waited(asyncio.create_subprocess_exec(*PROGRAM, count)))",
    "posix_spawn": "os.waitpid(os.posix_spawn(PROGRAM[0], [*PROGRAM, count], os.environ), 0)",
    "posix_spawnp": "os.waitpid(os.posix_spawnp(PROGRAM[0], [*PROGRAM, count], os.environ), 0)",
    "spawnv": "os.spawnv(os.P_WAIT, PROGRAM[0], [*PROGRAM, count])",
    "spawnle": "os.spawnle(os.P_WAIT, PROGRAM[0], *PROGRAM, count, {'SHOP': 'tea'})",
    "fork, execv": "forked(lambda: os.execv(PROGRAM[0], [*PROGRAM, count]))",
    "fork, execlp": "forked(lambda: os.execlp(PROGRAM[0], *PROGRAM, count))",
    "fork, execve": "forked(lambda: os.execve(PROGRAM[0], [*PROGRAM, count], {}))",
    "pty": "pty.spawn([*PROGRAM, count], lambda fd: os.read(fd, 1024))",
    "fork": "forked(lambda: put(int(count)))",
    "multiprocessing, fork": "forked_by_multiprocessing(int(count))",
    "multiprocessing, spawn": "by_multiprocessing('spawn', count)",
    "multiprocessing, forkserver": "by_multiprocessing('forkserver', count)",
    "pool": "quietly(lambda: pooled(count))",
}

TESTS = """
async def waited(starting):
    await (await starting).wait()


def forked_by_multiprocessing(count):
    process = multiprocessing.get_context("fork").Process(target=put, args=(count,))
    process.start()
    process.join()


def pooled(count):
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(child.put, count).result()


def start(count):
    {way}


@pytest.mark.personalize_contract
def test_two():
    before = dict(os.environ)
    start("2")
    assert dict(os.environ) == before


@pytest.mark.personalize_contract
def test_eleven():
    start("11")
"""


def children(shop: Shop, way: str) -> None:
    (shop.path / "child.py").write_text(CHILD, "utf-8")
    shop.tests(HEAD + TESTS.replace("{way}", way))


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn warnings into errors: Python warns about a fork beside running threads."""
    monkeypatch.setenv("PYTHONWARNINGS", "error::DeprecationWarning")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_childs_requests_are_recorded_replayed_and_checked(
    shop: Shop, way: str, warned: None
) -> None:
    children(shop, way)

    recorded = shop.record()

    recorded.assert_outcomes(passed=1, failed=1)
    recorded.stdout.fnmatch_lines(
        ["*request.items.max-members is broken*", "1 exchange recorded (reference 1, aws 0)"]
    )
    assert shop.cassettes() == ["cassettes/test_shop/test_two.personalize.yaml"]

    replayed = shop.run()

    replayed.assert_outcomes(passed=1, failed=1)
    replayed.stdout.fnmatch_lines(
        ["*request.items.max-members is broken*", "1 exchange replayed (reference 1, aws 0)"]
    )


SDKS = {
    "AWS CLI": [
        *(sys.executable, "-m", "awscli", "personalize-events", "put-items"),
        *("--dataset-arn", "ARN", "--items", "ITEMS"),
    ],
    "boto3": [
        *(sys.executable, "-c"),
        "import boto3, json, sys; boto3.client('personalize-events').put_items("
        "datasetArn=sys.argv[1], items=json.loads(sys.argv[2]))",
        *("ARN", "ITEMS"),
    ],
}


@pytest.mark.parametrize("command", SDKS.values(), ids=SDKS)
def test_sdks_of_children_find_the_endpoint(shop: Shop, command: list[str]) -> None:
    shop.tests(
        f"""
        import json
        import subprocess

        COMMAND = {command!r}

        def start(count):
            items = json.dumps([{{"itemId": str(number)}} for number in range(count)])
            values = {{"ARN": ACTIVE, "ITEMS": items}}
            done = subprocess.run([values.get(word, word) for word in COMMAND])
            return done.returncode

        @pytest.mark.personalize_contract
        def test_two():
            assert start(2) == 0

        @pytest.mark.personalize_contract
        def test_eleven():
            assert start(11) != 0
        """
    )

    shop.record().assert_outcomes(passed=1, failed=1)

    replayed = shop.run()
    replayed.assert_outcomes(passed=1, failed=1)
    replayed.stdout.fnmatch_lines(
        ["*request.items.max-members is broken*", "*sent: *by *, over HTTP*"]
    )


def test_request_of_a_forked_child_has_its_call_site(shop: Shop) -> None:
    children(shop, WAYS["fork"])

    result = shop.record()

    result.stdout.re_match_lines([r".*sent: +test_shop\.py:\d+, in a child process"])


def test_only_the_child_gets_the_patched_environment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    users_environment = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_PROFILE": "shop",
        "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/shop",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "token",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "real",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "SHOP": "tea",
    }
    for name, value in users_environment.items():
        monkeypatch.setenv(name, value)
    shop.tests(
        """
        import json
        import os
        import subprocess
        import sys

        PRINT = "import json, os; print(json.dumps(dict(os.environ)))"

        def test_it(personalize_url):
            before = dict(os.environ)
            done = subprocess.run([sys.executable, "-c", PRINT], stdout=subprocess.PIPE)
            child = json.loads(done.stdout)
            assert dict(os.environ) == before
            assert child["AWS_ENDPOINT_URL_PERSONALIZE_EVENTS"] == personalize_url
            assert child["AWS_ACCESS_KEY_ID"] == "personalize-contract"
            assert child["AWS_EC2_METADATA_DISABLED"] == "true"
            assert "127.0.0.1" in child["NO_PROXY"] and "127.0.0.1" in child["no_proxy"]
            assert child["SHOP"] == "tea"
            assert child["AWS_REGION"] == child["AWS_DEFAULT_REGION"]
            assert "real" not in child.values()
            gone = {"PROFILE", "ROLE", "WEB", "CONTAINER", "SESSION", "IGNORE"}
            names = [name for name in child if name.startswith("AWS_")]
            assert not [name for name in names if gone & set(name.split("_"))]
        """
    )

    shop.run().assert_outcomes(passed=1)


def test_childs_requests_to_a_live_service_are_signed_by_the_parent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-parent")
    sent: list[Request] = []

    def noted(request: Request, response: Response) -> Response:
        sent.append(request)
        return response

    children(shop, WAYS["run"])
    with listening(noted) as url:
        result = shop.run(
            "--personalize-target=live",
            f"--personalize-endpoint-url={url}",
            f"--personalize-dataset={ACTIVE}=active",
            "-k",
            "two",
        )

    result.assert_outcomes(passed=1, deselected=1)
    assert ["AKIAIOSFODNN7EXAMPLE" in request.headers["authorization"] for request in sent] == [
        True
    ]


def test_child_with_its_own_endpoint_is_not_redirected_but_reported(shop: Shop) -> None:
    shop.tests(
        """
        import os
        import subprocess
        import sys

        PRINT = "import os; print(os.environ['AWS_ENDPOINT_URL_PERSONALIZE_EVENTS'])"

        @pytest.mark.personalize_contract
        def test_it():
            own = {**os.environ, "AWS_ENDPOINT_URL_PERSONALIZE_EVENTS": "http://localhost:4566"}
            done = subprocess.run([sys.executable, "-c", PRINT], env=own, stdout=subprocess.PIPE)
            assert done.stdout == b"http://localhost:4566\\n"
        """
    )

    result = shop.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["child processes: test_shop.py::test_it started 1 child process with an*neither checked*"]
    )


def test_endpoint_in_the_runs_environment_is_not_inherited(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PERSONALIZE_EVENTS", "http://127.0.0.1:9")
    children(shop, WAYS["run, env"])

    shop.record("-k", "two").assert_outcomes(passed=1)

    assert shop.cassettes() == ["cassettes/test_shop/test_two.personalize.yaml"]


def test_late_child_gets_410_and_the_summary_names_its_test(shop: Shop) -> None:
    (shop.path / "child.py").write_text(CHILD, "utf-8")
    shop.tests(
        """
        import subprocess
        import sys
        import urllib.error

        import child

        LATE = "import sys, child; sys.stdin.read(); child.put(1)"
        started = []

        @pytest.mark.personalize_contract
        def test_start():
            command = [sys.executable, "-c", LATE]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            started.append(process)

        @pytest.mark.personalize_contract
        def test_other(personalize_url):
            _, stderr = started[0].communicate()
            assert b"HTTP Error 410" in stderr
        """
    )

    result = shop.record()

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["child processes: 1 request reached the endpoint of test_shop.py::test_start after*"]
    )
    assert shop.cassettes() == []


def test_forked_child_does_not_write_its_parents_recording(shop: Shop) -> None:
    # It returns into pytest's own code, as a fork without _exit does.
    shop.tests(
        """
        import os

        @pytest.mark.personalize_contract
        def test_it():
            put(1)
            pid = os.fork()
            if pid:
                assert os.waitpid(pid, 0)[1] != 0
                put(2, first=7)
        """
    )

    result = shop.pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--personalize-record", "reference"
    )

    result.assert_outcomes(passed=1)
    shop.pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_surviving_child_does_not_lock_the_journal(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "tea.personalize.yaml", Provenance())
    child = os.fork()
    if not child:
        signal.pause()
        os._exit(0)
    try:
        recording.leave()

        assert recovery.recover(journal.path_for(recording.path)).done
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_child_killed_before_any_request_fails_no_test(shop: Shop) -> None:
    shop.tests(
        """
        import multiprocessing
        import time

        @pytest.mark.personalize_contract
        def test_it():
            put(1)
            process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
            process.start()
            process.kill()
            process.join()
        """
    )

    shop.record().assert_outcomes(passed=1)


def test_child_killed_during_a_request_fails_its_test(shop: Shop) -> None:
    shop.tests(
        """
        import multiprocessing
        import socket
        import time
        from urllib.parse import urlsplit

        def send(url, begun):
            place = urlsplit(url)
            connection = socket.create_connection((place.hostname, place.port))
            connection.sendall(b"POST /items HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Le")
            begun.set()
            time.sleep(60)

        def test_it(personalize_url):
            context = multiprocessing.get_context("fork")
            begun = context.Event()
            process = context.Process(target=send, args=(personalize_url, begun))
            process.start()
            begun.wait()
            process.kill()
            process.join()
        """
    )

    result = shop.record()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*disconnected in the middle of a request*"])


@pytest.mark.parametrize("name", ["personalize_url", "personalize_service.url"])
def test_url_fixture_serves_any_client(shop: Shop, name: str) -> None:
    fixture = name.partition(".")[0]
    shop.tests(
        f"""
        import subprocess

        def test_it({fixture}):
            body = '{{"datasetArn": "%s", "items": [{{"itemId": "1"}}]}}' % ACTIVE
            command = ["curl", "-sS", "--fail", "-H", "content-type: application/json"]
            subprocess.run([*command, "-d", body, {name} + "/items"], check=True)
        """
    )

    result = shop.record()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 exchange * (reference 1, aws 0)"])


def test_no_endpoint_starts_without_child_processes(shop: Shop) -> None:
    shop.tests(
        """
        import sys
        import threading

        @pytest.mark.personalize_contract
        def test_it():
            put(1)
            assert threading.active_count() == 1
            assert "waitress" not in sys.modules
            assert "personalize_contract.service.http_server" not in sys.modules
        """
    )

    result = shop.pytester.runpytest_subprocess("--personalize-record", "reference")

    result.assert_outcomes(passed=1)


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_node_child_reaches_the_target(shop: Shop) -> None:
    (shop.path / "put.mjs").write_text(
        """
        const items = Array.from({length: Number(process.argv[2])}, (_, n) => ({itemId: `${n}`}));
        const answer = await fetch(process.env.AWS_ENDPOINT_URL_PERSONALIZE_EVENTS + "/items", {
          method: "POST",
          headers: {"content-type": "application/json"},
          body: JSON.stringify({datasetArn: process.argv[3], items}),
        });
        process.exit(answer.ok ? 0 : 1);
        """,
        "utf-8",
    )
    shop.tests(
        """
        import subprocess

        @pytest.mark.personalize_contract
        @pytest.mark.parametrize("count", [2, 11])
        def test_it(count):
            subprocess.run(["node", "put.mjs", str(count), ACTIVE])
        """
    )

    shop.record().assert_outcomes(passed=1, failed=1)
    result = shop.run()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*request.items.max-members is broken*"])
    assert Path(shop.path, *shop.cassettes()[0].split("/")).is_file()
