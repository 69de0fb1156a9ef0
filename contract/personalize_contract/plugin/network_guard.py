"""The network of a marked test: its target, loopback and Unix sockets, and nothing else."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Callable, Collection, Iterator
from typing import Any

from personalize_contract.errors import NetworkRefused

_SENDING: dict[str, Callable[..., object]] = {
    "connect": lambda address: address,
    "connect_ex": lambda address: address,
    "sendto": lambda data, *rest: rest[-1],
    "sendmsg": lambda buffers, ancillary=(), flags=0, address=None: address,
}
"""Methods of a socket by which something leaves this machine: the address in their arguments."""

_RESOLVING = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
"""Functions of the module `socket` that are given the name of a host first."""


def _is_here(host: str) -> bool:
    """Whether a host is this machine, by loopback."""
    if host in ("", "localhost") or host.endswith((".localhost", ".localdomain", "-localhost")):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    # To connect to no address in particular is to connect to loopback.
    return address.is_loopback or address.is_unspecified


def _name(host: object) -> str:
    text = host.decode("latin-1") if isinstance(host, bytes) else str(host or "")
    return text.rstrip(".").lower()


class _Guard:
    """Which hosts are let through. Any thread may ask."""

    def __init__(self, allowed: Collection[str], instead: Callable[[str], str]) -> None:
        self._hosts = {_name(host) for host in allowed}
        self._addresses: set[str] = set()
        self._instead = instead
        self._resolve = socket.getaddrinfo

    def check(self, host: object) -> None:
        """Refuse a host that is not let through."""
        __tracebackhide__ = True
        name = _name(host)
        if _is_here(name) or name in self._hosts or name in self._found():
            return
        raise NetworkRefused(
            f"a test marked personalize_contract may not connect to {name}: only its target, "
            f"loopback and Unix sockets are open to it. {self._instead(name)}"
        )

    def _found(self) -> set[str]:
        """The addresses of the hosts that are let through, however the caller resolved them."""
        if self._hosts and not self._addresses:
            for host in self._hosts:
                with contextlib.suppress(OSError):
                    self._addresses |= {_name(row[4][0]) for row in self._resolve(host, None)}
        return self._addresses


def or_allow(host: str) -> str:
    """What to do about a host that is not the service's."""
    return "Record or fake this traffic, or name the host in the ini key personalize_allowed_hosts"


@contextlib.contextmanager
def guarded(allowed: Collection[str], instead: Callable[[str], str] = or_allow) -> Iterator[None]:
    """While this lasts, this process connects to loopback, Unix sockets and `allowed` only.

    Holds for every thread and for each library that uses Python's sockets; what goes around
    them (another process, an extension with sockets of its own) is not seen.

    Args:
        allowed: host names or addresses.
        instead: what to do about a refused host, as a sentence.

    Raises (in the code that connects):
        NetworkRefused: the host is another one. No library takes it for an error of its own.
    """
    guard = _Guard(allowed, instead)
    # The class itself may be replaced meanwhile, as pytest-socket does.
    kind = socket.socket

    def sending(name: str, address_in: Callable[..., object]) -> Callable[..., Any]:
        method = getattr(kind, name)

        def guarded_method(self: socket.socket, *arguments: Any) -> Any:
            __tracebackhide__ = True
            address = address_in(*arguments)
            if isinstance(address, tuple):
                guard.check(address[0])
            return method(self, *arguments)

        return guarded_method

    def resolving(name: str) -> Callable[..., Any]:
        function = getattr(socket, name)

        def guarded_function(host: Any, *arguments: Any, **named: Any) -> Any:
            __tracebackhide__ = True
            guard.check(host)
            return function(host, *arguments, **named)

        return guarded_function

    with contextlib.ExitStack() as stack:
        for name in _RESOLVING:
            stack.callback(setattr, socket, name, getattr(socket, name))
            setattr(socket, name, resolving(name))
        for name, address_in in _SENDING.items():
            before = vars(kind).get(name)
            guarded_method = sending(name, address_in)
            if before is None:
                stack.callback(delattr, kind, name)
            else:
                stack.callback(setattr, kind, name, before)
            setattr(kind, name, guarded_method)
        yield
