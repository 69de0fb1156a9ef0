"""The wheel: what is in it, and that it stays small."""

from __future__ import annotations

from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

HERE = Path(__file__).parents[2]


def files() -> dict[str, int]:
    """The files that a wheel of this checkout unpacks to, and their sizes."""
    included = WheelBuilder(str(HERE)).recurse_included_files()
    return {one.distribution_path: Path(one.path).stat().st_size for one in included}


def test_it_stays_small() -> None:
    found = files()

    # Beside these it has six files of metadata, of 30 kB.
    assert len(found) <= 250 - 10
    assert sum(found.values()) <= 2_500_000 - 100_000


def test_it_has_the_recordings_of_one_operation_and_none_that_is_large() -> None:
    recordings = {name for name in files() if "/cassettes/" in name}

    assert recordings == {
        f"personalize_contract/cassettes/PutItems/{path.name}"
        for path in (HERE / "cassettes" / "PutItems").glob("*.personalize.yaml")
        if path.name != "large.personalize.yaml"
    }
    assert len(recordings) >= 10


def test_it_has_all_else_of_the_package() -> None:
    package = {
        path.relative_to(HERE / "contract").as_posix()
        for path in (HERE / "contract" / "personalize_contract").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {name for name in files() if "/cassettes/" not in name} == package
