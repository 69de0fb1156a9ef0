"""A refusal fails its marked test, whatever the test's code does with the error."""

from __future__ import annotations

import pytest

from helpers.shop import Shop, text

SWALLOWED = {
    "a connection": 'socket.create_connection(("192.0.2.9", 9), 0.01)',
    "a look-up": 'socket.getaddrinfo("shop.example", 80)',
    "the host of a name": 'socket.gethostbyaddr("shop.example")',
    "urllib": 'urllib.request.urlopen("http://shop.example/feed", timeout=2)',
    "another service of the SDK": 'boto3.client("s3", "us-east-1").list_buckets()',
    "an unknown path of the service": (
        'urllib.request.urlopen("https://personalize-events.us-east-1.amazonaws.com/nothing")'
    ),
    "an instance's metadata": 'urllib.request.urlopen("http://169.254.169.254/latest", timeout=1)',
}

TEST = """
import contextlib
import socket
import threading
import urllib.request


@pytest.mark.personalize_contract
def test_it():
    put()
    with contextlib.suppress(BaseException):
        SEND
"""


@pytest.mark.parametrize("send", SWALLOWED.values(), ids=SWALLOWED)
def test_swallowed_refusal_fails_the_test(shop: Shop, send: str) -> None:
    shop.tests(TEST.replace("SEND", send))
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(failed=1)
    assert "a test marked personalize_contract may not connect to" in text(result)


RUNS = {
    "thread": "thread = threading.Thread(target=send); thread.start(); thread.join()",
    "pool": "from concurrent.futures import ThreadPoolExecutor as Pool\n"
    "    with Pool() as pool: pool.submit(send).result()",
    "a pool of multiprocessing": "from multiprocessing.pool import ThreadPool\n"
    "    with ThreadPool(1) as pool: pool.apply(send)",
    "task": "import asyncio; asyncio.run(task())",
    "a thread of asyncio": "import asyncio; asyncio.run(asyncio.to_thread(send))",
    "a thread of trio": "import trio; trio.run(trio.to_thread.run_sync, send)",
    "a thread of anyio": "import anyio; anyio.run(anyio.to_thread.run_sync, send)",
    "a forked child": "import os; child = os.fork()\n"
    "    if not child: send(); os._exit(0)\n"
    "    os.waitpid(child, 0)",
}


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("how", RUNS)
def test_refusal_fails_the_test_that_started_the_code(shop: Shop, how: str) -> None:
    shop.tests(
        f"""
import contextlib
import socket
import threading


def send():
    with contextlib.suppress(BaseException):
        socket.create_connection(("192.0.2.9", 9), 0.01)


async def task():
    send()


@pytest.mark.personalize_contract
def test_it():
    put()
    {RUNS[how]}
"""
    )
    shop.run("--personalize-target=reference").assert_outcomes(failed=1)


CONNECTIONS = {
    "an address": ('socket.create_connection(("192.0.2.9", 9), 0.01)', "192.0.2.9"),
    "an IPv6 address": (
        'socket.socket(socket.AF_INET6).connect(("2001:db8::9", 9))',
        "2001:db8::9",
    ),
    "a call of AWS": (
        'boto3.client("s3", "us-east-1").list_buckets()',
        "s3.amazonaws.com (S3 ListBuckets)",
    ),
}


@pytest.mark.parametrize(("connect", "message"), CONNECTIONS.values(), ids=CONNECTIONS)
def test_refusal_to_an_older_thread_fails_no_test(shop: Shop, connect: str, message: str) -> None:
    shop.tests(
        f"""
import queue
import socket
import threading


@pytest.fixture(scope="module")
def telemetry():
    waiting, done = queue.Queue(), queue.Queue()

    def work():
        while waiting.get():
            try:
                {connect}
            except Exception as error:
                done.put(type(error).__name__)

    worker = threading.Thread(target=work)
    worker.start()
    yield lambda: (waiting.put(1), done.get(timeout=30))[1]
    waiting.put(0)
    worker.join()


@pytest.mark.personalize_contract
def test_it(telemetry):
    put()
    assert telemetry() == "NetworkRefused"
"""
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(passed=1)
    by = "by threads that belong to no test"
    assert f"refused: 1 connection to {message}, {by}" in text(result).splitlines()


WORKER = """
import queue
import threading
import urllib.request

messages, done = queue.Queue(), queue.Queue()


def work():
    while True:
        messages.get()
        try:
            urllib.request.urlopen("http://telemetry.example/", timeout=2)
        except Exception as error:
            done.put(type(error).__name__)


def capture(daemon=True):
    threading.Thread(target=work, daemon=daemon).start()
    messages.put(1)
    return done.get(timeout=30)
"""


@pytest.mark.parametrize(("folder", "outcome"), [("site-packages", "passed"), ("src", "failed")])
def test_refused_worker_of_an_installed_library_fails_no_test(
    shop: Shop, folder: str, outcome: str
) -> None:
    shop.ini(f"pythonpath = {folder}")
    (shop.path / folder).mkdir()
    (shop.path / folder / "telemetry.py").write_text(WORKER)
    shop.tests(
        """
import telemetry


@pytest.mark.personalize_contract
def test_it():
    put()
    assert telemetry.capture() == "NetworkRefused"
"""
    )
    result = shop.run("--personalize-target=reference")
    result.assert_outcomes(**{outcome: 1})
    summary_line = "refused: 1 connection to telemetry.example, by threads that belong to no test"
    assert (summary_line in text(result)) == (outcome == "passed")


OPEN = {
    "loopback": 'socket.create_server(("127.0.0.1", 0)).close()',
    "a look-up of a number": 'socket.getaddrinfo("192.0.2.9", 80)',
    "this machine's name": "socket.getaddrinfo(socket.gethostname(), 80)",
    "a datagram socket that is not written to": (
        'client = socket.socket(type=socket.SOCK_DGRAM); client.connect(("192.0.2.9", 9)); '
        "client.close()"
    ),
    "a socket pair": "[end.close() for end in socket.socketpair()]",
    "a request answered by responses": (
        "import requests, responses\n"
        "    with responses.RequestsMock() as mock:\n"
        '        mock.get("https://shop.example/")\n'
        '        requests.get("https://shop.example/", timeout=5)'
    ),
    "a call answered by moto": (
        "import moto\n"
        "    with moto.mock_aws():\n"
        '        boto3.client("s3", "us-east-1").list_buckets()'
    ),
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("send", OPEN.values(), ids=OPEN)
def test_local_sockets_are_allowed(shop: Shop, send: str) -> None:
    mark = "@pytest.mark.personalize_contract"
    shop.tests(f"import socket\n\n\n{mark}\ndef test_it():\n    put()\n    {send}\n")
    result = shop.run("--personalize-target=reference")
    assert result.ret == 0, text(result)
