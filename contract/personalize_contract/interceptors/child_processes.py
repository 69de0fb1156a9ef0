"""The interceptor of child processes, which directs them to the loopback endpoint of the test.

An executed program finds the endpoint in its own environment; that of this process stays unchanged.
A forked child has the patched clients of its parent, but not its session: its interceptors forward
requests to the endpoint.

| started by                                | intercepted at                                |
| ----------------------------------------- | --------------------------------------------- |
| `subprocess`, `os.popen`, asyncio         | `fork_exec`, `os.posix_spawn`                 |
| multiprocessing: spawn, forkserver        | `fork_exec`; the preparation data of a child  |
| multiprocessing: fork; `os.fork`, `pty`   | Python's fork hooks                           |
| `os.exec*`, `os.spawn*`                   | `os.execv`, `os.execve`                       |
| `os.system`                               | its command line                              |
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from personalize_contract.errors import NetworkRefused
from personalize_contract.interceptors.child_environment import (
    ENDPOINT,
    ApplyOnUnpickle,
    changed,
    changes,
)
from personalize_contract.interceptors.handler import Handler
from personalize_contract.interceptors.on_import import Loading
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import ParsedRequest

REFUSED = "/personalize-contract/refused"
"""The path at the endpoint to which a forked child posts the message of a refused connection."""

_posixsubprocess: Any
try:
    _posixsubprocess = importlib.import_module("_posixsubprocess")
except ImportError:  # Windows, where child processes are not intercepted
    _posixsubprocess = None

_SPAWN = "multiprocessing.spawn"
_ENVIRONMENT = 5
"""Index of `fork_exec`'s argument for the environment: a list of `NAME=VALUE`, or None."""


class RefusingHandler(Handler, Protocol):
    """A handler that records refused connections, too."""

    def refuse(self, error: NetworkRefused) -> None:
        """Record a refused connection of the test."""


class Endpoint(Protocol):
    """The loopback endpoint that the children of a test send to."""

    @property
    def url(self) -> str:
        """Its URL; the first access makes it listen."""

    def is_alone(self) -> bool:
        """Return whether no threads run but the calling one and those of the endpoint."""

    def release_parent(self) -> None:
        """Release everything that belongs to the parent process, in a forked child."""

    def note_foreign_child(self) -> None:
        """Count a child whose environment names another endpoint."""

    def forked_handler(self, url: str) -> RefusingHandler:
        """Return the handler of a forked child, which sends to the endpoint at a URL."""


class Dispatcher:
    """Passes requests to a handler, which a forked child replaces.

    Args:
        handler: the handler of this process.
    """

    def __init__(self, handler: RefusingHandler) -> None:
        self._handler = handler

    def check(self, request: Request) -> ParsedRequest:
        """Check a request."""
        return self._handler.check(request)

    def forward(self, request: ParsedRequest) -> Response | None:
        """Forward a request."""
        __tracebackhide__ = True
        return self._handler.forward(request)

    def refuse(self, error: NetworkRefused) -> None:
        """Record a refused connection."""
        self._handler.refuse(error)

    def hand_over(self, handler: RefusingHandler) -> None:
        """Use another handler from now on."""
        self._handler = handler


class _Fork:
    """The actions at a fork of this process, for an open test."""

    def __init__(self, endpoint: Endpoint, dispatcher: Dispatcher) -> None:
        self._endpoint, self._dispatcher = endpoint, dispatcher
        self._url = ""

    def before(self) -> None:
        self._url = self._endpoint.url
        if sys.version_info >= (3, 12) and self._endpoint.is_alone():
            # Python warns about threads, but the endpoint's hold nothing that a child needs.
            warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)

    def in_child(self) -> None:
        self._endpoint.release_parent()
        self._dispatcher.hand_over(self._endpoint.forked_handler(self._url))


_open: list[_Fork] = []
"""The open tests; the last one handles a fork."""

_is_hooked = False


def _hook() -> None:
    """Register the fork hooks of Python, which can't be removed."""
    global _is_hooked
    if not _is_hooked:
        _is_hooked = True
        os.register_at_fork(
            before=lambda: _open[-1].before() if _open else None,
            after_in_child=lambda: _open[-1].in_child() if _open else None,
        )


class _Environments:
    """The environments of the children of a test."""

    def __init__(self, endpoint: Endpoint, region: str) -> None:
        self._endpoint, self._region = endpoint, region
        self._own = os.environ.get(ENDPOINT)

    def changes(self, environment: Mapping[str, str]) -> dict[str, str | None]:
        return changes(environment, self._endpoint.url, self._region)

    def of(self, environment: Mapping[Any, Any] | None) -> Mapping[Any, Any]:
        """Return the environment of a child, given the one that its parent passes."""
        if environment is None:
            return changed(os.environ, self.changes(os.environ))
        texts = {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()}
        if texts.get(ENDPOINT) not in (None, self._own, self._endpoint.url):
            self._endpoint.note_foreign_child()
            return environment
        return changed(texts, self.changes(texts))

    def lines(self, passed: list[bytes] | None) -> list[bytes]:
        pairs = None if passed is None else dict(line.split(b"=", 1) for line in passed)
        return [
            os.fsencode(name) + b"=" + os.fsencode(value) for name, value in self.of(pairs).items()
        ]

    def shell(self) -> str:
        """Return shell commands that change the environment."""
        return "".join(
            f"unset {name}\n" if value is None else f"export {name}={shlex.quote(value)}\n"
            for name, value in self.changes(os.environ).items()
        )


@contextlib.contextmanager
def patched(endpoint: Endpoint, region: str, dispatcher: Dispatcher) -> Iterator[None]:
    """Intercept the child processes started within the context.

    Args:
        endpoint: the endpoint that they send to.
        region: the region of children without one.
        dispatcher: the dispatcher of this process's requests.
    """
    if _posixsubprocess is None:
        yield
        return
    environments = _Environments(endpoint, region)
    fork_exec, system = _posixsubprocess.fork_exec, os.system
    execve = os.execve

    def _fork_exec(*arguments: Any) -> int:
        passed = list(arguments)
        passed[_ENVIRONMENT] = environments.lines(passed[_ENVIRONMENT])
        return int(fork_exec(*passed))

    def spawning(spawn: Callable[..., int]) -> Callable[..., int]:
        def posix_spawn(path: Any, argv: Any, env: Any = None, /, **named: Any) -> int:
            return spawn(path, argv, environments.of(env), **named)

        return posix_spawn

    def _execv(path: Any, argv: Any, /) -> Any:
        return execve(path, argv, environments.of(None))

    def _execve(path: Any, argv: Any, env: Any) -> Any:
        return execve(path, argv, environments.of(env))

    def _system(command: Any) -> int:
        return system(f"{environments.shell()}{os.fsdecode(command)}")

    replaced: list[tuple[Any, str, Any]] = [
        (_posixsubprocess, "fork_exec", _fork_exec),
        (subprocess, "_fork_exec", _fork_exec),
        (os, "posix_spawn", spawning(os.posix_spawn)),
        (os, "posix_spawnp", spawning(os.posix_spawnp)),
        (os, "execv", _execv),
        (os, "execve", _execve),
        (os, "system", _system),
    ]
    _hook()
    _open.append(_Fork(endpoint, dispatcher))
    with contextlib.ExitStack() as stack:
        stack.callback(_open.pop)
        for module, name, wrapper in replaced:
            stack.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, wrapper)
        loading = stack.enter_context(Loading())
        loading.when((_SPAWN,), lambda: _preparing_children(environments))
        yield


@contextlib.contextmanager
def _preparing_children(environments: _Environments) -> Iterator[None]:
    """Make each new child of multiprocessing change its environment first of all.

    A fork server is started once, maybe by another test, and its children inherit its environment.
    """
    from multiprocessing import spawn

    get_preparation_data = spawn.get_preparation_data

    def _get_preparation_data(name: str) -> dict[str, Any]:
        data: dict[str, Any] = get_preparation_data(name)
        return {"personalize_contract": ApplyOnUnpickle(environments.changes(os.environ)), **data}

    spawn.get_preparation_data = _get_preparation_data
    try:
        yield
    finally:
        spawn.get_preparation_data = get_preparation_data
