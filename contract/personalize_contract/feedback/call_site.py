"""The call site of a request: the line of the user's code that sent it.

Installed code counts as a library, wherever it is imported from: site-packages, a target folder of
pip, Debian's dist-packages, a vendored copy, a zip file. HTTP clients and their mocks are also
recognised by name, since nothing else identifies a copy without metadata.
"""

from __future__ import annotations

import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import FrameType

from personalize_contract.model.exchange import Request

_STANDARD = tuple(
    f"{path}/"
    for name in ("stdlib", "platstdlib")
    if (written := sysconfig.get_path(name))
    for path in (written, Path(written).resolve())
)
_OURS = tuple(
    f"{path}/" for path in (Path(__file__).parents[1], Path(__file__).resolve().parents[1])
)

_INSTALLED = frozenset({"site-packages", "dist-packages"})
"""Folders of installed packages."""

_VENDORED = frozenset({"vendor", "_vendor", "vendored", "third_party"})
"""Folders in a project for third-party code."""

_CLIENTS = frozenset(
    {
        *("aioboto3", "aiobotocore", "aiohappyeyeballs", "aiohttp", "boto3", "botocore"),
        *("httpcore", "httpx", "httpx2", "moto", "requests", "responses", "s3transfer"),
        *("urllib3", "vcr"),
    }
)
"""Packages between the user's code and the wire."""


HEADER = "personalize-contract-sent"
"""The request header in which a forked child names its call site."""


@lru_cache(maxsize=1024)
def is_users(path: str) -> bool:
    """Return whether a file is the user's code, and not a library's or this package's."""
    if path.startswith((*_OURS, *_STANDARD, "<")):
        return False
    file = Path(path)
    # A package was imported from the folder above its topmost `__init__`.
    root = file.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    if not _CLIENTS.isdisjoint(file.relative_to(root).parts[:-1]):
        return False
    if not _INSTALLED.isdisjoint(file.parts) or not _VENDORED.isdisjoint(_in_project(file)):
        return False
    return root.is_dir() and not any(root.glob("*.dist-info"))


def is_installed(path: str) -> bool:
    """Return whether a file is of a library that was installed, so not Python's own."""
    if is_users(path) or path.startswith((*_OURS, "<")):
        return False
    # An environment's own folder of the standard library has its site-packages in it.
    return not (path.startswith(_STANDARD) and _INSTALLED.isdisjoint(Path(path).parts))


def _in_project(file: Path) -> tuple[str, ...]:
    here = Path.cwd()
    return file.relative_to(here).parts if file.is_relative_to(here) else ()


def of_caller() -> str:
    """Return `file:line` of the innermost frame in the user's code; `""` if there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def of_client(request: Request) -> str:
    """Describe a client outside this process, or `""` if it is unknown."""
    if line := request.headers.get(HEADER):
        return f"{line}, in a child process"
    agent = request.headers.get("user-agent", "").partition(" ")[0]
    return f"by {agent[:80]}, over HTTP" if agent else ""


def _short(path: str) -> str:
    return path.removeprefix(f"{Path.cwd()}/")
