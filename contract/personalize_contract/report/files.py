"""Reports of a run: for people on the terminal, for machines in files. The suffix says which."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from personalize_contract.errors import UsageError
from personalize_contract.report import html_page, json_report, junit, markdown
from personalize_contract.report.view import Report

WRITERS: dict[str, Callable[[Report], str]] = {
    ".json": json_report.text,
    ".xml": junit.text,
    ".html": html_page.text,
    ".md": markdown.text,
}
"""The text of a report by the suffix of its file."""


def check(paths: Iterable[Path]) -> None:
    """Return whether reports can be written to these files, before the run that they are about.

    Raises:
        UsageError: an unknown suffix, or a folder that can't be written to.
    """
    for path in paths:
        if path.suffix not in WRITERS:
            raise UsageError(f"report {path}: the name must end in {' or '.join(WRITERS)}")
        if path.is_dir():
            raise UsageError(f"report {path}: it is a folder; name a file")
        if not os.access(path.parent, os.W_OK):
            raise UsageError(f"report {path}: {path.parent} is not a folder that can be written to")


def write(path: Path, report: Report) -> None:
    """Write a report; raises as `save` does."""
    save(path, WRITERS[path.suffix](report))


def save(path: Path, text: str) -> None:
    """Write the text of a report.

    Raises:
        UsageError: the file can't be written.
    """
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"report {path}: it can't be written: {error.strerror}") from error
