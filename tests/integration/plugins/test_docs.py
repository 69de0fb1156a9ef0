"""The page about other plugins: its examples work as documented."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from helpers.shop import Shop, text

PAGE = Path(__file__).parents[3] / "docs" / "beside.md"
FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_examples_work_as_documented(with_all: Shop) -> None:
    """A block with a name is a file; a console block has a command and lines of its output."""
    for kind, name, block in FENCE.findall(PAGE.read_text("utf-8")):
        if name:
            path = with_all.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, "utf-8")
        if kind == "console":
            command, *expected = block.splitlines()
            printed = text(with_all.run(*shlex.split(command)[2:]))
            for line in expected:
                assert f"{line}\n" in printed
