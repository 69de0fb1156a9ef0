"""A linked cassette is written to the link's target, inside the project only."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.shop import Shop, text

TEST = """
@pytest.mark.personalize_contract
def test_it():
    put({count})
"""


@pytest.fixture
def recorded(shop: Shop) -> Path:
    """The cassette of a test that has changed since it was recorded."""
    shop.ini()
    shop.tests(TEST.format(count=1))
    shop.record().assert_outcomes(passed=1)
    shop.tests(TEST.format(count=2))
    return shop.cassette("test_it")


def test_linked_cassette_is_written_to_its_target(shop: Shop, recorded: Path) -> None:
    shared = shop.path / "shared.yaml"
    before = recorded.rename(shared).read_bytes()
    recorded.symlink_to(Path("..", "..", "shared.yaml"))
    shop.record().assert_outcomes(passed=1)
    assert recorded.is_symlink()
    assert shared.read_bytes() != before
    assert not list(shop.path.rglob("*.jsonl"))
    shop.run().assert_outcomes(passed=1)


def test_cassette_in_a_linked_folder_is_written(shop: Shop, recorded: Path) -> None:
    folder = (shop.path / "cassettes").rename(shop.path / "elsewhere")
    (shop.path / "cassettes").symlink_to(folder)
    before = recorded.read_bytes()
    shop.record().assert_outcomes(passed=1)
    assert recorded.read_bytes() != before
    assert (shop.path / "cassettes").is_symlink()
    shop.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("part", ["file", "folder"])
def test_link_out_of_the_project_is_refused(
    shop: Shop, recorded: Path, part: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    linked = recorded if part == "file" else shop.path / "cassettes"
    moved = linked.rename(outside / linked.name)
    linked.symlink_to(moved)
    before = recorded.read_bytes()
    result = shop.record()
    result.assert_outcomes(errors=1)
    assert "outside of the project, where nothing is recorded" in text(result)
    assert recorded.read_bytes() == before
    assert linked.is_symlink()
    assert not list(outside.rglob("*.jsonl"))


@pytest.mark.parametrize("content", [b"RATE = 2\n", b"", b"\0\1", b"- a\n- b\n"])
def test_link_to_another_file_is_refused(shop: Shop, recorded: Path, content: bytes) -> None:
    other = shop.path / "settings.py"
    other.write_bytes(content)
    recorded.unlink()
    recorded.symlink_to(other)
    result = shop.record()
    result.assert_outcomes(errors=1)
    assert "which can't be read as a cassette" in text(result)
    assert other.read_bytes() == content


def test_dangling_link_is_recorded_at_its_target(shop: Shop, recorded: Path) -> None:
    recorded.unlink()
    recorded.symlink_to(shop.path / "shared.yaml")
    shop.record().assert_outcomes(passed=1)
    assert (shop.path / "shared.yaml").is_file()


def test_folder_in_the_ini_file_may_be_outside_the_project(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    shop.ini(f"personalize_cassettes = {outside}")
    shop.tests(TEST.format(count=1))
    shop.record().assert_outcomes(passed=1)
    shop.run().assert_outcomes(passed=1)
    assert [path.name for path in outside.rglob("*.yaml")] == ["test_it.personalize.yaml"]


def test_link_to_itself_is_refused(shop: Shop, recorded: Path) -> None:
    recorded.unlink()
    recorded.symlink_to(recorded.name)
    for result in (shop.record(), shop.run()):
        result.assert_outcomes(errors=1)
        assert "INTERNALERROR" not in text(result)
        assert "Traceback" not in text(result)
