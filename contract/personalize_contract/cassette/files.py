"""The files of cassettes and journals: only regular files are read or written.

A pipe would block, a device has no end, and a link may lead anywhere.

The functions of `os` are captured when this module is imported, before the fixtures of the first
marked test, so that tests with a fake file system (pyfakefs), or with patches of `open` or `os`,
record and replay like any other. They are kept in a namespace, where such libraries don't search.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import operator
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import BuiltinFunctionType, SimpleNamespace
from typing import BinaryIO, TextIO, cast

from personalize_contract.errors import CassetteError, CassetteMissing

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_real = SimpleNamespace(
    is_fake=not isinstance(os.open, BuiltinFunctionType),
    flock=fcntl and fcntl.flock,
    file=io.open,
    **{
        name: getattr(os, name)
        for name in (
            *("open", "close", "dup", "write", "fstat", "stat", "lstat", "ftruncate"),
            *("mkdir", "replace", "unlink", "listdir"),
        )
    },
)

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a symbolic link",
}
_READ, _OWN = (
    functools.reduce(operator.or_, (getattr(os, f"O_{name}", 0) for name in names))
    for names in (("RDONLY", "NONBLOCK", "CLOEXEC"), ("NOFOLLOW", "NONBLOCK", "CLOEXEC"))
)


def not_a_file(path: Path, mode: int) -> CassetteError:
    """Return the error about a path that is not a regular file."""
    kind = _KINDS.get(stat.S_IFMT(mode), "a special file")
    return CassetteError(path, f"{kind} instead of a regular file; remove it")


def _opened(path: Path, flags: int) -> int:
    """Open a regular file.

    Raises:
        CassetteError: it is not a regular file.
        OSError: it can't be opened.
    """
    if _real.is_fake:
        raise CassetteError(
            path,
            "the real files are out of reach, since this package was imported while a fake file "
            "system (pyfakefs) was active: import personalize_contract.cassette.recording before, "
            "for example in conftest.py",
        )
    try:
        file: int = _real.open(path, flags, 0o666)
    except OSError as error:
        with contextlib.suppress(OSError):
            mode = _real.lstat(path).st_mode
            if error.errno == errno.ELOOP or not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                raise not_a_file(path, mode) from None
        raise
    if not stat.S_ISREG(mode := _real.fstat(file).st_mode):
        _real.close(file)
        raise not_a_file(path, mode)
    return file


@contextlib.contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, following links.

    Raises:
        CassetteMissing: the file doesn't exist.
        CassetteError: it can't be read.
    """
    try:
        file = _opened(path, _READ)
    except FileNotFoundError:
        raise CassetteMissing(path, "no such file") from None
    except OSError as error:
        raise _unreadable(path, error) from error
    with cast(BinaryIO, _real.file(file, "rb")) as stream:
        try:
            yield stream
        except OSError as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> CassetteError:
    return CassetteError(path, f"it can't be read: {error.strerror}")


def reread(file: int) -> BinaryIO:
    """Return a stream that reads an open file from its beginning, and leaves it open."""
    stream = cast(BinaryIO, _real.file(_real.dup(file), "rb"))
    stream.seek(0)
    return stream


def write(file: int, data: bytes) -> int:
    """Write to an open file; return the number of bytes written."""
    return int(_real.write(file, data))


def length(file: int) -> int:
    """Return the size of an open file."""
    return int(_real.fstat(file).st_size)


def truncate(file: int, size: int) -> None:
    """Truncate an open file."""
    _real.ftruncate(file, size)


def close(file: int) -> None:
    """Close an open file."""
    _real.close(file)


def check_locks(path: Path) -> None:
    """Refuse to record where files can't be locked.

    Raises:
        CassetteError: the system has no `fcntl`.
    """
    if fcntl is None:
        raise CassetteError(
            path,
            "recording needs POSIX file locks, and this Python has no fcntl: record on "
            "Linux or macOS, and replay here",
        )


def appending(path: Path, *, create: bool) -> int:
    """Open a file for appending and reading. Raises the errors of `_opened`."""
    return _opened(path, os.O_RDWR | os.O_APPEND | _OWN | (os.O_CREAT if create else 0))


def new(path: Path) -> TextIO:
    """Create an empty text file, replacing any regular one. Raises the errors of `_opened`."""
    if (existing := mode(path)) and not stat.S_ISREG(existing):
        raise not_a_file(path, existing)
    if existing:
        _real.unlink(path)
    file = _opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OWN)
    return cast(TextIO, _real.file(file, "w", encoding="utf-8", newline="\n"))


def mode(path: Path) -> int:
    """Return the mode of a path, without following a link; 0 if it doesn't exist."""
    try:
        return int(_real.lstat(path).st_mode)
    except OSError:
        return 0


def is_at(file: int, path: Path) -> bool:
    """Return whether an open file is still the one at this path."""
    try:
        return os.path.samestat(_real.fstat(file), _real.lstat(path))
    except FileNotFoundError:
        return False


def lock(file: int) -> None:
    """Lock an open file.

    Raises:
        BlockingIOError: it is already locked.
    """
    try:
        _real.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
            raise


def unlock(file: int) -> None:
    """Unlock an open file, also for the children that share it."""
    _real.flock(file, fcntl.LOCK_UN)


def make_folder(path: Path) -> None:
    """Create a folder and its parents, unless they exist."""
    try:
        _real.mkdir(path)
    except FileNotFoundError:
        make_folder(path.parent)
        make_folder(path)
    except FileExistsError:
        if not stat.S_ISDIR(_real.stat(path).st_mode):
            raise


def names(folder: Path) -> list[str]:
    """Return the names in a folder; none if it can't be read."""
    try:
        return list(_real.listdir(folder))
    except OSError:
        return []


def move(path: Path, to: Path) -> None:
    """Rename a file, replacing any file with the new name."""
    _real.replace(path, to)


def remove(path: Path) -> None:
    """Remove a file."""
    _real.unlink(path)
