"""Ownership of cassettes: each belongs to the test that it was recorded for.

Two tests may end up with one file if their names differ by case only and the file system folds
case, or if a file was copied or linked. Each would overwrite the other's recording, and replay
answers that are not its own.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

from personalize_contract.cassette import files, loader
from personalize_contract.errors import CassetteError

_SHARED = "::cassette="

_REMEDY = (
    'rename one of the two tests, name another cassette in its mark, cassette="name", or delete '
    "this cassette if its test no longer exists"
)


def check(path: Path, recorded_for: str, test: str) -> None:
    """Refuse the cassette of another test.

    Args:
        path: the cassette.
        recorded_for: the node id in its provenance; `""` if there is none.
        test: the node id of the test that is about to use it.

    Raises:
        CassetteError: the cassette belongs to another test.
    """
    if "::" in recorded_for and "::" in test and _identity(recorded_for) != _identity(test):
        raise CassetteError(
            path, f"it belongs to {recorded_for}, but this test is {test}; {_REMEDY}", None
        )


def shared_by(module: str, name: str) -> str:
    """Return the owner of a cassette that tests of a module share, in place of a node id."""
    return f"{module}{_SHARED}{name}"


def is_shared(recorded_for: str) -> bool:
    """Return whether an owner stands for tests that share a cassette."""
    return _SHARED in recorded_for


def _identity(node_id: str) -> tuple[str, str]:
    """Return the part of a node id that doesn't depend on the module's folder or the rootdir."""
    module, _, names = node_id.partition("::")
    return PurePosixPath(module).name, names


def folded(path: Path) -> str:
    """Return the name of a cassette or journal in the form that file systems fold names to."""
    from personalize_contract.cassette import journal

    name = path.name.removesuffix(journal.SUFFIX)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_to_record(path: Path, test: str) -> None:
    """Refuse to overwrite another test's cassette, on this or on a case-folding file system.

    Args:
        path: the cassette.
        test: the node id of the test that is about to record it.

    Raises:
        CassetteError: the cassette belongs to another test.
    """
    from personalize_contract.cassette import journal

    if files.mode(path):
        check(path, loader.recorded_for(path), test)
    fold = folded(path)
    own = {path.name, journal.path_for(path).name}
    lengths = {len(name) for name in own}
    for name in files.names(path.parent):
        if len(name) not in lengths and name.isascii() and path.name.isascii():
            continue
        if name not in own and folded(other := path.with_name(name)) == fold:
            raise CassetteError(
                path,
                f"file systems that fold case (macOS, Windows) can't tell it from {name}, which "
                f"belongs to {_recorded_for(other) or 'another test'}, but this test is {test}; "
                "rename one of the two tests, or name another cassette in its mark, "
                'cassette="name"',
            )


def _recorded_for(path: Path) -> str:
    """Return the owner of a cassette or journal; `""` if it has none."""
    from personalize_contract.cassette import journal

    if not path.name.endswith(journal.SUFFIX):
        return loader.recorded_for(path)
    try:
        recordings = journal.read(path)
    except CassetteError:
        return ""
    return recordings[0].provenance.recorded_for if recordings else ""
