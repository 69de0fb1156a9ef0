"""Paths and owners of the cassettes of tests, and the commands that record them."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from personalize_contract.cassette.folders import SUFFIX
from personalize_contract.errors import CassetteError, CassetteMissing
from personalize_contract.plugin import options
from personalize_contract.plugin.mark import cassette_of
from personalize_contract.settings import Settings

if TYPE_CHECKING:
    from personalize_contract.cassette.reader import Cassette

_COPY = re.compile(r"(?<=\[)\d+(?:-\d+)?-|-?\d+(?:-\d+)?(?=\])|\[\d+(?:-\d+)?\]")
"""The number of a copy in a cassette's name, as of pytest-repeat and pytest-flakefinder."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_.\[\]+=,-]+")
"""Characters that not every file system takes."""


def cassette_path(item: pytest.Item, settings: Settings) -> Path:
    """Return the path of a test's cassette: `cassettes/<module>/<test>.personalize.yaml`.

    A shared cassette's name replaces the name of the test. A test's name that is very long, or has
    characters that not every file system takes, gets a digest, so that two tests never share a
    cassette by accident.
    """
    if shared := cassette_of(item):
        return _folder(item, settings) / f"{shared}{SUFFIX}"
    whole = ".".join(item.nodeid.split("::")[1:]) if "::" in item.nodeid else item.name
    name = _UNSAFE.sub("-", whole)[:120]
    if name != whole:
        name = f"{name}-{sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return _folder(item, settings) / f"{name}{SUFFIX}"


def _folder(item: pytest.Item, settings: Settings) -> Path:
    """Return the folder of the cassettes of a test's module."""
    module = item.path
    if settings.cassettes:
        with contextlib.suppress(ValueError):
            module = settings.cassettes / module.relative_to(item.config.rootpath)
        return module.with_suffix("")
    return module.parent / "cassettes" / module.stem


def module_of(cassette: Path, root: Path, settings: Settings) -> Path:
    """Return the path of the module whose cassettes are in this folder; it need not exist."""
    folder = cassette.parent
    if settings.cassettes:
        return root / folder.relative_to(settings.cassettes).with_name(f"{folder.name}.py")
    return folder.parent.with_name(f"{folder.name}.py")


def owner(item: pytest.Item) -> str:
    """Return the owner of a test's cassette: its node id, or the id of a shared cassette."""
    from personalize_contract.cassette import ownership

    if shared := cassette_of(item):
        return ownership.shared_by(item.nodeid.partition("::")[0], shared)
    return item.nodeid


def settings_of(item: pytest.Item, settings: Settings) -> Settings:
    """Return the settings of one test, which record or replay if only missing ones are recorded."""
    if not settings.record_missing:
        return settings
    if cassette_path(item, settings).exists():
        return settings._replace(target="recorded")
    return settings._replace(record=True)


def record_command(item: pytest.Item, target: str, node_id: str = "") -> str:
    """Return the shell command that records a test from a target.

    Args:
        item: the test.
        target: the target that answers.
        node_id: the node id to record, such as a class; `""` for that of the test.
    """
    command = _pytest_command(item.config, node_id or item.nodeid)
    return f"{command} --personalize-record {target}"


def repeat_command(config: pytest.Config, node_id: str) -> str:
    """Return the shell command that runs a test alone, with the options of this run.

    Accounts, and ARNs with them, are not in it.
    """
    return " ".join(
        [_pytest_command(config, node_id), *map(shlex.quote, options.on_command_line(config))]
    )


def _pytest_command(config: pytest.Config, node_id: str) -> str:
    module, separator, names = node_id.partition("::")
    here = os.path.relpath(config.rootpath / module, config.invocation_params.dir)
    return f"pytest {shlex.quote(f'{here}{separator}{names}')}"


def gone(
    items: Iterable[pytest.Item], marked: Iterable[pytest.Item], settings: Settings
) -> list[Path]:
    """Return the cassettes beside these tests whose test is gone.

    Args:
        items: every test of each of their modules.
        marked: the tests that have the mark.
        settings: the settings of the run.
    """
    used = {cassette_path(item, settings) for item in marked}
    folders: set[Path] = set()
    for item in items:
        if (folder := _folder(item, settings)) in folders:
            continue
        folders.add(folder)
        names = item.config.getini("python_files")
        folders.update(
            other
            for other in folder.parent.glob("*/")
            if not (module := item.path.with_name(f"{other.name}.py")).exists()
            and any(module.match(name) for name in names)
        )
    copies = any(map(_is_copy, items))
    names_used = {_without_copies(path.name) for path in used} if copies else set()
    return sorted(
        path
        for folder in folders
        for path in folder.glob(f"*{SUFFIX}")
        if path not in used and _without_copies(path.name) not in names_used
    )


def _is_copy(item: pytest.Item) -> bool:
    """Return whether a plugin may run several copies of a test, such as pytest-repeat."""
    repeats = any(
        map(item.config.pluginmanager.hasplugin, ("repeat", "pytest_repeat", "flakefinder"))
    )
    return repeats or any(name.startswith("__") for name in _parameters(item))


def _parameters(item: pytest.Item) -> Iterable[str]:
    return getattr(getattr(item, "callspec", None), "params", {})


def _without_copies(name: str) -> str:
    """Return a cassette's name without the number of a copy that a repeating plugin makes.

    pytest-repeat calls the second of three copies of `test_it` `test_it[2-3]`, pytest-flakefinder
    calls it `test_it[1]`.
    """
    return _COPY.sub("", name, count=1)


def recording_path(item: pytest.Item, settings: Settings) -> Path:
    """Return the path to record a test's cassette to: the target of a link, if it is one.

    Raises:
        CassetteError: a link leads out of the project, or to a file that is no cassette.
    """
    path = cassette_path(item, settings)
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # the latter below Python 3.13
        raise CassetteError(path, "it is a symlink to itself; remove it") from None
    folders = [folder for folder in (settings.cassettes, item.path.parent) if folder]
    anchor = next((folder for folder in folders if path.is_relative_to(folder)), path.parent)
    if real == anchor.resolve() / path.relative_to(anchor):
        return path
    if any(real.is_relative_to(folder.resolve()) for folder in (*folders, item.config.rootpath)):
        if path.is_symlink():
            _must_be_cassette(path, real)
        return real
    raise CassetteError(
        path,
        f"it is a symlink to {real}, outside of the project, where nothing is recorded: record it "
        "in a run of that project, or replace the symlink with a file",
    )


def _must_be_cassette(link: Path, real: Path) -> None:
    """Refuse to overwrite a file of another kind through a link."""
    from personalize_contract.cassette import loader

    try:
        loader.load(real)
    except CassetteMissing:
        return
    except CassetteError as error:
        raise CassetteError(
            link,
            f"it is a symlink to {real}, which can't be read as a cassette ({error.reason}) and so "
            "is not overwritten: replace the symlink with a file",
        ) from None


def load(path: Path, test: str) -> Cassette:
    """Return a test's cassette; an empty one if the file doesn't exist.

    A test that sends nothing needs no cassette. The first request that is sent will miss.

    Args:
        path: the path of the cassette.
        test: the node id of the test.

    Raises:
        CassetteError: the cassette can't be read, or belongs to another test.
    """
    from personalize_contract.cassette import loader, ownership
    from personalize_contract.cassette.reader import Cassette
    from personalize_contract.model.provenance import Provenance

    try:
        cassette = loader.load(path)
    except CassetteMissing:
        return Cassette(Provenance(), ())
    ownership.check(path, cassette.provenance.recorded_for, test)
    return cassette
