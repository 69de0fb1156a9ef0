"""Moves a cassette, and makes it that of another test."""

from __future__ import annotations

import contextlib
import re
import stat
from dataclasses import replace
from pathlib import Path

from personalize_contract.cassette import files, journal, loader, recording, recovery, writer
from personalize_contract.cassette.folders import SUFFIX
from personalize_contract.cassette.reader import Cassette
from personalize_contract.errors import CassetteError, UsageError

_OWNER = re.compile(rb"^(  recorded_for: )[^\r\n]*", re.MULTILINE)
_SCENARIO = re.compile(rb"^(- scenario: )([^\r\n]*)", re.MULTILINE)


def rename(old: Path, new: Path, test: str) -> None:
    """Move a cassette, and write its new test into it; every other byte stays as it is.

    Args:
        old: the cassette.
        new: its new path, where nothing may exist.
        test: node id of its new test, or the owner of a cassette that tests share.

    Raises:
        UsageError: the new path is the old one or not a cassette's, or the test is not a node id.
        CassetteLocked: one of the two cassettes is being recorded.
        CassetteError: it can't be moved, and stays where it is.
    """
    if not new.name.endswith(SUFFIX):
        raise UsageError(f"{new}: not the name of a cassette; it must end in {SUFFIX}")
    if "::" not in test:
        raise UsageError(f"{test!r} is not the node id of a test, such as test_shop.py::test_it")
    if new == old:
        raise UsageError(f"{new}: the cassette is there already; name another path")
    if (mode := files.mode(old)) and not stat.S_ISREG(mode):
        raise files.not_a_file(old, mode)
    loader.read(old)  # before its folder gets a journal
    with contextlib.ExitStack() as stack:
        for path in (old, new):
            stack.callback(journal.Journal(path).close, keep=False)
        _check_recovered(old)
        if files.mode(new):
            raise CassetteError(new, "a file already exists there; delete it, or name another")
        data = loader.read(old)
        recording.replace(new, [_of_test(old, data, test).decode()])
        files.remove(old)


def _check_recovered(cassette: Path) -> None:
    """Refuse to move a cassette while an interrupted recording's journal of it exists."""
    own = journal.path_for(cassette)
    for name in files.names(cassette.parent):
        path = cassette.with_name(name)
        if name.endswith(journal.SUFFIX) and path != own and recovery.cassette_of(path) == cassette:
            raise CassetteError(
                path,
                "left behind by an interrupted recording: run `personalize-contract recover` on "
                "it, or delete it, before its cassette is renamed",
            )


def _of_test(path: Path, data: bytes, test: str) -> bytes:
    """Return the text of a cassette with its owner changed to another test.

    In a shared cassette whose module was renamed, the tests of that module are renamed too.
    """
    cassette = loader.parse(path, data)
    before = cassette.provenance.recorded_for
    if not before:
        return data  # no test owns it
    module, new_module = f"{before.partition('::')[0]}::", f"{test.partition('::')[0]}::"
    names = {before: test} | {
        name: new_module + name.removeprefix(module)
        for name in {origin.recorded_for for origin in cassette.origins}
        if name != before and name.startswith(module)
    }
    written = {_scalar(name): _scalar(new_name) for name, new_name in names.items()}
    text = _OWNER.sub(lambda line: line[1] + _scalar(test), data, count=1)
    text = _SCENARIO.sub(lambda line: line[1] + written.get(line[2], line[2]), text)
    if loader.parse(path, text) != _renamed(cassette, names):
        raise CassetteError(
            path,
            "it was edited by hand, so its `recorded_for` can't be updated: set it to "
            f"{test} yourself, and move the file",
        )
    return text


def _scalar(text: str) -> bytes:
    return writer.scalar(text).encode()


def _renamed(cassette: Cassette, names: dict[str, str]) -> Cassette:
    own, *origins = (
        replace(origin, recorded_for=names.get(origin.recorded_for, origin.recorded_for))
        for origin in (cassette.provenance, *cassette.origins)
    )
    return replace(cassette, provenance=own, origins=tuple(origins))
