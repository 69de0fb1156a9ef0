"""Where in the user's code a request comes from."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import FrameType

_NOT_THEIRS = tuple(
    {
        f"{spelled}/"
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        if (path := sysconfig.get_path(name))
        for spelled in (path, Path(path).resolve())
    }
    | {f"{Path(__file__).parents[1]}/", f"{Path(__file__).resolve().parents[1]}/", "<"}
)


def is_theirs(path: str) -> bool:
    """Whether a file is the user's: neither a library's nor ours."""
    return not path.startswith(_NOT_THEIRS)


def of_caller() -> str:
    """`file:line` of the innermost frame of the user's own code; `""` if none is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_theirs(frame.f_code.co_filename):
            return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _short(path: str) -> str:
    here = f"{Path.cwd()}/"
    return path.removeprefix(here)
