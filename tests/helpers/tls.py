"""TLS in front of a plain HTTP server, certificates of a test's own CA, and a CONNECT proxy."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from personalize_contract.proxy.tls import TlsFront

AUTHORITY = trustme.CA()
"""A CA that only clients with its certificate trust."""


def trusted(folder: Path) -> str:
    """Write the certificate of the CA to a file for AWS_CA_BUNDLE, and return its path."""
    path = folder / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    return str(path)


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


@contextlib.contextmanager
def _listening(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server on loopback that handles each connection in a thread; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve(connection: socket.socket) -> None:
        # Tests include clients that disconnect, or reject the certificate.
        with contextlib.suppress(OSError), connection:
            handle(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _pump(left: socket.socket, right: socket.socket) -> None:
    """Copy data in both directions until one side ends."""

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for ended in (source, sink):
            with contextlib.suppress(OSError):
                ended.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=copy, args=(right, left), daemon=True)
    back.start()
    copy(left, right)
    back.join(5)


@contextlib.contextmanager
def over_tls(url: str, *names: str, authority: trustme.CA = AUTHORITY) -> Iterator[str]:
    """Run a TLS front for a server, with a certificate for these names; yields its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    with TlsFront(url, context) as front:
        yield front.url


@contextlib.contextmanager
def proxy(to: str, hosts: list[str], status: str = "200 OK") -> Iterator[str]:
    """Run a proxy that connects every CONNECT to `to`, regardless of its host; yields its URL.

    Args:
        to: the URL to connect to.
        hosts: the list to append the requested hosts to.
        status: the status of its response; any other than 200 refuses the connection.
    """

    def handle(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := connection.recv(4096)):
                return
            head += data
        hosts.append(head.split()[1].decode().rpartition(":")[0])
        connection.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
        if status.startswith("200"):
            with socket.create_connection(address(to)) as onward:
                _pump(connection, onward)

    with _listening(handle) as port:
        yield f"http://127.0.0.1:{port}"
