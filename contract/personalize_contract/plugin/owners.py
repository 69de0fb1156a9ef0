"""Ownership of threads, jobs and tasks by tests, so that a leftover of one test harms no other.

A thread belongs to a test if the test's own code started it, directly or from another such thread.
The same holds for jobs that it submits to an executor, and for its tasks. A pool's thread belongs
to the test that submitted its current job. A daemon thread that an installed library starts belongs
to the test, too, but its refused connections don't fail it. Threads started by a server or worker
that was running before the test belong to no test.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from personalize_contract.feedback.call_site import is_installed

_POOLS = frozenset(
    {"concurrent.futures.thread", "trio._core._thread_cache", "anyio._backends._asyncio"}
)
"""The modules whose threads are reused by one test after the other."""


class Owner:
    """One test, as the owner of the threads, jobs and tasks that it starts. Thread-safe.

    Args:
        test: the node id.
    """

    def __init__(self, test: str) -> None:
        self.test, self.is_over = test, False
        self._threads: WeakSet[threading.Thread] = WeakSet()
        self._workers: WeakSet[threading.Thread] = WeakSet()
        self._tasks: WeakSet[Any] = WeakSet()
        self._jobs: WeakSet[_Job] = WeakSet()
        self._watches_tasks = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Register the threads, jobs and tasks that the test starts, within the context."""
        asyncio = sys.modules.get("asyncio")
        futures = sys.modules.get("concurrent.futures.thread")
        starts: list[tuple[Any, str, Callable[[Any], Any]]] = [
            (threading.Thread, "start", self._starting_threads)
        ]
        if asyncio:
            self._watches_tasks = True
            starts.append((asyncio.base_events.BaseEventLoop, "create_task", self._starting_tasks))
        if futures:
            starts.append((futures.ThreadPoolExecutor, "submit", self._starting_jobs))
        before = [(kind, name, getattr(kind, name)) for kind, name, _ in starts]
        for kind, name, watch in starts:
            setattr(kind, name, watch(getattr(kind, name)))
        token = _working_for.set(self)
        try:
            yield
        finally:
            _working_for.reset(token)
            for kind, name, method in before:
                setattr(kind, name, method)

    def _starting_threads(self, start: Callable[..., Any]) -> Callable[..., Any]:
        def start_owned(thread: threading.Thread) -> None:
            if self.owns_current() and not _is_pooled(thread):
                self._threads.add(thread)
                if thread.daemon and is_installed(sys._getframe(1).f_code.co_filename):
                    self._workers.add(thread)
            start(thread)

        return start_owned

    def _starting_tasks(self, create_task: Callable[..., Any]) -> Callable[..., Any]:
        def create_owned(loop: Any, *arguments: Any, **named: Any) -> Any:
            in_main = threading.current_thread() is threading.main_thread()
            owned = self._owns_current_task() if in_main else self.owns_current()
            task = create_task(loop, *arguments, **named)
            if owned:
                self._tasks.add(task)
            return task

        return create_owned

    def _starting_jobs(self, submit: Callable[..., Any]) -> Callable[..., Any]:
        def submit_owned(
            executor: Any, function: Callable[..., Any], /, *arguments: Any, **named: Any
        ) -> Any:
            if not self.owns_current():
                return submit(executor, function, *arguments, **named)
            job = _Job(function, self)
            self._jobs.add(job)
            return submit(executor, job, *arguments, **named)

        return submit_owned

    def owns_current(self) -> bool:
        """Return whether the calling code is the test's own."""
        if (owner := getattr(_running, "owner", None)) is not None:
            return owner is self
        thread = threading.current_thread()
        if thread is threading.main_thread():
            return self._owns_current_task()
        return thread in self._threads or _working_for.get() is self

    def is_responsible_for_current(self) -> bool:
        """Return whether the calling code is the test's own, and not a worker of a library.

        A library may start such a worker with the first message that it gets, to report errors or
        usage. The test that happens to send that message isn't responsible for it.
        """
        return self.owns_current() and threading.current_thread() not in self._workers

    def _owns_current_task(self) -> bool:
        asyncio = sys.modules.get("asyncio")
        if not asyncio or not (loop := asyncio._get_running_loop()):
            return True
        # Tasks of a loop that wasn't watched from the beginning count as the test's own.
        return not self._watches_tasks or asyncio.current_task(loop) in self._tasks

    def close(self) -> bool:
        """End the test; return whether anything that any test started is still running."""
        self.is_over = True
        for thread in self._threads:
            if thread.is_alive():
                _left_threads[thread] = self
        for task in self._tasks:
            if not task.done():
                _left_tasks[task] = self
        _left_jobs.update(job for job in self._jobs if not job.is_done)
        return (
            any(thread.is_alive() for thread in list(_left_threads))
            or any(not task.done() for task in list(_left_tasks))
            or any(not job.is_done for job in list(_left_jobs))
        )


class _Job:
    """A function that a pool's thread calls on behalf of a test."""

    __slots__ = ("__weakref__", "_function", "_owner", "is_done")

    def __init__(self, function: Callable[..., Any], owner: Owner) -> None:
        self._function, self._owner, self.is_done = function, owner, False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        _running.owner = self._owner
        try:
            return self._function(*arguments, **named)
        finally:
            _running.owner, self.is_done = None, True


_working_for: ContextVar[Owner | None] = ContextVar("personalize_contract_test", default=None)
"""The test that passes work to a thread of trio or anyio, or to another thread's event loop.

They run it in a copy of the caller's context. A loop that several tests share may keep the context
of the first, so an owner that is over is not conclusive.
"""

_running = threading.local()
"""The attribute `owner` is the test on whose behalf a pool's thread is running."""

_left_threads: WeakKeyDictionary[threading.Thread, Owner] = WeakKeyDictionary()
_left_tasks: WeakKeyDictionary[Any, Owner] = WeakKeyDictionary()
_left_jobs: WeakSet[_Job] = WeakSet()


def finished_test() -> str:
    """Return the ended test that started the calling code; `""` if there is none."""
    owner: Owner | None = getattr(_running, "owner", None)
    if owner is None and _left_threads:
        owner = _left_threads.get(threading.current_thread())
    if owner is None and _left_tasks:
        asyncio: Any = sys.modules["asyncio"]
        if loop := asyncio._get_running_loop():
            task = asyncio.current_task(loop)
            owner = _left_tasks.get(task) if task is not None else None
    return owner.test if owner and owner.is_over else ""


def _is_pooled(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    return not _POOLS.isdisjoint({type(thread).__module__, getattr(target, "__module__", "")})
