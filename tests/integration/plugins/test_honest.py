"""Legitimate set-ups: local services, mocks and faked clocks are never refused.

All of them are recorded in one run and replayed in another.
"""

from __future__ import annotations

from helpers.shop import text

from .conftest import RepoWith

SETUPS = """
import logging
import logging.handlers
import multiprocessing
import os
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from unittest import mock

import aiohttp
import freezegun
import httpx
import requests
import responses
import time_machine
import trustme
import vcr
from botocore.stub import Stubber

pytestmark = pytest.mark.personalize_contract


@pytest.fixture(scope="module")
def container():
    '''A process that listens on every address of this machine, and a connected client.'''
    code = "import http.server as s; s.test(s.SimpleHTTPRequestHandler, port=0, bind='0.0.0.0')"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    port = int(process.stdout.readline().split()[5])
    with requests.Session() as session:
        assert session.get(f"http://localhost:{port}/").ok
        yield port, session
    process.terminate()
    process.wait()
    process.stdout.close()


def test_a_container(container):
    port, session = container
    assert session.get(f"http://localhost:{port}/").ok
    own = socket.gethostbyname(socket.gethostname())
    assert requests.get(f"http://{own}:{port}/", timeout=5).ok
    put()


def test_a_service_over_tls_by_another_name():
    authority, server = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("shop.example").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with server.wrap_socket(listener.accept()[0], server_side=True) as secure:
                secure.sendall(secure.recv(3))
        thread = threading.Thread(target=serve)
        thread.start()
        with (
            socket.create_connection(listener.getsockname()) as plain,
            client.wrap_socket(plain, server_hostname="shop.example") as secure,
        ):
            secure.sendall(b"tea")
            assert secure.recv(3) == b"tea"
        thread.join()
    put()


def test_logs_over_udp_and_a_unix_socket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a Unix socket is short
    with (
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind("log")
        for address in (udp.getsockname(), "log"):
            handler = logging.handlers.SysLogHandler(address)
            handler.handle(logging.makeLogRecord({"msg": "tea"}))
            handler.close()
        assert b"tea" in udp.recv(100)
        assert b"tea" in unix.recv(100)
    put()


@freezegun.freeze_time("2001-01-01")
def test_a_frozen_clock():
    put()


@time_machine.travel("2030-01-01")
def test_a_travelled_clock():
    put()


@mock.patch.dict(os.environ, {"DATASET": ACTIVE}, clear=True)
def test_a_cleared_environment():
    put(arn=os.environ["DATASET"])


def test_a_fake_file_system(fs):
    fs.create_file("/teas", contents="tea")
    assert open("/teas").read() == "tea"
    put()


@responses.activate
def test_responses():
    responses.get("https://shop.example/", json={"price": 1})
    assert requests.get("https://shop.example/").json() == {"price": 1}
    put()


def test_a_mock_transport():
    transport = httpx.MockTransport(lambda request: httpx.Response(204))
    with httpx.Client(transport=transport) as session:
        assert session.get("https://shop.example/").status_code == 204
    put()


def test_a_stubber_of_another_service():
    s3 = boto3.client("s3", "us-east-1")
    with Stubber(s3) as stubber:
        stubber.add_response("list_buckets", {"Buckets": []})
        assert s3.list_buckets()["Buckets"] == []
    put()


def test_a_cassette_of_vcr_around_it(tmp_path):
    with vcr.use_cassette(str(tmp_path / "other.yaml")):
        put()
    assert not (tmp_path / "other.yaml").exists()


def test_the_name_and_the_address_of_this_machine():
    socket.getfqdn()
    socket.getaddrinfo("localhost", 80)
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(("192.0.2.9", 9))
    put()


def twice(number):
    put(2, first=2 * number)
    return number * 2


def test_a_pool_of_processes():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(twice, range(3)) == [0, 2, 4]


def test_subtests(subtests):
    for number in range(3):
        with subtests.test(number=number):
            twice(number)


def test_a_command():
    done = subprocess.run(["echo", "tea"], capture_output=True, text=True, check=True)
    assert done.stdout == "tea\\n"
    put()
"""


def test_legitimate_set_ups_pass_without_a_refusal(repo_with: RepoWith) -> None:
    shop = repo_with("pyfakefs.pytest_plugin")
    shop.ini("filterwarnings = ignore::DeprecationWarning")
    shop.tests(SETUPS)
    for result in (shop.record(), shop.run()):
        assert result.ret == 0, text(result)
        assert result.parseoutcomes()["passed"] == 15
        for refusal in ("may not connect", "refused:", "late:", "unused:"):
            assert refusal not in text(result)
