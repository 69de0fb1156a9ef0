"""The files of cassettes and journals: regular ones, looked at before they are read or written.

A pipe would block, a device has no end, and a link leads to where nobody looked.

The functions of `os` are used as they were when this was imported, before the fixtures of the
first marked test: one with a fake file system (pyfakefs), or one that patches `open` or `os`,
records and replays as every other. They are kept in a namespace, where such a library doesn't
look for them.
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
_REMOVE = "nothing is read from it or written through it; remove it"
_READ, _OWN = (
    functools.reduce(operator.or_, (getattr(os, f"O_{name}", 0) for name in names))
    for names in (("RDONLY", "NONBLOCK", "CLOEXEC"), ("NOFOLLOW", "NONBLOCK", "CLOEXEC"))
)


def not_a_file(path: Path, mode: int) -> CassetteError:
    """Return the error of something that is no regular file."""
    kind = _KINDS.get(stat.S_IFMT(mode), "not a regular file")
    return CassetteError(path, f"it is {kind}, and not a file: {_REMOVE}")


def _opened(path: Path, flags: int) -> int:
    """Open a regular file; what else lies there is closed again.

    Raises:
        CassetteError: it is no regular file.
        OSError: it can't be opened.
    """
    if _real.is_fake:
        raise CassetteError(
            path,
            "a fake file system was in place when this was imported: import "
            "personalize_contract.cassette.recording before it, for example in conftest.py",
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
    """Open a file to be read, also one that a link leads to.

    Raises:
        CassetteMissing: there is none.
        CassetteError: it can't be read.
    """
    try:
        file = _opened(path, _READ)
    except FileNotFoundError:
        raise CassetteMissing(path, "there is no such cassette") from None
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
    """Return an open file to be read from its beginning, without closing it in the end."""
    stream = cast(BinaryIO, _real.file(_real.dup(file), "rb"))
    stream.seek(0)
    return stream


def write(file: int, data: bytes) -> int:
    """Write to an open file; return how many bytes it took."""
    return int(_real.write(file, data))


def length(file: int) -> int:
    """Return the bytes of an open file."""
    return int(_real.fstat(file).st_size)


def truncate(file: int, size: int) -> None:
    """Cut an open file."""
    _real.ftruncate(file, size)


def close(file: int) -> None:
    """Close an open file."""
    _real.close(file)


def check_locks(path: Path) -> None:
    """Refuse to record without the locks that keep a recording whole.

    Raises:
        CassetteError: this system has none.
    """
    if fcntl is None:
        raise CassetteError(
            path,
            "recording needs POSIX, whose locks keep two recordings apart (fcntl is missing): "
            "record on Linux or macOS, and replay here",
        )


def appending(path: Path, *, create: bool) -> int:
    """Open a file to be appended to, and read. Raises as `_opened`."""
    return _opened(path, os.O_RDWR | os.O_APPEND | _OWN | (os.O_CREAT if create else 0))


def new(path: Path) -> TextIO:
    """Make an empty file of text in the place of the regular one there. Raises as `_opened`."""
    if (there := mode(path)) and not stat.S_ISREG(there):
        raise not_a_file(path, there)
    if there:
        _real.unlink(path)
    file = _opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OWN)
    return cast(TextIO, _real.file(file, "w", encoding="utf-8", newline="\n"))


def mode(path: Path) -> int:
    """Return the mode of what lies at a path, of a link its own; 0 if there is nothing to see."""
    try:
        return int(_real.lstat(path).st_mode)
    except OSError:
        return 0


def is_at(file: int, path: Path) -> bool:
    """Whether an open file is still the one with this name."""
    try:
        return os.path.samestat(_real.fstat(file), _real.lstat(path))
    except FileNotFoundError:
        return False


def lock(file: int) -> None:
    """Take the lock of an open file.

    Raises:
        BlockingIOError: somebody else has it.
    """
    try:
        _real.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP):
            raise


def unlock(file: int) -> None:
    """Give the lock of an open file back, also for the children that share it."""
    _real.flock(file, fcntl.LOCK_UN)


def make_folder(path: Path) -> None:
    """Make a folder and those that it is in, unless they are there."""
    try:
        _real.mkdir(path)
    except FileNotFoundError:
        make_folder(path.parent)
        make_folder(path)
    except FileExistsError:
        if not stat.S_ISDIR(_real.stat(path).st_mode):
            raise


def names(folder: Path) -> list[str]:
    """Return the names in a folder; none if it can't be looked into."""
    try:
        return list(_real.listdir(folder))
    except OSError:
        return []


def move(path: Path, to: Path) -> None:
    """Give a file another name, in the place of what has it."""
    _real.replace(path, to)


def remove(path: Path) -> None:
    """Remove a file."""
    _real.unlink(path)
