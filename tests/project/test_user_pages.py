"""The user pages: each example works as documented, and no option is missing."""

from __future__ import annotations

import contextlib
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from helpers.endpoint import listening
from helpers.shop import Shop, text
from personalize_contract import plugin
from personalize_contract.model import advice
from personalize_contract.plugin import options
from personalize_contract.plugin.mark import Mark
from personalize_contract.plugin.summary import CASSETTES

DOCS = Path(__file__).parents[2] / "docs"
OPTIONS = (DOCS / "options.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["first-test.md", "recording.md", "faults.md"])
def test_the_examples_work_as_documented(page: str, shop: Shop) -> None:
    """A block with a file name is that file; a console block is the output of `$ pytest`."""
    commands = 0
    with contextlib.ExitStack() as stack:
        for kind, name, block in FENCE.findall((DOCS / page).read_text("utf-8")):
            if name:
                (shop.path / name).write_text(block, "utf-8")
            if kind != "console":
                continue
            command, *expected = block.splitlines()
            if "http://127.0.0.1:8000" in command:
                url = stack.enter_context(listening())
                command = command.replace("http://127.0.0.1:8000", url)
            prompt, program, *arguments = shlex.split(command)
            assert (prompt, program) == ("$", "pytest")
            printed = text(shop.run(*arguments))
            for line in expected:
                assert f"{line}\n" in printed
                commands += 1
    assert commands


def rows(section: str) -> set[str]:
    """Return the first column of the table in a section of the page."""
    (part,) = re.findall(rf"^## {section}$(.*?)(?=^## |\Z)", OPTIONS, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE))


class Declared:
    """Collects the declarations of `options.add`."""

    def __init__(self) -> None:
        self.options: set[str] = set()
        self.ini: set[str] = set()
        self.help: list[str] = []

    def getgroup(self, *_: str) -> Declared:
        return self

    def addoption(self, name: str, **named: object) -> None:
        self.options.add(name)
        self.help.append(str(named["help"]))

    def addini(self, name: str, text: str, **_: object) -> None:
        self.ini.add(name)
        self.help.append(text)


def test_every_option_and_ini_key_is_documented() -> None:
    declared = Declared()
    options.add(declared)  # type: ignore[arg-type] # it has the three methods that are called
    of_both_kinds = rows("Options with ini keys")
    without = rows("Options without ini keys")
    assert declared.options == of_both_kinds | without | {"--personalize-operation"}
    assert "`--personalize-operation`" in OPTIONS
    of_both = {option.removeprefix("--").replace("-", "_") for option in of_both_kinds}
    assert declared.ini == of_both | rows("Ini keys without options")


def test_help_of_every_option_and_ini_key_ends_with_its_default() -> None:
    declared = Declared()
    options.add(declared)  # type: ignore[arg-type] # it has the three methods that are called
    assert [text for text in declared.help if not re.search(r" \(default: [^()]+\)$", text)] == []


def test_every_argument_of_the_mark_is_documented() -> None:
    assert rows("The mark") == {field.name for field in fields(Mark)}


def test_every_fixture_is_documented() -> None:
    declared = {name for name in vars(plugin) if name.startswith("personalize_")}
    assert rows("Fixtures") == declared


def test_every_piece_of_advice_is_documented() -> None:
    assert rows("Advice") == {row.name for row in advice.TABLE}


def test_every_word_of_the_summary_is_documented() -> None:
    for word in (
        "replayed",
        "recorded",
        "answered",
        "violation",
        "advice",
        "unused",
        "redact",
        "fail_next",
        "waited",
        *CASSETTES,
    ):
        assert re.search(rf"^\| .*\b{word}\b.* \|", OPTIONS, re.MULTILINE), word
