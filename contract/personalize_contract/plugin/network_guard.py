"""Network guard of a marked test: refuses connections except to this machine and allowed hosts."""

from __future__ import annotations

import _socket
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import Callable, Collection, Iterator
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from personalize_contract.errors import NetworkRefused
from personalize_contract.interceptors.aws_hosts import is_of_aws
from personalize_contract.targets.sending import current_call, is_sending

_LOCAL = frozenset(
    {
        "",
        "localhost",
        "localhost.localdomain",
        "localhost6",
        "localhost6.localdomain6",
        "ip6-localhost",
        "ip6-loopback",
    }
)
"""Names of loopback in the hosts files of common systems."""

_RESOLVING = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
"""Functions of the module `socket` with a host name as their first argument."""

Place = tuple[str, int]
"""A host and a port."""

Report = Callable[[NetworkRefused], None]
"""Callback for each refusal, called in the thread that caused it."""

# The originals, which no test and no other plugin replaces.
_Socket = _socket.socket
_gethostname, _getaddrinfo = _socket.gethostname, _socket.getaddrinfo


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _own_addresses() -> Iterator[str]:
    """Yield the addresses of this machine, without sending anything."""
    with contextlib.suppress(OSError):
        yield from (str(row[4][0]) for row in _getaddrinfo(_gethostname(), None))
    for family, remote in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError):
            probe = _Socket(family, socket.SOCK_DGRAM)
            try:
                # Connecting a datagram socket sends nothing, and binds it to a local address.
                probe.connect((remote, 9))
                yield str(probe.getsockname()[0])
            finally:
                probe.close()


def _is_loopback(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    # Connecting to the unspecified address connects to loopback.
    return address.is_loopback or address.is_unspecified


def _is_own_name(name: str) -> bool:
    """Return whether a name is one of loopback, or the name of this machine."""
    if name in _LOCAL or name.endswith(".localhost"):
        return True
    own = _gethostname().lower()
    return name in (own, own.partition(".")[0])


def _is_own(name: str) -> bool:
    address = _address(name)
    return _is_loopback(address) if address else _is_own_name(name)


def _name(host: object) -> str:
    text = host.decode("latin-1") if isinstance(host, bytes) else str(host or "")
    return text.rstrip(".").lower()


def _peer(sock: socket.socket) -> Place | None:
    """Return the place that a stream is connected to; None for a Unix or unconnected socket."""
    try:
        peer = sock.getpeername()
    except OSError:
        return None
    return (_name(peer[0]), peer[1]) if isinstance(peer, tuple) else None


class _Guard:
    """Decides which hosts are open to a test. Thread-safe."""

    def __init__(
        self,
        allowed: Collection[str],
        remedy: Callable[[str], str],
        report: Report,
        targets: Collection[Place],
    ) -> None:
        self._hosts = {_name(host) for host in allowed}
        self._targets = {(_name(host), port) for host, port in targets}
        self._target_addresses: dict[str, set[str]] = {}
        self._addresses: set[str] = set()
        self._remedy, self._report = remedy, report
        self._resolve = socket.getaddrinfo
        self._unwritten: WeakKeyDictionary[socket.socket, str] = WeakKeyDictionary()

    def look_up(self, host: object) -> None:
        """Refuse to resolve the name of a host that is not open; an address needs no resolving."""
        __tracebackhide__ = True
        if not _address(_name(host)):
            self.connect(host)

    def connect(self, host: object, port: object = None) -> None:
        """Refuse a host that is not open. Without a port, its name is only being resolved."""
        __tracebackhide__ = True
        if is_sending():
            return
        name = _name(host)
        address = _address(name)
        if self._is_target(name, port):
            self._refuse(
                name,
                "this is the live service, and only requests that were checked are sent there, "
                "but this client's were not. Send them in a test without the mark, or answer "
                "them with a fake",
            )
        if _is_own(name) or name in self._hosts or name in self._open_addresses():
            return
        if address and address.is_link_local:
            self._refuse(
                name,
                "SDKs without credentials look for them at this metadata endpoint. Set dummy ones, "
                "such as AWS_ACCESS_KEY_ID=test and AWS_SECRET_ACCESS_KEY=test",
            )
        self._refuse(
            name,
            "only this machine and the hosts in the ini key personalize_allowed_hosts are open "
            f"to it. {self._remedy(name)}",
        )

    def _refuse(self, host: str, reason: str) -> NoReturn:
        __tracebackhide__ = True
        error = NetworkRefused(host, reason, current_call())
        self._report(error)
        raise error

    def _is_target(self, name: str, port: object) -> bool:
        """Return whether a place is the live service or its proxy, under any name."""
        for host, target_port in self._targets:
            if _is_own(host):
                # Other services of this machine listen on other ports.
                if port == target_port and (_is_own(name) or name in self._open_addresses()):
                    return True
            elif port in (target_port, None) and name in (host, *self._addresses_of(host)):
                return True
        return False

    def _addresses_of(self, host: str) -> set[str]:
        if host not in self._target_addresses:
            addresses = self._target_addresses[host] = set()
            with contextlib.suppress(OSError):
                addresses |= {_name(row[4][0]) for row in self._resolve(host, None)}
        return self._target_addresses[host]

    def connected(self, sock: socket.socket, host: str) -> None:
        """Remember the host of a connected datagram socket; connecting sent nothing."""
        self._unwritten[sock] = host

    def write(self, sock: socket.socket) -> None:
        """Refuse to send from a connected socket to a host that is not open.

        A stream may have been connected before the test. Debuggers and remote workers use such
        streams, so only the live service is closed to them.
        """
        __tracebackhide__ = True
        if sock in self._unwritten:
            self.connect(self._unwritten[sock])
        elif self._targets and (peer := _peer(sock)) and self._is_target(*peer):
            self.connect(*peer)

    def write_tls(self, sock: ssl.SSLSocket | ssl.SSLObject) -> None:
        """Refuse to encrypt data for a host that is not open, by the host's name.

        An SSL object without a socket may belong to a server of this machine, whatever name it
        uses, so only the service is closed to it.
        """
        __tracebackhide__ = True
        name = _name(sock.server_hostname)
        if isinstance(sock, ssl.SSLSocket):
            self.write(sock)
            peer = _peer(sock)
            if peer and not _is_own(peer[0]) and peer[0] not in self._open_addresses():
                self.connect(name or peer[0], peer[1])
        elif is_of_aws(name) or self._is_target(name, None):
            self.connect(name)

    def _open_addresses(self) -> set[str]:
        """Return the addresses of this machine and of the allowed hosts."""
        if not self._addresses:
            self._addresses = set(map(_name, _own_addresses()))
            for host in self._hosts:
                with contextlib.suppress(OSError):
                    self._addresses |= {_name(row[4][0]) for row in self._resolve(host, None)}
        return self._addresses


def fake_or_allow(host: str) -> str:
    """Return the remedy for a refused host that is not the service's."""
    return (
        "Record or fake this traffic, or add the host to that key (a vcr mark needs this too while "
        "it records)"
    )


def _raise_only(error: NetworkRefused) -> None:
    """Ignore a refusal, which is also raised in the code that caused it."""


@contextlib.contextmanager
def guarded(
    allowed: Collection[str],
    remedy: Callable[[str], str] = fake_or_allow,
    report: Report = _raise_only,
    targets: Collection[Place] = (),
) -> Iterator[None]:
    """Let this process connect to this machine, Unix sockets and `allowed` only, in the context.

    Holds for every thread and every library that uses Python's sockets. Connections of other
    processes, and of C extensions with their own sockets, are not seen.

    Args:
        allowed: host names or addresses.
        remedy: the function from a refused host to the remedy, as a sentence.
        report: the callback for each refusal, even if the code that connects swallows the error.
        targets: the places of the live service and its proxies, which only the target itself may
            connect to.

    Raises (in the code that connects):
        NetworkRefused: the host is not open. It is no OSError, so that no library handles it.
    """
    guard = _Guard(allowed, remedy, report, targets)
    # pytest-socket, for example, replaces the class in the meantime.
    kind = socket.socket

    def connecting(method: Callable[..., Any]) -> Callable[..., Any]:
        def guarded_connect(self: socket.socket, address: Any) -> Any:
            __tracebackhide__ = True
            if isinstance(address, tuple):
                if self.type == socket.SOCK_DGRAM:
                    guard.connected(self, address[0])
                else:
                    try:
                        guard.connect(*address[:2])
                    except NetworkRefused:
                        # Libraries close a socket after an OSError only.
                        self.close()
                        raise
            return method(self, address)

        return guarded_connect

    def sending(method: Callable[..., Any]) -> Callable[..., Any]:
        def guarded_send(self: socket.socket, *arguments: Any) -> Any:
            __tracebackhide__ = True
            # sendto(data, [flags,] address), sendmsg(buffers, ancillary, flags, address).
            if len(arguments) > 1 and isinstance(arguments[-1], tuple):
                guard.connect(*arguments[-1][:2])
            else:
                guard.write(self)
            return method(self, *arguments)

        return guarded_send

    def resolving(function: Callable[..., Any]) -> Callable[..., Any]:
        def guarded_function(host: Any, *arguments: Any, **named: Any) -> Any:
            __tracebackhide__ = True
            guard.look_up(host)
            return function(host, *arguments, **named)

        return guarded_function

    def encrypting(method: Callable[..., Any]) -> Callable[..., Any]:
        def guarded_write(self: ssl.SSLSocket, *arguments: Any) -> Any:
            __tracebackhide__ = True
            guard.write_tls(self)
            return method(self, *arguments)

        return guarded_write

    wrappers = (
        *((kind, name, connecting) for name in ("connect", "connect_ex")),
        *((kind, name, sending) for name in ("send", "sendall", "sendto", "sendmsg", "sendfile")),
        *((socket, name, resolving) for name in _RESOLVING),
        *((ssl.SSLSocket, name, encrypting) for name in ("send", "write")),
        (ssl.SSLObject, "write", encrypting),
    )
    with contextlib.ExitStack() as stack:
        for owner, name, wrapper in wrappers:
            if name in vars(owner):
                stack.callback(setattr, owner, name, vars(owner)[name])
            else:
                stack.callback(delattr, owner, name)
            setattr(owner, name, wrapper(getattr(owner, name)))
        yield
