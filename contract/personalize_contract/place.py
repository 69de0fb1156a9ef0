"""Where in the user's code a request comes from."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import FrameType

_NOT_THEIRS = tuple(
    {
        str(Path(path).resolve()) + "/"
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        if (path := sysconfig.get_path(name))
    }
    | {str(Path(__file__).resolve().parent) + "/", "<"}
)


def of_caller() -> str:
    """`file:line` of the innermost frame that is neither a library's nor ours; `""` if none is."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_NOT_THEIRS):
            return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _short(path: str) -> str:
    here = f"{Path.cwd()}/"
    return path.removeprefix(here)
