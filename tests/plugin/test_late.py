"""Code that outlives its test can't touch another test, its cassette, or a user's file."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

# A service that answers a body with `slow` in it once `ANSWER` is set.
SERVICE = """
import http.server
import threading
import boto3
import pytest

ANSWER, ASKED, GO, DONE = (threading.Event() for _ in range(4))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if b"slow" in body:
            ASKED.set()
            ANSWER.wait(30)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


CLIENT = boto3.client(
    "personalize-events", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
)


def put(arn, item):
    CLIENT.put_items(datasetArn=arn, items=[{"itemId": item}])


def late(arn, before):
    before()
    try:
        put(arn, "slow-of-test-one")
    except Exception as error:
        ERRORS.append(error)
    DONE.set()


ERRORS = []
"""

RECORDED = """
@pytest.fixture(scope="module", autouse=True)
def service():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield
    ANSWER.set()
    server.shutdown()
    server.server_close()


@pytest.mark.personalize_contract
def test_one(personalize_dataset):
    put(personalize_dataset.active, "one")
    threading.Thread(target=late, args=(personalize_dataset.active, lambda: None)).start()
    assert ASKED.wait(30)
"""

IN_ANOTHER_TEST = """
@pytest.mark.personalize_contract
def test_two(personalize_dataset):
    put(personalize_dataset.active, "two")
    ANSWER.set()
    assert DONE.wait(30)
    assert [type(error).__name__ for error in ERRORS] == ["TooLate"]
"""

IN_A_USERS_FILE = """
import os


def test_two(tmp_path):
    files = [os.open(tmp_path / f"{n}.db", os.O_RDWR | os.O_CREAT) for n in range(20)]
    ANSWER.set()
    assert DONE.wait(30)
    assert [os.pread(file, 100, 0) for file in files] == [b""] * 20
    for file in files:
        os.close(file)
"""


def _recording(shop: Shop, unused_port: int) -> pytest.RunResult:
    return shop.run(
        "--personalize-record=live",
        f"--personalize-endpoint-url=http://127.0.0.1:{unused_port}",
        "--personalize-dataset="
        "arn:aws:personalize:us-east-1:000000000000:dataset/contract-active/ITEMS=active",
        "-p",
        "no:threadexception",
    )


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_late_answer_enters_no_other_cassette(shop: Shop, unused_port: int) -> None:
    shop.tests(
        SERVICE.replace("import boto3", f"import boto3\nPORT = {unused_port}")
        + RECORDED
        + IN_ANOTHER_TEST
    )
    result = _recording(shop, unused_port)
    result.assert_outcomes(passed=2)
    cassettes = sorted(shop.path.glob("cassettes/*/*.yaml"))
    assert [path.name.partition(".")[0] for path in cassettes] == ["test_one", "test_two"]
    assert [path.read_text().count("- request:") for path in cassettes] == [1, 1]
    assert "late: 1 request after the end of test_shop.py::test_one" in text(result)


def test_late_answer_is_written_to_no_file_of_the_user(shop: Shop, unused_port: int) -> None:
    shop.tests(
        SERVICE.replace("import boto3", f"import boto3\nPORT = {unused_port}")
        + RECORDED
        + IN_A_USERS_FILE
    )
    _recording(shop, unused_port).assert_outcomes(passed=2)


THREAD = """
@pytest.mark.personalize_contract(unused="report")
def test_one(personalize_dataset):
    put(personalize_dataset.active, "one")
    threading.Thread(target=late, args=(personalize_dataset.active, lambda: GO.wait(30))).start()
"""

TASK = """
import asyncio

LOOP = asyncio.new_event_loop()
TASKS = []


async def late_task(arn):
    await asyncio.sleep(0)
    late(arn, lambda: None)


async def start(arn):
    put(arn, "one")
    TASKS.append(asyncio.create_task(late_task(arn)))


@pytest.mark.personalize_contract
def test_one(personalize_dataset):
    LOOP.run_until_complete(start(personalize_dataset.active))


def test_end_of_loop():
    LOOP.close()
"""

POOL = """
from concurrent.futures import ThreadPoolExecutor

POOL = ThreadPoolExecutor(1)


@pytest.mark.personalize_contract
def test_one(personalize_dataset):
    POOL.submit(put, personalize_dataset.active, "one").result()
    POOL.submit(late, personalize_dataset.active, lambda: GO.wait(30))
"""

OTHER_LOOP = """
import asyncio

LOOP = asyncio.new_event_loop()
RUNNER = threading.Thread(target=LOOP.run_forever)
RUNNER.start()


def job(arn):
    LOOP.run_in_executor(None, late, arn, lambda: GO.wait(30))


async def task(arn):
    job(arn)


@pytest.mark.personalize_contract
def test_one(personalize_dataset):
    put(personalize_dataset.active, "one")
    GIVE
    while not (executor := LOOP._default_executor) or not executor._threads:
        pass


@pytest.fixture(scope="module", autouse=True)
def stop():
    yield
    LOOP.call_soon_threadsafe(LOOP.stop)
    RUNNER.join()
    LOOP._default_executor.shutdown()
    LOOP.close()
"""
BY_CALL = OTHER_LOOP.replace("GIVE", "LOOP.call_soon_threadsafe(job, personalize_dataset.active)")
BY_TASK = OTHER_LOOP.replace(
    "GIVE", "asyncio.run_coroutine_threadsafe(task(personalize_dataset.active), LOOP).result()"
)

MARKED = """
@pytest.mark.personalize_contract
def test_two(personalize_dataset):
    put(personalize_dataset.active, "two")
    GO.set()
    RUN
    assert DONE.wait(30)
    assert [type(error).__name__ for error in ERRORS] == ["TooLate"]
"""

UNMARKED = """
def test_two():
    GO.set()
    RUN
    assert DONE.wait(30)
    assert [type(error).__name__ for error in ERRORS] == ["TooLate"]
"""


@pytest.mark.parametrize("second", [MARKED, UNMARKED], ids=["a marked test", "an unmarked test"])
@pytest.mark.parametrize(
    "first",
    [THREAD, TASK, POOL, BY_CALL, BY_TASK],
    ids=["thread", "task", "job of a pool", "call in a loop", "task of a loop"],
)
def test_late_request_is_attributed_to_its_test(shop: Shop, first: str, second: str) -> None:
    run = "LOOP.run_until_complete(TASKS[0])" if first is TASK else "pass"
    head, _, end = first.partition("\n\ndef test_end_of_loop")
    tests = SERVICE + head + second.replace("RUN", run)
    shop.tests(tests + (f"\n\ndef test_end_of_loop{end}" if end else ""))
    result = shop.run("--personalize-target=reference")
    assert result.ret == 0, text(result)
    assert "late: 1 request after the end of test_shop.py::test_one" in text(result)


def test_thread_pool_shared_by_tests_serves_each(shop: Shop) -> None:
    shop.tests(
        SERVICE
        + POOL.replace(
            "    POOL.submit(late, personalize_dataset.active, lambda: GO.wait(30))\n", ""
        )
        + """

@pytest.mark.personalize_contract
def test_two(personalize_dataset):
    POOL.submit(put, personalize_dataset.active, "two").result()
"""
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(passed=2)
    assert "late" not in text(result)


def test_worker_thread_of_a_fixture_serves_each_test(shop: Shop) -> None:
    shop.tests(
        SERVICE
        + """
import queue


@pytest.fixture(scope="module")
def upload():
    waiting, done = queue.Queue(), queue.Queue()

    def work():
        while (arn := waiting.get()):
            put(arn, "tea")
            done.put(arn)

    worker = threading.Thread(target=work)
    worker.start()
    yield lambda arn: (waiting.put(arn), done.get(timeout=30))
    waiting.put("")
    worker.join()


@pytest.mark.personalize_contract
@pytest.mark.parametrize("number", range(3))
def test_it(upload, number, personalize_dataset):
    upload(personalize_dataset.active)
"""
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(passed=3)
    assert "late" not in text(result)
