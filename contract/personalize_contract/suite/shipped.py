"""The shipped recordings of the suite, in the installed package or at the top of a checkout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

NOT_SHIPPED: Mapping[str, frozenset[str]] = {
    "PutItems": frozenset(
        {
            "items-266",
            "long-id-and-long-properties",
            "properties-150000",
            "properties-32000",
            "properties-32000-emoji",
            "properties-32000-emoji-in-each-of-ten",
            "properties-32000-in-each-of-ten",
            "properties-32001",
            "properties-32001-blanks",
            "properties-32001-combining",
            "properties-32001-eighth-of-ten",
            "properties-32001-emoji",
            "properties-32001-escapes",
            "properties-32001-fifth-of-ten",
            "properties-32001-first-of-ten",
            "properties-32001-last",
            "properties-32001-last-of-ten",
            "properties-32001-last-of-two",
            "properties-32001-second-of-ten",
            "properties-32010",
            "properties-65600",
            "success-after-a-large-success",
            "success-after-a-long-mistake",
        }
    )
}
"""The scenarios of each operation whose recordings are too large to ship.

Together they would be ten times as large as all others. They may stay unreached, and never count
as holding.
"""


def cassettes() -> Path:
    """Return the folder of the shipped cassettes."""
    here = Path(__file__).resolve().parents[1]
    installed = here / "cassettes"
    return installed if installed.is_dir() else here.parents[1] / "cassettes"


def is_shipped(folder: Path) -> bool:
    """Return whether a folder is that of the shipped cassettes."""
    return folder.resolve() == cassettes()


def lacks(folder: Path, operation: str, scenario: str) -> bool:
    """Return whether a folder is that of the shipped cassettes, which omit those of a scenario."""
    return is_shipped(folder) and scenario in NOT_SHIPPED.get(operation, ())
