"""The line of the user's code that a request comes from.

A library is whatever was installed rather than written in the user's project, wherever it is
imported from: site-packages, `pip install --target`, Debian's dist-packages, a vendored copy, a
zip file. What an HTTP client or a mock of one is called is known, too: a copy without metadata
shows it by nothing else.
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
"""Folders that installers fill."""

_VENDORED = frozenset({"vendor", "_vendor", "vendored", "third_party"})
"""Folders of a project that hold what others wrote."""

_CLIENTS = frozenset(
    {
        *("aioboto3", "aiobotocore", "aiohappyeyeballs", "aiohttp", "boto3", "botocore"),
        *("httpcore", "httpx", "httpx2", "moto", "requests", "responses", "s3transfer"),
        *("urllib3", "vcr"),
    }
)
"""Packages between the user's code and the wire."""


HEADER = "personalize-contract-sent"
"""The request header by which a forked child says which line of its code sends a request."""


@lru_cache(maxsize=1024)
def is_theirs(path: str) -> bool:
    """Whether a file is the user's own: neither a library's nor this package's."""
    if path.startswith((*_OURS, *_STANDARD, "<")):
        return False
    file = Path(path)
    # Of a package, the folder above its topmost `__init__` is where it was imported from.
    root = file.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    if not _CLIENTS.isdisjoint(file.relative_to(root).parts[:-1]):
        return False
    if not _INSTALLED.isdisjoint(file.parts) or not _VENDORED.isdisjoint(_in_project(file)):
        return False
    return root.is_dir() and not any(root.glob("*.dist-info"))


def is_installed(path: str) -> bool:
    """Whether a file is of a library that was installed, beside Python's own."""
    if is_theirs(path) or path.startswith((*_OURS, "<")):
        return False
    # An environment's own folder of the standard library has its site-packages in it.
    return not (path.startswith(_STANDARD) and _INSTALLED.isdisjoint(Path(path).parts))


def _in_project(file: Path) -> tuple[str, ...]:
    here = Path.cwd()
    return file.relative_to(here).parts if file.is_relative_to(here) else ()


def of_caller() -> str:
    """Return `file:line` of the innermost frame of the user's own code; `""` if none is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_theirs(frame.f_code.co_filename):
            return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def of_client(request: Request) -> str:
    """Return what is known of a client that is no code of this process; `""` for nothing."""
    if line := request.headers.get(HEADER):
        return f"{line}, in a child process"
    agent = request.headers.get("user-agent", "").partition(" ")[0]
    return f"by {agent[:80]}, over HTTP" if agent else ""


def _short(path: str) -> str:
    return path.removeprefix(f"{Path.cwd()}/")
