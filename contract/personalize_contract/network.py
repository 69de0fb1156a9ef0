"""The network of a marked test: its target, loopback and Unix sockets, and nothing else."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Collection, Iterator
from typing import Any

from personalize_contract.errors import NetworkRefused

_HERE = ("localhost", "localhost.localdomain", "ip6-localhost", "")


def _is_loopback(host: str) -> bool:
    if host in _HERE:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _name(host: object) -> str:
    text = host.decode("latin-1") if isinstance(host, bytes) else str(host or "")
    return text.rstrip(".").lower()


@contextlib.contextmanager
def guarded(allowed: Collection[str]) -> Iterator[None]:
    """While this lasts, this process connects to loopback, Unix sockets and `allowed` only.

    Holds for every thread and for each library that uses Python's sockets; what goes around
    them (another process, an extension with sockets of its own) is not seen.

    Args:
        allowed: host names or addresses.

    Raises (in the code that connects):
        NetworkRefused: the host is another one.
    """
    hosts = {_name(host) for host in allowed}
    addresses: set[str] = set()
    # The class itself may be replaced meanwhile, as pytest-socket does.
    kind = socket.socket
    before = {name: kind.__dict__.get(name) for name in ("connect", "connect_ex")}
    connect, connect_ex, resolve = kind.connect, kind.connect_ex, socket.getaddrinfo

    def check(host: object) -> None:
        __tracebackhide__ = True
        name = _name(host)
        if not _is_loopback(name) and name not in hosts and name not in addresses:
            raise NetworkRefused(
                f"a test marked personalize_contract may not connect to {name}: only its target, "
                "loopback and Unix sockets are open to it. Record or fake this traffic, or name "
                "the host in the ini key personalize_allowed_hosts"
            )

    def checked(address: object) -> None:
        if isinstance(address, tuple):
            check(address[0])

    def guarded_connect(self: socket.socket, address: Any) -> None:
        checked(address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        checked(address)
        return connect_ex(self, address)

    def guarded_resolve(host: Any, *arguments: Any, **named: Any) -> Any:
        check(host)
        found = resolve(host, *arguments, **named)
        if not _is_loopback(_name(host)):
            addresses.update(_name(entry[4][0]) for entry in found)
        return found

    kind.connect = guarded_connect  # type: ignore[method-assign, assignment]
    kind.connect_ex = guarded_connect_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = guarded_resolve
    try:
        yield
    finally:
        socket.getaddrinfo = resolve
        for name, method in before.items():
            if method is None:
                delattr(kind, name)
            else:
                setattr(kind, name, method)
