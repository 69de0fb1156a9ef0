"""Finds cassettes in folders, and the leftovers of killed recordings among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from personalize_contract.cassette import files
from personalize_contract.errors import CassetteError, UsageError

SUFFIX = ".personalize.yaml"
"""Suffix of a cassette's name."""

_INTERACTIONS = re.compile(
    rb"""(?m)^(?:["']?interactions["']?[ \t]*:|[ \t]*[{,]?[ \t]*"interactions":)"""
)
LIBRARIES = frozenset({"site-packages", "dist-packages", "node_modules"})
"""Folders of installed packages, whose cassettes are not this repo's."""

_MAX_HEAD = 1024 * 1024
"""Maximum number of bytes searched in other files; the member is at their head."""


def is_journal(path: Path) -> bool:
    """Return whether a file is the journal of a recording."""
    from personalize_contract.cassette import journal

    return path.name.endswith(journal.SUFFIX)


def is_half_written(path: Path) -> bool:
    """Return whether a file is the temporary file of a cassette whose writer was killed."""
    return path.name.startswith(".") and path.name.endswith(f"{SUFFIX}.tmp")


def is_cassette(path: Path) -> bool:
    """Return whether a file is a cassette, by its name, or for other YAML and JSON by its content.

    A file that can't be read counts as a cassette.
    """
    if path.name.endswith(SUFFIX):
        return True
    if path.suffix not in (".yaml", ".yml", ".json"):
        return False
    try:
        with files.reading(path) as file:
            return bool(_INTERACTIONS.search(file.read(_MAX_HEAD)))
    except CassetteError:
        return True  # the caller reports the error


def files_in(
    paths: Iterable[Path], wanted: Callable[[Path], bool], *, at_least_one: bool = False
) -> Iterator[Path]:
    """Yield the named files, and the wanted ones in the named folders, sorted and each once.

    Links are followed, as in a replay. Hidden folders are skipped.

    Args:
        paths: files and folders.
        wanted: the test for files in folders.
        at_least_one: whether a folder without any is an error.

    Raises:
        UsageError: a path doesn't exist, or a folder can't be read or has none.
    """
    seen: set[Path] = set()
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"{path}: no such file or directory")
        is_empty = True
        for file in _in_folder(path, wanted) if path.is_dir() else [path]:
            is_empty = False
            if file.absolute() not in seen:
                seen.add(file.absolute())
                yield file
        if is_empty and at_least_one:
            raise UsageError(f"{path}: no cassette (*{SUFFIX}) in this folder: nothing was checked")


def _in_folder(
    folder: Path, wanted: Callable[[Path], bool], above: frozenset[tuple[int, int]] = frozenset()
) -> Iterator[Path]:
    try:
        status = folder.stat()
        if (here := (status.st_dev, status.st_ino)) in above:
            return  # a cycle of links
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder} can't be read: {error.strerror}") from error
    folders = [path for path in paths if path.is_dir()]
    yield from (path for path in paths if path not in folders and wanted(path))
    for inner in folders:
        if not inner.name.startswith("."):
            yield from _in_folder(inner, wanted, above | {here})
