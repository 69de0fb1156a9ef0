"""Reads and edits the recordings of single scenarios in group files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from personalize_contract.cassette import group, loader, writer
from personalize_contract.suite import recordings
from personalize_contract.suite.tables.scenarios import SCENARIOS

BY_ID = {scenario.id: scenario for scenario in SCENARIOS["PutItems"]}


def file(folder: Path, scenario: str) -> Path:
    """Return the group file of a scenario of PutItems."""
    return recordings.path(folder / "PutItems", BY_ID[scenario])


def texts(path: Path) -> dict[str, str]:
    """Return the text of each scenario of a group, without head and end of the file."""
    whole = path.read_text("utf-8")
    body = whole.partition("interactions:\n")[2].removesuffix("version: 1\n")
    by_scenario: dict[str, str] = {}
    for text in body.split("\n- ")[0:]:
        text = text.removeprefix("- ").rstrip("\n")
        name = text.partition("\n")[0].removeprefix("scenario: ").strip("'")
        by_scenario[name] = by_scenario.get(name, "") + f"- {text}\n"
    return by_scenario


def change(folder: Path, scenario: str, edit: Callable[[str], str]) -> None:
    """Edit the text of one scenario without updating its digests."""
    path = file(folder, scenario)
    whole = path.read_text("utf-8")
    old = texts(path)[scenario]
    new = edit(old)
    assert old in whole
    assert new != old
    path.write_text(whole.replace(old, new), "utf-8")


def recorded_as(folder: Path, scenario: str, edit: Callable[[str], str]) -> None:
    """Change one scenario as a recording would, with matching digests."""
    change(folder, scenario, edit)
    path = file(folder, scenario)
    cassette = loader.load(path)
    texts_ = [
        writer.exchange_text(exchange, origin.recorded_for)
        for exchange, origin in zip(cassette.exchanges, cassette.origins, strict=True)
    ]
    path.write_text("".join(writer.assembled(cassette.provenance, texts_)), "utf-8")


def remove(folder: Path, scenario: str) -> None:
    """Remove one scenario from its group."""
    change(folder, scenario, lambda _: "")


def scenarios(folder: Path) -> list[str]:
    """Return the scenarios recorded in a folder of groups."""
    return [name for path in sorted(folder.rglob("*.yaml")) for name in group.load(path)]
