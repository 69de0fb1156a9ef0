"""The wheel: its contents and its size."""

from __future__ import annotations

from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

HERE = Path(__file__).parents[2]


def files() -> dict[str, int]:
    """Return the sizes of the files in a wheel of this checkout."""
    included = WheelBuilder(str(HERE)).recurse_included_files()
    return {file.distribution_path: Path(file.path).stat().st_size for file in included}


def test_the_wheel_stays_small() -> None:
    sizes = files()

    # The wheel also has six files of metadata, of 30 kB.
    assert len(sizes) <= 250 - 6
    assert sum(sizes.values()) <= 2_500_000 - 100_000


def test_the_wheel_has_only_small_recordings_of_one_operation() -> None:
    recordings = {name for name in files() if "/cassettes/" in name}

    assert recordings == {
        f"personalize_contract/cassettes/PutItems/{path.name}"
        for path in (HERE / "cassettes" / "PutItems").glob("*.personalize.yaml")
        if path.name != "large.personalize.yaml"
    }
    assert len(recordings) >= 10


def test_the_wheel_has_the_rest_of_the_package() -> None:
    package = {
        path.relative_to(HERE / "contract").as_posix()
        for path in (HERE / "contract" / "personalize_contract").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {name for name in files() if "/cassettes/" not in name} == package
