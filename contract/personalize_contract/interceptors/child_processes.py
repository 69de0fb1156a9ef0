"""The interceptor of child processes: they come to the loopback endpoint of the test.

A program that is executed finds the endpoint in its environment, and in that only: the one of this
process stays as it is. A forked child has the patched clients of its parent, and no part of its
session: its interceptors hand on what they are given to the endpoint.

| way                                       | intercepted at                                |
| ----------------------------------------- | --------------------------------------------- |
| `subprocess`, `os.popen`, asyncio         | `fork_exec`, `os.posix_spawn`                 |
| multiprocessing: spawn, forkserver        | `fork_exec`; what a new child is prepared with |
| multiprocessing: fork; `os.fork`, `pty`   | the hooks that Python runs at a fork          |
| `os.exec*`, `os.spawn*`                   | `os.execv`, `os.execve`                       |
| `os.system`                               | its command line                              |
"""

from __future__ import annotations

import _posixsubprocess
import contextlib
import os
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from personalize_contract.interceptors.child_environment import (
    ENDPOINT,
    Entering,
    changed,
    changes,
)
from personalize_contract.interceptors.handler import Handler
from personalize_contract.interceptors.on_import import Loading
from personalize_contract.model.exchange import Request, Response
from personalize_contract.model.parsed_request import ParsedRequest

_SPAWN = "multiprocessing.spawn"
_ENVIRONMENT = 5
"""Which argument of `fork_exec` the environment is: a list of `NAME=VALUE`, or None."""


class Endpoint(Protocol):
    """Where the children of a test send to."""

    @property
    def url(self) -> str:
        """Its URL; it listens from the first time that this is asked for."""

    def is_alone(self) -> bool:
        """Whether no other thread runs beside the calling one and those of the endpoint."""

    def disown(self) -> None:
        """Leave everything to the process that this one is a forked child of."""

    def left_alone(self) -> None:
        """Note a child whose environment names another endpoint."""

    def for_forked(self, url: str) -> Handler:
        """Return the handler of a forked child, which sends to the endpoint at a URL."""


class Dispatcher:
    """Hands requests to a handler, and in a forked child to the endpoint.

    Args:
        handler: of this process.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def check(self, request: Request) -> ParsedRequest:
        """Check a request."""
        return self._handler.check(request)

    def forward(self, request: ParsedRequest) -> Response | None:
        """Forward a request."""
        __tracebackhide__ = True
        return self._handler.forward(request)

    def hand_over(self, handler: Handler) -> None:
        """Hand everything to another handler from now on."""
        self._handler = handler


class _Fork:
    """What happens when this process forks, while a test is open."""

    def __init__(self, endpoint: Endpoint, dispatcher: Dispatcher) -> None:
        self._endpoint, self._dispatcher = endpoint, dispatcher
        self._url = ""

    def before(self) -> None:
        self._url = self._endpoint.url
        if sys.version_info >= (3, 12) and self._endpoint.is_alone():
            # Python warns of threads. These hold nothing that a child needs.
            warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)

    def in_child(self) -> None:
        self._endpoint.disown()
        self._dispatcher.hand_over(self._endpoint.for_forked(self._url))


_open: list[_Fork] = []
"""The tests that are open; the last one is asked."""

_is_hooked = False


def _hook() -> None:
    """Have Python tell of each fork; that can't be undone."""
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
        """The environment of a child, from that which its parent gives it."""
        if environment is None:
            return changed(os.environ, self.changes(os.environ))
        texts = {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()}
        if texts.get(ENDPOINT) not in (None, self._own, self._endpoint.url):
            self._endpoint.left_alone()
            return environment
        return changed(texts, self.changes(texts))

    def lines(self, given: list[bytes] | None) -> list[bytes]:
        pairs = None if given is None else dict(line.split(b"=", 1) for line in given)
        return [
            os.fsencode(name) + b"=" + os.fsencode(value) for name, value in self.of(pairs).items()
        ]

    def shell(self) -> str:
        """Shell commands that enter the environment."""
        return "".join(
            f"unset {name}\n" if value is None else f"export {name}={shlex.quote(value)}\n"
            for name, value in self.changes(os.environ).items()
        )


@contextlib.contextmanager
def patched(endpoint: Endpoint, region: str, dispatcher: Dispatcher) -> Iterator[None]:
    """Intercept the child processes that are started while this lasts.

    Args:
        endpoint: where they send to.
        region: for those that have none.
        dispatcher: of the requests of this process.
    """
    environments = _Environments(endpoint, region)
    fork_exec, system = _posixsubprocess.fork_exec, os.system
    execve = os.execve

    def _fork_exec(*arguments: Any) -> int:
        given = list(arguments)
        given[_ENVIRONMENT] = environments.lines(given[_ENVIRONMENT])
        return fork_exec(*given)

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
        loading.when((_SPAWN,), lambda: _prepared(environments))
        yield


@contextlib.contextmanager
def _prepared(environments: _Environments) -> Iterator[None]:
    """Let each new child of multiprocessing enter the environment before it does anything.

    A fork server is started once, maybe by another test, and its children have its environment.
    """
    from multiprocessing import spawn

    get_preparation_data = spawn.get_preparation_data

    def _get_preparation_data(name: str) -> dict[str, Any]:
        data: dict[str, Any] = get_preparation_data(name)
        return {"personalize_contract": Entering(environments.changes(os.environ)), **data}

    spawn.get_preparation_data = _get_preparation_data
    try:
        yield
    finally:
        spawn.get_preparation_data = get_preparation_data
