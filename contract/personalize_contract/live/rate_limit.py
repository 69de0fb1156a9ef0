"""The rate limit of live calls: so many a second for an account, over all of its processes.

The quota is that of the account, so the turns of one account and region are shared by every
process of this user on this machine. The file that they share holds the time of the last turn,
and whoever waits for the next one holds its lock: the system frees it when the process dies.
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
"""Seconds between two requests: the quota is 10 a second for each dataset group."""


class Pace:
    """Gives turns, at most one every `INTERVAL` seconds. Any thread may ask for one.

    Args:
        shared: the file that holds the time of the last turn; None if no other process takes
            turns.
        sleep: waits for a number of seconds.
        now: seconds on a clock that is never set back, and is the same for all processes.
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

    def turn(self) -> None:
        """Wait for the next turn."""
        with self._lock, self._last_turn() as last:
            wait = last + INTERVAL - self._now()
            # A time to come is that of a machine that was started again since.
            if 0 < wait <= 2 * INTERVAL:
                self._sleep(wait)

    @contextlib.contextmanager
    def _last_turn(self) -> Iterator[float]:
        """The time of the last turn of any process; noted anew at the end, unless it failed."""
        if self._shared is None:
            yield self._last
            self._last = self._now()
            return
        with _opened(self._shared) as file:
            try:
                import fcntl
            except ImportError:
                raise UsageError(
                    "live needs POSIX, whose locks let runs share their turns (fcntl is missing): "
                    "run it on Linux or macOS"
                ) from None
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                last = float(os.pread(file, 64, 0))
            except ValueError:  # new, or its writer died in the middle of it
                last = float("-inf")
            yield last
            os.pwrite(file, f"{self._now()!r:<32}".encode(), 0)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise UsageError(
            f"live shares its turns with other runs by the file {path}, which can't be opened: "
            f"{error.strerror}; make it writable, or set XDG_CACHE_HOME to a folder that is"
        ) from error
    try:
        yield file
    finally:
        os.close(file)


def shared_file(account: str | None, region: str) -> Path:
    """The file by which all processes of this user share the turns of an account and region.

    Its name does not tell the account.
    """
    key = hashlib.sha256(f"{account} {region}".encode()).hexdigest()[:16]
    return _folder() / f"pace-{key}"


def _folder() -> Path:
    """A folder of this user: in the cache, or where there is no home, in the temporary files."""
    temporary = Path(tempfile.gettempdir()) / f"personalize-contract-{os.getuid()}"
    folders = [temporary]
    with contextlib.suppress(RuntimeError):  # a user without a home
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folders.insert(0, cache / "personalize-contract")
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
                return folder
    raise UsageError(
        "live shares its turns with other runs by a file, and can't write one in "
        f"{' or '.join(map(str, folders))}: set XDG_CACHE_HOME to a folder that can be written"
    )
