"""The recordings of single scenarios, in and out of group files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from personalize_contract.cassette import group, loader, writer
from personalize_contract.suite import recordings
from personalize_contract.suite.tables.scenarios import SCENARIOS

BY_ID = {one.id: one for one in SCENARIOS["PutItems"]}


def file(folder: Path, scenario: str) -> Path:
    """The group file that a scenario of PutItems is recorded in."""
    return recordings.path(folder / "PutItems", BY_ID[scenario])


def texts(path: Path) -> dict[str, str]:
    """The text of each scenario of a group, head and end left out."""
    whole = path.read_text("utf-8")
    body = whole.partition("interactions:\n")[2].removesuffix("version: 1\n")
    found: dict[str, str] = {}
    for text in body.split("\n- ")[0:]:
        text = text.removeprefix("- ").rstrip("\n")
        name = text.partition("\n")[0].removeprefix("scenario: ").strip("'")
        found[name] = found.get(name, "") + f"- {text}\n"
    return found


def change(folder: Path, scenario: str, edit: Callable[[str], str]) -> None:
    """Edit the text of one scenario by hand; its digests stay."""
    path = file(folder, scenario)
    whole = path.read_text("utf-8")
    old = texts(path)[scenario]
    new = edit(old)
    assert old in whole
    assert new != old
    path.write_text(whole.replace(old, new), "utf-8")


def recorded_as(folder: Path, scenario: str, edit: Callable[[str], str]) -> None:
    """Change one scenario as a recording would, with a digest that fits."""
    change(folder, scenario, edit)
    path = file(folder, scenario)
    cassette = loader.load(path)
    texts_ = [
        writer.exchange_text(exchange, origin.recorded_for)
        for exchange, origin in zip(cassette.exchanges, cassette.origins, strict=True)
    ]
    path.write_text("".join(writer.assembled(cassette.provenance, texts_)), "utf-8")


def remove(folder: Path, scenario: str) -> None:
    """Take one scenario out of its group."""
    change(folder, scenario, lambda _: "")


def scenarios(folder: Path) -> list[str]:
    """The scenarios recorded in a folder of groups."""
    return [name for path in sorted(folder.rglob("*.yaml")) for name in group.load(path)]
