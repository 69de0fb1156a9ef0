"""The ini file that pytest would read here, for commands that don't run pytest."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path
from typing import Any

from personalize_contract.errors import UsageError

_FILES = {
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    "pytest.ini": ("pytest",),
    ".pytest.ini": ("pytest",),
    "pyproject.toml": ("tool", "pytest"),
    "tox.ini": ("pytest",),
    "setup.cfg": ("tool:pytest",),
}
"""The section of each file, in pytest's order."""


def values(name: str) -> tuple[str, ...]:
    """Return the values of a key with one value per line; none if there is no ini file.

    Raises:
        UsageError: a file that pytest would read can't be read.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        for file, section in _FILES.items():
            if (path := folder / file).is_file():
                keys = _section(path, section)
                if keys is not None:
                    value = keys.get(name, ())
                    lines = value.splitlines() if isinstance(value, str) else map(str, value)
                    return tuple(line.strip() for line in lines if line.strip())
    return ()


def _section(path: Path, section: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the keys of a file's section; None if it has no such section."""
    try:
        if path.suffix != ".toml":
            config = configparser.RawConfigParser(strict=False)
            config.read_string(path.read_text("utf-8"))
            return dict(config[section[0]]) if config.has_section(section[0]) else None
        table = tomllib.loads(path.read_text("utf-8"))
        for name in section:
            table = table.get(name, {})
    except (OSError, configparser.Error, ValueError, AttributeError) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"{path} can't be read: {reason}") from error
    if "ini_options" in table:
        return dict(table["ini_options"])
    return dict(table) or None
