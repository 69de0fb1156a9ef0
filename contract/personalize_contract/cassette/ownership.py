"""The test that a cassette belongs to: the one that it was recorded for, and no other.

Two tests come to share a file where their names differ in case alone and the file system folds
it, or where a file was copied or linked. Each would replace what the other recorded, and get
answers that are not its own.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

from personalize_contract.cassette import files, loader
from personalize_contract.errors import CassetteError

_SHARED = "::cassette="

_REMEDY = (
    'rename one of the two tests, name another cassette in the mark of one, cassette="name", or '
    "delete this one if its test is gone"
)


def check(path: Path, recorded_for: str, test: str) -> None:
    """Refuse the cassette of another test.

    Args:
        path: the cassette.
        recorded_for: node id in its provenance; `""` if it doesn't say.
        test: node id of the test that is about to use it.

    Raises:
        CassetteError: it belongs to another test.
    """
    if "::" in recorded_for and "::" in test and _identity(recorded_for) != _identity(test):
        raise CassetteError(
            path, f"it belongs to {recorded_for}, and this is {test}; {_REMEDY}", None
        )


def shared_by(module: str, name: str) -> str:
    """Return what stands for the node id of its test in a cassette that tests of a module share."""
    return f"{module}{_SHARED}{name}"


def is_shared(recorded_for: str) -> bool:
    """Whether this stands for the tests that share a cassette."""
    return _SHARED in recorded_for


def _identity(node_id: str) -> tuple[str, str]:
    """The part of a node id that stays if its module is moved, or pytest starts elsewhere."""
    module, _, names = node_id.partition("::")
    return PurePosixPath(module).name, names


def folded(path: Path) -> str:
    """Return the name of a cassette, or of its journal, as file systems that fold names see it."""
    from personalize_contract.cassette import journal

    name = path.name.removesuffix(journal.SUFFIX)
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_to_record(path: Path, test: str) -> None:
    """Refuse to record over another test's cassette, here or where file systems fold names.

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
                f"{name} has the same name where file systems fold case (macOS, Windows): it "
                f"belongs to {_recorded_for(other) or 'another test'}, and this is {test}; rename "
                "one of the two tests, or name another cassette in the mark of one, "
                'cassette="name"',
            )


def _recorded_for(path: Path) -> str:
    """The test that a cassette belongs to, or a journal; `""` if it doesn't say."""
    from personalize_contract.cassette import journal

    if not path.name.endswith(journal.SUFFIX):
        return loader.recorded_for(path)
    try:
        taken = journal.read(path)
    except CassetteError:
        return ""
    return taken[0].provenance.recorded_for if taken else ""
