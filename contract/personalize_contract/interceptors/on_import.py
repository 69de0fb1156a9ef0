"""Installs an interceptor when its library is loaded, which may be in the middle of a test."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class Loading(MetaPathFinder):
    """The interceptors installed, and those that wait for an import. Use as a context manager.

    Lives as long as the session of one test. Any thread may import, and install one by that.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open = contextlib.ExitStack()
        self._waiting: dict[str, Callable[[], None]] = {}
        self._executing = threading.local()

    def when(
        self, libraries: Sequence[str], interceptor: Callable[[], AbstractContextManager[None]]
    ) -> Callable[[], None]:
        """Install an interceptor when one of some libraries is loaded; at once if one is.

        Args:
            libraries: top-level modules.
            interceptor: called and entered once.

        Returns:
            A function that installs it now, and does nothing if it is installed.
        """
        waits = True

        def open_now() -> None:
            nonlocal waits
            with self._lock:
                if waits:
                    waits = False
                    self._open.enter_context(interceptor())

        def loaded() -> None:
            # Who opens it just now may wait for the very import that this is called from.
            if self._lock.acquire(blocking=False):
                try:
                    open_now()
                finally:
                    self._lock.release()

        if any(name in sys.modules for name in libraries):
            open_now()
        else:
            self._waiting |= dict.fromkeys(libraries, loaded)
        return open_now

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as it would be found without this, and tell when it has been executed."""
        loaded = self._waiting.pop(fullname, None)
        spec = importlib.util.find_spec(fullname) if loaded else None
        if loaded and spec and spec.loader:
            spec.loader = _Told(spec.loader, partial(self._run, loaded))
        return spec

    def _run(self, loaded: Callable[[], None], execute: Callable[[], None]) -> None:
        """Execute a module, and tell once the outermost of those that wait is executed.

        VCR.py loads httpx and aiohttp, and is of no use before it has done so.
        """
        outer: list[Callable[[], None]] | None = self._executing.__dict__.get("found")
        found = self._executing.found = [] if outer is None else outer
        try:
            execute()
            found.append(loaded)
        finally:
            self._executing.found = outer
        if outer is None:
            for one in found:
                one()

    def __enter__(self) -> Loading:
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)
        self._open.close()


class _Told(Loader):
    """Executes a module as its own loader does, and takes itself out of it again."""

    def __init__(self, loader: Loader, run: Callable[[Callable[[], None]], None]) -> None:
        self._loader, self._run = loader, run

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._run(partial(self._loader.exec_module, module))
