"""The rate limit of live calls to an account, shared by all processes.

All processes of this user on this machine share the limit of an account and region, through a file
with the time of the last request. A waiting process holds the lock of the file, which the system
frees if the process dies.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from personalize_contract import clock
from personalize_contract.errors import UsageError

INTERVAL = 0.125
"""Seconds between two requests: the quota is 10 per second for a dataset group."""


class RateLimiter:
    """A rate limiter of one request every `INTERVAL` seconds. Thread-safe.

    Args:
        shared: the file with the time of the last request; None for this process alone.
        sleep: the function that waits for a number of seconds.
        now: a clock in seconds that never goes back and that all processes share.
    """

    def __init__(
        self,
        shared: Path | None = None,
        sleep: Callable[[float], None] = clock.sleep,
        now: Callable[[], float] = clock.monotonic,
    ) -> None:
        self._shared, self._sleep, self._now = shared, sleep, now
        self._lock = threading.Lock()
        self._last = float("-inf")

    def wait(self) -> None:
        """Wait until the next request may be sent."""
        with self._lock, self._last_request() as last:
            seconds = last + INTERVAL - self._now()
            # A time in the future is from before a reboot.
            if 0 < seconds <= 2 * INTERVAL:
                self._sleep(seconds)

    @contextlib.contextmanager
    def _last_request(self) -> Iterator[float]:
        """Yield the time of any process's last request; update it unless the wait failed."""
        if self._shared is None:
            yield self._last
            self._last = self._now()
            return
        with _opened(self._shared) as file:
            try:
                import fcntl
            except ImportError:
                raise UsageError(
                    "live needs POSIX file locks, by which runs share a rate limit (fcntl is "
                    "missing): run it on Linux or macOS"
                ) from None
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                last = float(os.pread(file, 64, 0))
            except ValueError:  # a new file, or one whose writer died
                last = float("-inf")
            yield last
            os.pwrite(file, f"{self._now()!r:<32}".encode(), 0)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise UsageError(
            f"live shares its rate limit with other runs in {path}, which can't be opened: "
            f"{error.strerror}; make it writable, or set XDG_CACHE_HOME to a writable folder"
        ) from error
    try:
        yield file
    finally:
        os.close(file)


def shared_file(account: str | None, region: str) -> Path:
    """Return the file in which this user's processes share the limit of an account and region.

    Its name does not reveal the account.
    """
    key = hashlib.sha256(f"{account} {region}".encode()).hexdigest()[:16]
    return _folder() / f"rate-limit-{key}"


def _folder() -> Path:
    """Return a folder of this user: in the cache, or among the temporary files without a home."""
    temporary = Path(tempfile.gettempdir()) / f"personalize-contract-{os.getuid()}"
    folders = [temporary]
    with contextlib.suppress(RuntimeError):  # no home folder
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folders.insert(0, cache / "personalize-contract")
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
                return folder
    raise UsageError(
        "live shares its rate limit with other runs in a file, but can't write to "
        f"{' or '.join(map(str, folders))}: set XDG_CACHE_HOME to a writable folder"
    )
