"""What lies in folders: cassettes, and what killed recordings left among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from personalize_contract.cassette import journal
from personalize_contract.errors import UsageError

SUFFIX = ".personalize.yaml"
"""How a cassette's name ends."""


def is_journal(path: Path) -> bool:
    """Whether a file is the journal of a recording."""
    return path.name.endswith(journal.SUFFIX)


def is_half_written(path: Path) -> bool:
    """Whether a file is a cassette that was being written when its process was killed."""
    return path.name.startswith(".") and path.name.endswith(f"{SUFFIX}.tmp")


def is_cassette(path: Path) -> bool:
    """Whether a file is a cassette, by its name or, of other YAML, by what is in it.

    Raises:
        UsageError: it can't be read.
    """
    if path.name.endswith(SUFFIX):
        return True
    if path.suffix not in (".yaml", ".yml"):
        return False
    try:
        with path.open("rb") as file:
            return any(line.rstrip() == b"interactions:" for line in file)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from error


def files(paths: Iterable[Path], wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """The files named, and those wanted in the folders named, sorted, each once.

    Hidden folders are not looked into.

    Raises:
        UsageError: there is no such path, or a folder can't be read.
    """

    def fail(error: OSError) -> None:
        raise UsageError(f"{error.filename} can't be read: {error.strerror}") from error

    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no {path}")
        for one in _in_folder(path, wanted, fail) if path.is_dir() else [path]:
            if one.absolute() not in seen:
                seen.add(one.absolute())
                yield one


def _in_folder(
    path: Path, wanted: Callable[[Path], bool], fail: Callable[[OSError], None]
) -> Iterator[Path]:
    for folder, folders, names in os.walk(path, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (one for name in sorted(names) if wanted(one := Path(folder, name)))
