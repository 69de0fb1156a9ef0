"""The suite's own recordings: inside the installed package, or at the top of a checkout."""

from __future__ import annotations

from pathlib import Path


def cassettes() -> Path:
    """The folder of the cassettes that this version ships with."""
    here = Path(__file__).resolve().parents[1]
    installed = here / "cassettes"
    return installed if installed.is_dir() else here.parents[1] / "cassettes"
