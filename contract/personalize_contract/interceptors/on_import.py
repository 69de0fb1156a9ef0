"""Installs interceptors when their libraries are imported, maybe in the middle of a test."""

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
    """Interceptors, installed or waiting for an import. Use as a context manager.

    Lives as long as the session of one test. An import in any thread may install one.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open = contextlib.ExitStack()
        self._waiting: dict[str, Callable[[], None]] = {}
        self._executing = threading.local()

    def when(
        self, libraries: Sequence[str], interceptor: Callable[[], AbstractContextManager[None]]
    ) -> Callable[[], None]:
        """Install an interceptor when one of its libraries is imported, or now if one is already.

        Args:
            libraries: names of top-level modules.
            interceptor: a factory of context managers, called once to enter one.

        Returns:
            A function that installs it now, unless it is installed already.
        """
        waits = True

        def open_now() -> None:
            nonlocal waits
            with self._lock:
                if waits:
                    waits = False
                    self._open.enter_context(interceptor())

        def loaded() -> None:
            # The thread that is installing it may be waiting for this very import.
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
        """Find a module as usual, and let its loader report when it has been executed."""
        loaded = self._waiting.pop(fullname, None)
        spec = importlib.util.find_spec(fullname) if loaded else None
        if loaded and spec and spec.loader:
            spec.loader = _Observed(spec.loader, partial(self._run, loaded))
        return spec

    def _run(self, loaded: Callable[[], None], execute: Callable[[], None]) -> None:
        """Execute a module, and run the callbacks once the outermost observed module is executed.

        VCR.py imports httpx and aiohttp, and can't be used before it has done so.
        """
        outer: list[Callable[[], None]] | None = self._executing.__dict__.get("callbacks")
        callbacks = self._executing.callbacks = [] if outer is None else outer
        try:
            execute()
            callbacks.append(loaded)
        finally:
            self._executing.callbacks = outer
        if outer is None:
            for callback in callbacks:
                callback()

    def __enter__(self) -> Loading:
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)
        # The callbacks refer to this object: a cycle, and with it the test's whole session.
        self._waiting.clear()
        self._open.close()


class _Observed(Loader):
    """Executes a module with its own loader, and removes itself from the module first."""

    def __init__(self, loader: Loader, run: Callable[[Callable[[], None]], None]) -> None:
        self._loader, self._run = loader, run

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._run(partial(self._loader.exec_module, module))
