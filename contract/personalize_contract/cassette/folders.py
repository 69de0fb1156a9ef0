"""What lies in folders: cassettes, and what killed recordings left among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from personalize_contract.cassette import files
from personalize_contract.errors import CassetteError, UsageError

SUFFIX = ".personalize.yaml"
"""How a cassette's name ends."""

_INTERACTIONS = re.compile(
    rb"""(?m)^(?:["']?interactions["']?[ \t]*:|[ \t]*[{,]?[ \t]*"interactions":)"""
)
_LOOKED_INTO = 1024 * 1024
"""Bytes of other files that are looked into; the member is at their head."""


def is_journal(path: Path) -> bool:
    """Whether a file is the journal of a recording."""
    from personalize_contract.cassette import journal

    return path.name.endswith(journal.SUFFIX)


def is_half_written(path: Path) -> bool:
    """Whether a file is a cassette that was being written when its process was killed."""
    return path.name.startswith(".") and path.name.endswith(f"{SUFFIX}.tmp")


def is_cassette(path: Path) -> bool:
    """Whether a file is a cassette, by its name or, of other YAML and JSON, by what is in it.

    One that can't be read counts as one.
    """
    if path.name.endswith(SUFFIX):
        return True
    if path.suffix not in (".yaml", ".yml", ".json"):
        return False
    try:
        with files.reading(path) as file:
            return bool(_INTERACTIONS.search(file.read(_LOOKED_INTO)))
    except CassetteError:
        return True  # whoever looks at it says why it can't be read


def files_in(
    paths: Iterable[Path], wanted: Callable[[Path], bool], *, at_least_one: bool = False
) -> Iterator[Path]:
    """The files named, and those wanted in the folders named, sorted, each once.

    Links are followed, as a replay follows them. Hidden folders are not looked into.

    Args:
        paths: files and folders.
        wanted: whether a file in a folder is one of them.
        at_least_one: whether a folder without any is an error.

    Raises:
        UsageError: there is no such path, or a folder can't be read, or has none of them.
    """
    seen: set[Path] = set()
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"there is no {path}")
        is_empty = True
        for file in _in_folder(path, wanted) if path.is_dir() else [path]:
            is_empty = False
            if file.absolute() not in seen:
                seen.add(file.absolute())
                yield file
        if is_empty and at_least_one:
            raise UsageError(f"{path} holds no cassette (*{SUFFIX}): nothing was looked at")


def _in_folder(
    folder: Path, wanted: Callable[[Path], bool], above: frozenset[tuple[int, int]] = frozenset()
) -> Iterator[Path]:
    try:
        status = folder.stat()
        if (here := (status.st_dev, status.st_ino)) in above:
            return  # a link led back
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder} can't be read: {error.strerror}") from error
    folders = [path for path in paths if path.is_dir()]
    yield from (path for path in paths if path not in folders and wanted(path))
    for inner in folders:
        if not inner.name.startswith("."):
            yield from _in_folder(inner, wanted, above | {here})
