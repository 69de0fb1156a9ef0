"""The network guard allows loopback, Unix sockets and allowed hosts, by every API."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from helpers.clients import counted
from helpers.tls import AUTHORITY
from personalize_contract.errors import NetworkRefused
from personalize_contract.plugin.network_guard import guarded

# TEST-NET-1 and a reserved name: nothing here leaves the machine, even without the guard.
ADDRESS, NAME = "192.0.2.1", "shop.invalid"


def _udp(host: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.sendto(b"tea", (host, 9))


def _udp_with_flags(host: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.sendto(b"tea", 0, (host, 9))


def _message(host: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.sendmsg([b"tea"], [], 0, (host, 9))


def _connect(host: str) -> None:
    with socket.socket() as client:
        client.settimeout(0.01)
        client.connect((host, 9))


def _connect_ex(host: str) -> None:
    with socket.socket() as client:
        client.settimeout(0.01)
        client.connect_ex((host, 9))


def _in_a_thread(host: str) -> None:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            _connect(host)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    raise raised[0]


def _asyncio(host: str) -> None:
    asyncio.run(asyncio.wait_for(asyncio.open_connection(host, 9), 5))


def _happy_eyeballs(host: str) -> None:
    wait = asyncio.open_connection(host, 9, happy_eyeballs_delay=0.01)
    asyncio.run(asyncio.wait_for(wait, 5))


def _sock_connect(host: str) -> None:
    async def connect() -> None:
        with socket.socket() as client:
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, (host, 9))

    asyncio.run(connect())


def _aiohttp(host: str) -> None:
    async def get() -> None:
        async with aiohttp.ClientSession() as session:
            await session.get(f"http://{host}:9/")

    asyncio.run(get())


WAYS: dict[str, Callable[[str], Any]] = {
    "connect": _connect,
    "connect_ex": _connect_ex,
    "create_connection": lambda host: socket.create_connection((host, 9), 0.01),
    "sendto": _udp,
    "sendto with flags": _udp_with_flags,
    "sendmsg": _message,
    "a thread": _in_a_thread,
    "getaddrinfo": lambda host: socket.getaddrinfo(host, 9),
    "gethostbyname": lambda host: socket.gethostbyname(host),
    "gethostbyname_ex": lambda host: socket.gethostbyname_ex(host),
    "asyncio": _asyncio,
    "sock_connect": _sock_connect,
    "happy eyeballs": _happy_eyeballs,
    "aiohttp": _aiohttp,
    "httpx": lambda host: httpx.get(f"http://{host}:9/", timeout=1),
    "requests": lambda host: requests.get(f"http://{host}:9/", timeout=1),
    "urllib3": lambda host: urllib3.request("GET", f"http://{host}:9/", retries=2, timeout=1),
    "urllib": lambda host: urllib.request.urlopen(f"http://{host}:9/", timeout=1),
}


@pytest.mark.parametrize("host", [ADDRESS, NAME])
@pytest.mark.parametrize("name", WAYS)
def test_another_host_is_refused(name: str, host: str) -> None:
    if name == "happy eyeballs" or name.startswith("get"):
        # asyncio loses any error there but an OSError: for an address, an IndexError is raised.
        # Resolving an address sends nothing.
        host = NAME
    way = WAYS[name]
    with guarded([]), pytest.raises(NetworkRefused) as caught:
        way(host)

    message = str(caught.value)
    assert f"may not connect to {host}: " in message
    assert "the hosts in the ini key personalize_allowed_hosts are open to it. Record" in message
    assert caught.value.host == host


@pytest.mark.parametrize(
    "host",
    [
        *("SHOP.invalid.", b"shop.invalid", "notlocalhost.x", "evil-localhost", "localhost.evil"),
        *("evil.localdomain", "localhost.localdomain.evil", "127.0.0.1.evil", "0x7f.1.evil"),
    ],
)
def test_a_name_is_refused_in_any_spelling(host: str | bytes) -> None:
    with guarded([]), pytest.raises(NetworkRefused):
        socket.getaddrinfo(host, 9)


@pytest.mark.parametrize("host", ["2001:db8::1", "::ffff:192.0.2.1", "192.0.2.1"])
def test_an_address_is_refused_on_connection(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with guarded([]), socket.socket(family) as client, pytest.raises(NetworkRefused):
        client.connect((host, 9))


def test_a_datagram_socket_may_be_connected_but_not_written_to() -> None:
    with guarded([]), socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect((ADDRESS, 9))
        with pytest.raises(NetworkRefused):
            client.send(b"tea")


def test_name_and_addresses_of_this_machine_are_allowed() -> None:
    own = socket.getaddrinfo(socket.gethostname(), 9, type=socket.SOCK_STREAM)[0][4][0]
    with guarded([]):
        assert _reached(lambda name: socket.getaddrinfo(name, 9), socket.gethostname())
        assert _reached(_connect, str(own))


def test_credential_sources_can_not_be_allowed() -> None:
    with guarded([]), pytest.raises(NetworkRefused) as caught:
        _connect("169.254.169.254")
    assert "AWS_ACCESS_KEY_ID" in str(caught.value)
    assert "personalize_allowed_hosts" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST.", "0.0.0.0",  # noqa: S104
     "::", "", None],
)  # fmt: skip
def test_this_machine_is_allowed(host: str | None) -> None:
    with guarded([]):
        assert _reached(lambda name: socket.getaddrinfo(name, 9), host)


def test_loopback_is_allowed_for_every_client() -> None:
    with counted() as listener, guarded([]):
        gets: list[Callable[[str], Any]] = [requests.get, httpx.get, urllib.request.urlopen]
        for get in gets:
            with contextlib.suppress(OSError, httpx.HTTPError):
                get(listener.url)

    assert listener.connected == 3


def test_unix_sockets_and_socket_pairs_are_allowed(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        with guarded([]):
            client.connect(path)
            left, right = socket.socketpair()
            left.sendmsg([b"tea"])
            assert right.recv(3) == b"tea"
            left.close()
            right.close()


def test_a_server_may_listen() -> None:
    with guarded([]), socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def _reached(way: Callable[[Any], Any], host: object) -> bool:
    """Return whether the guard allowed the connection, which then fails."""
    try:
        way(host)
    except NetworkRefused:
        return False
    except OSError:
        return True
    return True


def test_allowed_hosts_are_reachable() -> None:
    with guarded([ADDRESS]):
        assert _reached(_connect, ADDRESS)
        assert _reached(_udp, ADDRESS)
        assert not _reached(_connect, "198.51.100.2")


def test_an_allowed_name_is_reachable_by_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ADDRESS, 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: [row])
    with guarded(["shop.example"]):
        assert _reached(_connect, ADDRESS)
        assert not _reached(_connect, "198.51.100.2")


@contextlib.contextmanager
def _secured(name: str) -> Iterator[ssl.SSLSocket]:
    """Return a TLS connection made before, to a peer with this name."""
    client, server = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.configure_trust(client)
    AUTHORITY.issue_cert(name).configure_cert(server)
    near, far = socket.socketpair()

    def receive() -> None:
        with server.wrap_socket(far, server_side=True) as secure:
            while secure.recv(10):
                pass

    receiver = threading.Thread(target=receive)
    receiver.start()
    with client.wrap_socket(near, server_hostname=name) as secure:
        yield secure
    receiver.join()


def _by_file(secure: ssl.SSLSocket) -> None:
    with secure.makefile("wb", 0) as file:
        file.write(b"tea")


WRITES: dict[str, Callable[[ssl.SSLSocket], Any]] = {
    "send": lambda secure: secure.send(b"tea"),
    "sendall": lambda secure: secure.sendall(b"tea"),
    "write": lambda secure: secure.write(b"tea"),
    "a file": _by_file,
}


@pytest.mark.parametrize("name", WRITES)
def test_a_tls_connection_is_judged_by_peer_and_name(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _secured("shop.example") as secure:
        with guarded([]):
            WRITES[name](secure)  # to this machine, by any name
        monkeypatch.setattr(secure, "getpeername", lambda: (ADDRESS, 443))
        with guarded([]), pytest.raises(NetworkRefused, match=r"connect to shop\.example: "):
            WRITES[name](secure)
        with guarded(["shop.example"]):
            WRITES[name](secure)


def test_a_tls_connection_of_an_event_loop_is_judged_by_name() -> None:
    def written(name: str) -> None:
        context = ssl.create_default_context()
        secure = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name)
        with contextlib.suppress(ssl.SSLError):  # the handshake is not finished
            secure.write(b"tea")

    service = "personalize-events.eu-west-1.amazonaws.com"
    with guarded([]):
        written("shop.example")
        with pytest.raises(NetworkRefused, match=service):
            written(service)
    with guarded([service]):
        written(service)


def test_the_guard_is_removed_afterwards() -> None:
    before = _patched()
    with guarded([]):
        assert _patched() != before
    assert _patched() == before


def _patched() -> list[object]:
    names = ("connect", "connect_ex", "send", "sendall", "sendto", "sendmsg", "sendfile")
    methods = [getattr(socket.socket, name) for name in names]
    methods += [ssl.SSLSocket.send, ssl.SSLSocket.write, ssl.SSLObject.write]
    own = [name in vars(socket.socket) for name in names]
    return [*methods, *own, socket.getaddrinfo, socket.gethostbyname, socket.gethostbyname_ex]
