"""Words as Markdown that can't be taken for anything else, and tables of them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LONGEST = 300

_SPECIAL = re.compile(r"[&<>|*_`\[\]\\~#!@$]|:(?=/)|(?<=www)\.", re.IGNORECASE)


def plain(words: str) -> str:
    """Words that mean nothing to Markdown, HTML or GitHub, on one line.

    Character references are text wherever they stand, also in a table.
    """
    one_line = " ".join(words.split())
    cut = one_line if len(one_line) <= _LONGEST else f"{one_line[:_LONGEST]}..."
    return _SPECIAL.sub(lambda special: f"&#{ord(special[0])};", cut)


def code(words: str) -> str:
    """The same as code, where GitHub looks for no mention and no reference either."""
    return f"<code>{plain(words)}</code>"


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Return a table of cells that are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
